"""How we say it: who is told what, in which words, through which channel."""
