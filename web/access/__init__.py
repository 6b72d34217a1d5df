"""Signing in: who a request comes from, and the pages of the door."""
