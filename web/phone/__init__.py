"""Pages of residents and grid workers, for a phone first."""
