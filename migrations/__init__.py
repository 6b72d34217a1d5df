"""Alembic migrations: forward and back, the why in the first lines."""
