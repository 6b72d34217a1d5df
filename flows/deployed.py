"""The engine as a Prefect deployment: what a worker runs once an installation grows beyond one machine (deployments/prefect.yaml).

The same engine as `bihuan engine`, placed by Prefect. Prefect loads this file; nothing else imports it.
"""

import threading
from typing import Annotated

from prefect import flow
from prefect.settings import PREFECT_API_URL
from pydantic import Field

from flows.engine import name, run
from services.logs import set_up_logging
from settings import Settings, get_settings

GRACE_S = 15.0  #: a batch under way is finished first, which takes less than 10 seconds


class _EngineThread(threading.Thread):
    """Runs the engine apart from this flow run, so that the runs of cases are runs of their own and not its children."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(name="engine", daemon=True)
        self.stop = threading.Event()
        self.problem: Exception | None = None
        self._settings = settings

    def run(self) -> None:
        """Run the engine until it is told to stop; what it raises is kept for the flow run to raise."""
        try:
            run(self._settings, self.stop)
        except Exception as problem:  # raised again by `finish`, on the other thread
            self.problem = problem

    def finish(self) -> None:
        """Tell the engine to stop, and wait for its last batch.

        Raises:
            Exception: what the engine raised, e.g. `Refused("engine_running")`.
        """
        self.stop.set()
        self.join(GRACE_S)
        if self.problem is not None:
            raise self.problem


@flow(name="engine", flow_run_name=name, persist_result=False, retries=0)
def engine(
    minutes: Annotated[int, Field(ge=1, le=10_080, description="Ends by itself after so many minutes, to be started afresh")] = 1440,
) -> None:
    """Claim and do what is to be done until the minutes are over or the run is cancelled.

    Settings come from the environment of the worker (`BIHUAN_…`); Prefect's own address is the one the worker uses.

    Args:
        minutes: How long this run lasts.
    """
    settings = get_settings()
    if address := PREFECT_API_URL.value():
        settings = settings.model_copy(update={"prefect_api_url": address.rstrip("/")})
    set_up_logging("engine", settings)
    thread = _EngineThread(settings)
    thread.start()
    try:
        thread.join(minutes * 60)  # a cancellation arrives here, as an exception of Prefect's
    finally:
        thread.finish()
