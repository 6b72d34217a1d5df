"""Handing journal entries to Prefect as events, over the API that acknowledges them."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import httpx
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import System
from services.engine import engines, events
from settings import Settings
from tasks.context import here
from tasks.recording import Patient, is_away, report_away, report_back

log = logging.getLogger("bihuan.prefect")
_BATCH = 500
_PAGE = 50  #: as many events as Prefect's API tells at once
_MALFORMED = (400, 413, 422)  #: answers that no second try would change
_AWAY = (httpx.HTTPError, ValueError)  #: what is raised when there is no answer, or none of Prefect's


@contextmanager
def client_of(settings: Settings, *, on: bool) -> Iterator[httpx.Client | None]:
    """A client of Prefect's API, kept open; None when nothing is to be recorded."""
    if not on:
        yield None
        return
    user, _, password = settings.prefect_auth.partition(":")
    auth = httpx.BasicAuth(user, password) if user else None
    with httpx.Client(base_url=settings.prefect_api_url, timeout=10, auth=auth, transport=Patient(httpx.HTTPTransport())) as client:
        probe(client)
        yield client


def push(client: httpx.Client, now: datetime) -> int:
    """Send waiting events; the outbox keeps them until Prefect has surely stored them.

    Sent again when this dies in between or the server was away: an event's id is derived from its entry, so Prefect keeps one.

    Args:
        client: A client of Prefect's API.
        now: When they are said to occur; the journal's own time (virtual in a replay) is in the payload.

    Returns:
        How many events were acknowledged; 0 when the API is away or there were none.
    """
    with here().database.unit_of_work() as session:
        waiting = events.waiting(session, _BATCH)
    if not waiting:
        return 0
    try:
        bad = set(_post(client, waiting, now))
    except _AWAY as problem:
        report_away(problem)
        return 0
    with here().database.unit_of_work() as session:
        events.taken(session, [i for i, _ in waiting if i not in bad], now)
        events.refused(session, list(bad))
    return len(waiting)


def _post(client: httpx.Client, batch: Sequence[tuple[int, dict[str, Any]]], now: datetime) -> list[int]:
    """Hand events over; one that Prefect calls malformed is given up with a line in the log, so that it cannot block the feed.

    Returns:
        Outbox ids of those.
    """
    answer = client.post("/events", json=[{**event, "occurred": now.isoformat()} for _, event in batch])
    if answer.status_code not in _MALFORMED:
        _of_prefect(answer)
        return []
    if len(batch) == 1:
        log.error("Prefect refuses event %s (%d); dropped", batch[0][1]["event"], answer.status_code)
        return [batch[0][0]]
    return [i for one in batch for i in _post(client, [one], now)]


def forget_stored(client: httpx.Client, now: datetime) -> None:
    """Forget events that Prefect has stored, and send again what it took and has lost; may run twice.

    Prefect answers before it stores, and on SQLite gives up batches of new events that come with enough it has: it is asked.
    """
    while True:
        with here().database.unit_of_work() as session:
            old = events.taken_long_ago(session, now, _PAGE)
        if not old or not _settle(client, old, now) or len(old) < _PAGE:
            return


def settle_doubts(client: httpx.Client, now: datetime) -> bool:
    """Find out what Prefect has stored of what it may have had when it, or the engine before, died; the rest is sent again.

    Args:
        client: A client of Prefect's API.
        now: The instant.

    Returns:
        Whether it is known; may run twice.
    """
    with here().database.unit_of_work() as session:
        doubtful = events.in_doubt(session, 2 * _BATCH)
    return all(_settle(client, doubtful[first : first + _PAGE], now) for first in range(0, len(doubtful), _PAGE))


def _settle(client: httpx.Client, page: Sequence[tuple[int, str]], now: datetime) -> bool:
    """Ask after a page of events, and act by the answer; False: there was none."""
    try:
        stored = _stored(client, [event_id for _, event_id in page], now)
    except _AWAY as problem:
        report_away(problem)
        return False
    with here().database.unit_of_work() as session:
        given_up = events.settle(session, [i for i, e in page if e in stored], [i for i, e in page if e not in stored])
    if given_up:
        log.error("Prefect has taken %d events %d times and stored none of them; given up", given_up, events.TRIES)
    return True


def _stored(client: httpx.Client, ids: Sequence[str], now: datetime) -> set[str]:
    """Those of a page of events that Prefect has; machines' clocks differ a little."""
    wanted = {"id": {"id": list(ids)}, "occurred": {"until": (now + timedelta(days=1)).isoformat()}}
    answer = client.post("/events/filter", json={"filter": wanted, "limit": _PAGE})
    return {event["id"] for event in _of_prefect(answer).json()["events"]}


def probe(client: httpx.Client) -> bool:
    """Ask Prefect's API whether it is there and takes our password; opens and closes the breaker, so that the engine never waits for it.

    Not its `/health`: that answers without a password.

    Returns:
        Whether runs are recorded from now on.
    """
    try:
        _of_prefect(client.get("/admin/version")).json()
    except _AWAY as problem:
        report_away(problem)
        return False
    report_back()
    return not is_away()


def _of_prefect(answer: httpx.Response) -> httpx.Response:
    """The answer, if it is a good one and not a page of some proxy in between.

    Raises:
        httpx.HTTPStatusError: it is not a good one.
        ValueError: it is a page.
    """
    if "html" in answer.raise_for_status().headers.get("content-type", ""):
        msg = "a page, not an answer of Prefect's API"
        raise ValueError(msg)
    return answer


def engine_tag(session: Session, engine_id: int) -> str:
    """The tag of an engine's flow runs; engines of another installation on the same Prefect have other tags."""
    installation = session.connection().execute(select(System.installation)).scalar_one()
    return f"engine:{installation[:8]}:{engine_id}"


def close_runs_of_the_dead(client: httpx.Client, now: datetime) -> int:
    """Mark flow runs as crashed that a dead engine has left `Running`; they are found by the engine's tag.

    Returns:
        How many runs were closed.
    """
    with here().database.unit_of_work() as session:
        dead = {engine_id: engine_tag(session, engine_id) for engine_id in engines.with_open_runs(session)}
    closed = 0
    for engine_id, tag in dead.items():
        try:
            closed += _close_runs(client, tag)
        except _AWAY as problem:
            report_away(problem)
            return closed
        with here().database.unit_of_work() as session:
            engines.runs_closed(session, engine_id, now)
    return closed


def _close_runs(client: httpx.Client, tag: str) -> int:
    open_states = {"type": {"any_": ["RUNNING", "PENDING", "SCHEDULED", "CANCELLING"]}}
    wanted = {"flow_runs": {"tags": {"all_": [tag]}, "state": open_states}, "limit": 200}
    closed = 0
    while runs := _of_prefect(client.post("/flow_runs/filter", json=wanted)).json():
        for run in runs:
            crashed = {"state": {"type": "CRASHED", "name": "Crashed", "message": "its engine died"}, "force": True}
            _of_prefect(client.post(f"/flow_runs/{run['id']}/set_state", json=crashed))
        closed += len(runs)
    if closed:
        log.warning("closed %d flow runs of a dead engine (%s)", closed, tag)
    return closed
