"""The working calendars, and the clocks that follow them."""
