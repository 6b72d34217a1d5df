"""SLA policies: drafted, compared, tried, published by a second person, and applied to what is open."""
