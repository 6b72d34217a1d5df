"""What keeps an installation well: tables, checks, keys, what is forgotten, the engine and its rehearsals."""
