"""How an installation is run: Prefect server settings as data, deployments, systemd units."""
