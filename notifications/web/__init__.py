"""Channels over HTTP that are ours: a signed webhook, and gateways for SMS and calls whose shape is data (gateways/*.toml)."""
