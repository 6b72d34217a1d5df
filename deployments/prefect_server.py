"""Settings of the Prefect server as data, and `python -m deployments.prefect_server` to run it with them (systemd, containers).

Names are those of Prefect 3.8.8; a test holds each one against the installed settings models.
"""

import os
import sys
from collections.abc import Mapping
from typing import Final

from settings import WILDCARDS, Settings, get_settings, reachable

QUIET: Final = {"PREFECT_SERVER_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1"}
"""Nothing is told to anybody outside."""

SERVER: Final = QUIET | {
    # One by one, as shipped, a task run costs the server three times as much.
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "200",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_BATCH_SIZE": "200",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_READ_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_FLUSH_INTERVAL": "1",
    "PREFECT_SERVER_SERVICES_TRIGGERS_READ_BATCH_SIZE": "100",
    # Events would go after 7 days and runs never: both stay a quarter, older history is in our journal.
    "PREFECT_SERVER_EVENTS_RETENTION_PERIOD": "P90D",
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
    "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": "7776000",  # seconds: 90 days
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
}

SCALED_OUT: Final = {
    # Several `prefect server start --no-services` behind a balancer, and `prefect server services start` apart.
    # Needs the package prefect-redis and PostgreSQL 14.9 or newer (BIHUAN_PREFECT_DATABASE_URL). {host} is Redis.
    "PREFECT_MESSAGING_BROKER": "prefect_redis.messaging",
    "PREFECT_MESSAGING_CACHE": "prefect_redis.messaging",
    "PREFECT_REDIS_MESSAGING_HOST": "{host}",
    "PREFECT_REDIS_MESSAGING_PORT": "6379",
    "PREFECT_SERVER_EVENTS_CAUSAL_ORDERING": "prefect_redis.ordering",
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect_redis.lease_storage",
    "PREFECT_SERVER_DOCKET_URL": "redis://{host}:6379/1",
}


def _without_prefect(inherited: Mapping[str, str]) -> dict[str, str]:
    """Drop every inherited `PREFECT_…`: a developer's own profile must not decide where an installation records."""
    return {name: value for name, value in inherited.items() if not name.startswith("PREFECT_")}


def _api_as_browsers_see_it(settings: Settings) -> str:
    """Tell the UI where its API is: left alone it takes port 4200, whatever port the command names."""
    if settings.prefect_host in WILDCARDS:
        return "/api"  # browsers come by many names
    return f"http://{reachable(settings.prefect_host)}:{settings.prefect_port}/api"


def server_environment(settings: Settings, inherited: Mapping[str, str]) -> dict[str, str]:
    """Build the environment of the Prefect server of one machine: its own home, its own database."""
    environment = _without_prefect(inherited) | SERVER
    environment["PREFECT_HOME"] = str(settings.data_dir / "prefect")
    environment["PREFECT_SERVER_API_HOST"] = settings.prefect_host
    environment["PREFECT_SERVER_API_PORT"] = str(settings.prefect_port)
    environment["PREFECT_UI_API_URL"] = _api_as_browsers_see_it(settings)
    environment["PREFECT_API_DATABASE_CONNECTION_URL"] = settings.prefect_database_url
    if settings.prefect_auth:
        environment["PREFECT_SERVER_API_AUTH_STRING"] = settings.prefect_auth
    return environment


def scaled_out_environment(settings: Settings, redis_host: str, inherited: Mapping[str, str]) -> dict[str, str]:
    """Build the environment of each of several Prefect servers that share PostgreSQL and Redis."""
    shared = {name: value.format(host=redis_host) for name, value in SCALED_OUT.items()}
    return server_environment(settings, inherited) | shared


def client_environment(settings: Settings, inherited: Mapping[str, str]) -> dict[str, str]:
    """Build the environment of a process of ours that records in Prefect: where the API is, and no log lines to it."""
    environment = _without_prefect(inherited) | {"DO_NOT_TRACK": "1", "PREFECT_LOGGING_TO_API_ENABLED": "false"}
    environment["PREFECT_LOGGING_LEVEL"] = "WARNING"
    # The engine never waits for Prefect: as shipped, a server that goes away or hangs would hold it up for a minute.
    environment |= {"PREFECT_CLIENT_MAX_RETRIES": "0", "PREFECT_API_REQUEST_TIMEOUT": "10"}
    environment["PREFECT_HOME"] = str(settings.data_dir / "prefect" / "client")
    environment["PREFECT_API_URL"] = settings.prefect_api_url
    if settings.prefect_auth:
        environment["PREFECT_API_AUTH_STRING"] = settings.prefect_auth
    return environment


def server_command(settings: Settings) -> tuple[str, ...]:
    """Name the command that starts the Prefect server of one machine."""
    at = ("--host", settings.prefect_host, "--port", str(settings.prefect_port))
    return (sys.executable, "-m", "prefect", "server", "start", *at)


def main() -> None:
    """Become the Prefect server, with the settings of this installation."""
    settings = get_settings()
    (settings.data_dir / "prefect").mkdir(parents=True, exist_ok=True)
    os.chdir(settings.data_dir / "prefect")  # Prefect reads a prefect.toml and a .env of the folder it starts in
    command = server_command(settings)
    os.execve(command[0], command, server_environment(settings, os.environ))  # noqa: S606 - no shell wanted


if __name__ == "__main__":
    main()
