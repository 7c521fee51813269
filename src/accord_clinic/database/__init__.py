"""How the practice is stored: engine, encryption, keys, prepared queries."""
