"""Step ②, learned: which category a message is probably of, why, and when to leave it to a person."""
