"""The console: pages of the staff, a room a file. To add one: its file here with a `router`, a line in `nav.py`, one in web/app.py."""
