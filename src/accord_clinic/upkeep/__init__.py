"""What keeps a practice running and whole: database, keys, backups, moving house, the log's anchor, health."""
