"""Ways out over Apprise: what they are (schemes), how they are opened and kept (bus), what each of ours does."""
