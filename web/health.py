"""Whether the process lives, whether it can work, and how the whole stands."""

from datetime import UTC, datetime, timedelta
from typing import Final

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from models import Case, EngineInstance, table
from rules.facts import Refused
from services.catalogue import catalogue
from services.upkeep import revision
from web.site import Here, Lang, Now, Site
from wording import say

router = APIRouter(tags=["health"])
SANE_SINCE: Final = datetime(2026, 1, 1, tzinfo=UTC)  #: a machine that believes in an earlier year has lost its clock
TOLERANCE: Final = timedelta(minutes=2)
_case, _engine = table(Case), table(EngineInstance)


@router.api_route("/livez", methods=["GET", "HEAD"])
def livez() -> dict[str, bool]:
    """Say that the process is up; asks nothing else, so that a database away does not get it restarted."""
    return {"alive": True}


@router.api_route("/readyz", methods=["GET", "HEAD"])
def readyz(site: Here, now: Now, lang: Lang) -> JSONResponse:
    """Say whether requests can be answered: 503 with every reason otherwise."""
    reasons = [{"code": code, "sentence": say(f"ready.{code}", lang)} for code in reasons_against(site, now)]
    return JSONResponse({"ready": not reasons, "reasons": reasons}, 503 if reasons else 200)


@router.get("/metrics")
def metrics(site: Here, now: Now) -> Response:
    """Give all meters in Prometheus' text format."""
    return Response(site.meters.exposition(site.database, now), media_type=CONTENT_TYPE_LATEST)


def reasons_against(site: Site, now: datetime) -> list[str]:
    """Why this process cannot work now, as codes of locales/program/web.*.toml `[ready]`; empty when it can."""
    reasons = ["clock_wrong"] if now < SANE_SINCE else []
    try:
        if revision(site.database.engine) != site.head:
            return [*reasons, "not_migrated"]
        with site.database.unit_of_work() as session:
            reasons += _reasons_inside(session, now)
    except SQLAlchemyError:
        reasons.append("database_away")
    return reasons


def _reasons_inside(session: Session, now: datetime) -> list[str]:
    try:
        _ = catalogue(session).district_id
    except Refused:
        return ["not_seeded"]
    run = session.connection()
    recorded = [run.scalar(select(func.max(_case.c.submitted_at))), run.scalar(select(func.max(_engine.c.heartbeat_at)))]
    if any(moment is not None and moment > now + TOLERANCE for moment in recorded):
        return ["clock_behind"]
    if run.dialect.name == "postgresql" and abs(run.scalar(select(func.now())) - now) > TOLERANCE:  # type: ignore[operator]
        return ["clock_differs"]
    return []
