"""Health, metrics, intake and the case list: FastAPI and server-rendered HTML, everything through services."""
