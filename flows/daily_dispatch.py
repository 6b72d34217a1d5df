"""The list of the day (每日一清单), on Mondays that of the week as well (周调度), as a Prefect deployment (deployments/prefect.yaml).

The same as `bihuan daily make`; the oldest engine looks as well (tasks/patrol.py), and who comes second finds it done.
Prefect loads this file; nothing else imports it.
"""

from prefect import flow

from clock import utcnow
from services.logs import set_up_logging
from services.upkeep import opened
from settings import get_settings
from tasks import rhythm


@flow(name="daily-dispatch", flow_run_name="每日清单", persist_result=False, retries=0)
def daily_dispatch() -> dict[str, list[str]]:
    """Make the lists whose hour has come; settings come from the environment of the worker (`BIHUAN_…`).

    Returns:
        What was made, under `made`.
    """
    settings = get_settings()
    set_up_logging("daily-dispatch", settings)
    with opened(settings) as database:
        return rhythm.run(database, "daily", utcnow())
