"""What holds of a client, a course or a session, asked of the database: who has to agree, what may still be changed.

`permissions` says who may do something; a rule says whether it can be done at all, or has to be. Where several topics
open the same thing by its address, `visible` finds it for whoever may see it.
"""
