"""Who works where, who may sign in, who stands in for whom."""
