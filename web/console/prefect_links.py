"""Addresses inside Prefect's own pages, as its server of this version (3.8) reads them: tried on a real one, see tests/browser."""

from typing import Final
from urllib.parse import urlencode

from rules.facts import Actor
from settings import Settings
from web.console.nav import leads

_CASE: Final = "bihuan.case."  #: how the event feed names cases (services/engine/events.py)
#: Without a span Prefect's pages show one day of events and one week of runs; 90 days is how long our server keeps both.
_SPAN: Final = {"type": "span", "seconds": -90 * 24 * 3600}


def base(settings: Settings) -> str:
    """Where Prefect's own pages are; empty where runs are not recorded there."""
    there = settings.prefect_ui_url or settings.prefect_api_url.rstrip("/").removesuffix("/api")
    return there.rstrip("/") if settings.prefect == "on" else ""


def feed(settings: Settings, no: str) -> str:
    """The event feed of one case; empty where there is none."""
    return _page(settings, "/events", {"resource": f"{_CASE}{no}"})


def runs_of_case(settings: Settings, no: str) -> str:
    """The flow runs in which one case was alone; empty where there are none."""
    return _page(settings, "/runs", {"tag": f"case:{no}"})


def of_case(settings: Settings, no: str, viewer: Actor) -> tuple[str, str] | None:
    """The event feed and the runs of one case, for whoever may open the page about the engine; None for others and where there are none."""
    return (feed(settings, no), runs_of_case(settings, no)) if base(settings) and leads(viewer) else None


def batches(settings: Settings) -> str:
    """The flow runs in which several cases went together; empty where there are none."""
    return _page(settings, "/runs", {"tag": "batch"})


def run(settings: Settings, run_id: str) -> str:
    """One flow run."""
    return f"{base(settings)}/runs/flow-run/{run_id}"


def _page(settings: Settings, path: str, about: dict[str, str]) -> str:
    there = base(settings)
    return f"{there}{path}?{urlencode({**about, **_SPAN})}" if there else ""
