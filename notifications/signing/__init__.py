"""Signers of our own for vendors' interfaces: pure functions, checked against what the vendors published."""
