"""Personal data: who sees what, whose keys seal it, and when it is taken out."""
