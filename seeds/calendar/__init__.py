"""Working calendars as data: the days that differ from Monday to Friday, and the daily business hours."""
