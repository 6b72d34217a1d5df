"""The room of configuration: limits, calendars, ladders, organisation, messages; changed in drafts and published by a second person."""
