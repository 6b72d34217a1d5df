"""Retention as a Prefect deployment: once a night personal data are taken out of cases that ended long ago (deployments/prefect.yaml).

The same as `bihuan retention run`. Prefect loads this file; nothing else imports it.
"""

from prefect import flow

from clock import utcnow
from services.logs import set_up_logging
from services.privacy.retention import retention_of
from services.upkeep import opened
from settings import get_settings


@flow(name="retention", flow_run_name="个人信息到期清理", persist_result=False, retries=0)
def retention() -> dict[str, int]:
    """Anonymise what is due; settings come from the environment of the worker (`BIHUAN_…`).

    Returns:
        How many cases, reporters, files and visits.
    """
    settings = get_settings()
    set_up_logging("retention", settings)
    with opened(settings) as database:
        done = retention_of(database, settings, None).run(utcnow(), lambda _done, _whole: None)
    return {"cases": done.cases, "reporters": done.reporters, "files": done.files, "visits": done.visits}
