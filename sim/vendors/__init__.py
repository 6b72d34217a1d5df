"""One vendor a file: how it is spoken to, how it checks who speaks, what it answers, how it pushes receipts and replies."""
