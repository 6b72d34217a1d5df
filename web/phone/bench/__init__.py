"""The workbench of grid workers, captains and everybody who works for a place: on a phone, with or without a network."""
