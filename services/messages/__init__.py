"""Messages as an administrator looks at them: how each channel stands, what did not arrive, sending anew, trying a channel."""
