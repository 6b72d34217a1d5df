"""Reminding the centre of a week of score sheets that may be published (每周一测评) as a Prefect deployment (deployments/prefect.yaml).

The same as `bihuan weekly remind`; the oldest engine looks as well (tasks/patrol.py), and who comes second finds it done.
Prefect loads this file; nothing else imports it.
"""

from prefect import flow

from clock import utcnow
from services.logs import set_up_logging
from services.upkeep import opened
from settings import get_settings
from tasks import rhythm


@flow(name="weekly-evaluation", flow_run_name="每周测评", persist_result=False, retries=0)
def weekly_evaluation() -> dict[str, list[str]]:
    """Remind of weeks that are beyond appeal; settings come from the environment of the worker (`BIHUAN_…`).

    Returns:
        What was made, under `made`.
    """
    settings = get_settings()
    set_up_logging("weekly-evaluation", settings)
    with opened(settings) as database:
        return rhythm.run(database, "weekly", utcnow())
