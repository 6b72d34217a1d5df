"""One unit of work each, safe to run twice; recorded in Prefect when it is there, plain when it is not."""
