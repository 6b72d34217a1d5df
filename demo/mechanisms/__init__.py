"""One live example of each mechanism in the demonstration district: `show(session, now)`, safe to run twice."""
