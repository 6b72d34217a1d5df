"""Duplicates: one event told by many in other words, found in a table (`clusters`) or among open cases (`proposing`); people decide."""
