"""Units that are renamed, merged or split: from a moment on, with a successor, clocks untouched, history under the old name."""
