"""Past ratings on their way in: the mapping file, the table, the one bulk door."""
