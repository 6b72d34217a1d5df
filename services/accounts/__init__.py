"""Accounts of the staff: passwords, second factors, sessions. Residents have none."""
