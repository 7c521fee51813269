"""Files of tables, read and written: the only door to data frames. A new kind of file gets a module of its own here."""
