"""What an engine does: who runs, what is claimed, which clocks are due, what is set aside."""
