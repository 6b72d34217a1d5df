"""The newest flow runs, as Prefect tells them; where it does not answer soon, the page goes without."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import httpx

from settings import Settings
from web.console.prefect_links import base, run
from web.spoken import day_time
from web.views import Words
from web.words import translated

_MOST: Final = 8
_PATIENCE: Final = 2.0  #: seconds
#: State of a flow run → its light, and its word.
_STATES: Final[Mapping[str, tuple[str, str]]] = {
    "COMPLETED": ("ok", "完成"),
    "RUNNING": ("ok", "运行中"),
    "PENDING": ("hold", "等待"),
    "SCHEDULED": ("hold", "已排定"),
    "PAUSED": ("hold", "暂停"),
    "CANCELLING": ("hold", "正在取消"),
    "CANCELLED": ("hold", "已取消"),
    "FAILED": ("late", "失败"),
    "CRASHED": ("late", "中断"),
}


def newest(settings: Settings, words: Words, now: datetime) -> list[dict[str, str]] | None:
    """The newest flow runs of ours, each with a link into Prefect; None where Prefect does not answer or is not used.

    Asks over the network: never inside a unit of work.
    """
    if not base(settings):
        return None
    wanted = {"flow_runs": {"tags": {"all_": ["bihuan"]}}, "sort": "START_TIME_DESC", "limit": _MOST}
    user, _, password = settings.prefect_auth.partition(":")
    try:
        with httpx.Client(timeout=_PATIENCE, auth=httpx.BasicAuth(user, password) if user else None) as client:
            found = client.post(f"{settings.prefect_api_url.rstrip('/')}/flow_runs/filter", json=wanted).raise_for_status().json()
        return [_told(each, settings, words, now) for each in found]
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return None


def _told(found: Mapping[str, Any], settings: Settings, words: Words, now: datetime) -> dict[str, str]:
    light, state = _STATES.get(found["state_type"] or "", ("hold", str(found["state_name"] or "")))
    began = found["start_time"]
    return {
        "name": str(found["name"]),
        "href": run(settings, str(found["id"])),
        "light": light,
        "state": translated(state, words.lang),
        "at": day_time(datetime.fromisoformat(began), now, words.known.zone, words.lang) if began else "",
        "took": translated("%(n)s秒", words.lang, n=f"{found['total_run_time']:.1f}"),
    }
