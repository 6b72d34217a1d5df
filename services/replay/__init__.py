"""Replay: real messages through the whole loop in virtual time; what the data do not tell is a documented script."""
