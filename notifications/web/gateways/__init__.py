"""One TOML per kind of gateway: what it wants to be told, what it answers, what its receipts and replies look like."""
