"""Files in and out: the only door to data frames. A new kind of file gets a module of its own here."""
