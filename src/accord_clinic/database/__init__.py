"""How the practice is stored: engine, encryption, keys, rights of the database role, prepared queries."""
