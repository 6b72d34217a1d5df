"""The ledgers (台账): devices, files, patrols, points, campaigns, topics, responsibility, records outside; one index, a card each."""
