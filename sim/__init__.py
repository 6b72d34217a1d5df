"""The outside world in one process: what operators, vendors and mailboxes would do, for demonstration and tests."""
