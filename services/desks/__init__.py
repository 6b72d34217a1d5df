"""What the desks of the console look at: what waits for whom, gathered from the clocks. Nothing here changes a case."""
