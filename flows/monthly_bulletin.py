"""Drafting the bulletin of the month before (每月一通报) as a Prefect deployment (deployments/prefect.yaml).

The same as `bihuan bulletin draft`; the oldest engine looks as well (tasks/patrol.py), and who comes second finds it done.
Prefect loads this file; nothing else imports it.
"""

from prefect import flow

from clock import utcnow
from services.logs import set_up_logging
from services.upkeep import opened
from settings import get_settings
from tasks import rhythm


@flow(name="monthly-bulletin", flow_run_name="每月通报", persist_result=False, retries=0)
def monthly_bulletin() -> dict[str, list[str]]:
    """Draft it; settings come from the environment of the worker (`BIHUAN_…`).

    Returns:
        What was made, under `made`.
    """
    settings = get_settings()
    set_up_logging("monthly-bulletin", settings)
    with opened(settings) as database:
        return rhythm.run(database, "monthly", utcnow())
