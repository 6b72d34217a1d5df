"""One `bihuan` command a file; cli.py puts them together."""
