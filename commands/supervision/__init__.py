"""Supervision orders, from the first proposal to the write-off."""
