"""The routing catalogue (派单目录): versions of it, what it says of a case, and rules learnt from rulings (docs/routing.md)."""
