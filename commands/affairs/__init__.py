"""Affairs beside the loop: what several do together, and what belongs to no case."""
