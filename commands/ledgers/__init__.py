"""What is kept for long: devices, files, patrols, points, places, who is responsible."""
