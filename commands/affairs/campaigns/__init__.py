"""Campaigns and the task forces set up for them."""
