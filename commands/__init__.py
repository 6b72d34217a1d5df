"""One `bihuan` command a file, in rooms by what a person does; cli.py puts them together."""
