"""What may happen: the table of moves, the arithmetic of time, routing and ladders. Pure standard library."""
