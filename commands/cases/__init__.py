"""One case: handed in, looked at, followed and rated."""
