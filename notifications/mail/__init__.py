"""E-mail over a kept SMTP connection of our own, because Apprise's keeps neither connection nor code."""
