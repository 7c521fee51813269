"""What a thing is once it has been read: records that pages, exports, service and actions take, and rows put into them.

One module a topic, with the same word as in `queries`. No table and no database: rows come in as arguments.
"""
