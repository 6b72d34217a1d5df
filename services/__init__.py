"""Make it happen: functions that are handed a session and `now`; they never commit, never send, never import Prefect."""
