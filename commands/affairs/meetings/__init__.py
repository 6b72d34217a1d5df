"""Meetings, single ones and standing ones."""
