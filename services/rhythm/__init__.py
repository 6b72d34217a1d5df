"""The rhythm of governance: the list of the day, the score sheets of the week, the bulletin of the month (docs/rhythm.md)."""
