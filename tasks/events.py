"""Handing journal entries to Prefect as events, over the API that acknowledges them."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import httpx

from services import engines, events
from settings import Settings
from tasks.context import here
from tasks.recording import report_away, report_back

log = logging.getLogger("bihuan.prefect")
_BATCH = 500
_MALFORMED = (400, 413, 422)  #: answers that no second try would change


@contextmanager
def client_of(settings: Settings, *, on: bool) -> Iterator[httpx.Client | None]:
    """A client of Prefect's API, kept open; None when nothing is to be recorded."""
    if not on:
        yield None
        return
    user, _, password = settings.prefect_auth.partition(":")
    auth = httpx.BasicAuth(user, password) if user else None
    with httpx.Client(base_url=settings.prefect_api_url, timeout=10, auth=auth) as client:
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
        _post(client, waiting, now)
    except httpx.HTTPError as problem:
        report_away(problem)
        return 0
    with here().database.unit_of_work() as session:
        events.taken(session, [i for i, _ in waiting], now)
    return len(waiting)


def _post(client: httpx.Client, batch: Sequence[tuple[int, dict[str, Any]]], now: datetime) -> None:
    """Hand events over; one that Prefect calls malformed is dropped with a line in the log, so that it cannot block the feed."""
    answer = client.post("/events", json=[{**event, "occurred": now.isoformat()} for _, event in batch])
    if answer.status_code not in _MALFORMED:
        answer.raise_for_status()
    elif len(batch) == 1:
        log.error("Prefect refuses event %s (%d); dropped", batch[0][1]["event"], answer.status_code)
    else:
        for one in batch:
            _post(client, [one], now)


def forget(now: datetime) -> None:
    """Forget events that Prefect has stored."""
    with here().database.unit_of_work() as session:
        events.forget(session, now)


def send_again() -> None:
    """Send once more what Prefect took shortly before it went away."""
    with here().database.unit_of_work() as session:
        events.send_again(session)


def probe(client: httpx.Client) -> bool:
    """Ask Prefect's API whether it is there; opens and closes the breaker, so that the engine itself never waits for it."""
    try:
        client.get("/health").raise_for_status()
    except httpx.HTTPError as problem:
        report_away(problem)
        return False
    report_back()
    return True


def close_runs_of_the_dead(client: httpx.Client, now: datetime) -> int:
    """Mark flow runs as crashed that a dead engine has left `Running`; they are found by the engine's tag.

    Returns:
        How many runs were closed.
    """
    with here().database.unit_of_work() as session:
        dead = engines.with_open_runs(session)
    closed = 0
    for engine_id in dead:
        try:
            closed += _close_runs(client, f"engine:{engine_id}")
        except httpx.HTTPError as problem:
            report_away(problem)
            return closed
        with here().database.unit_of_work() as session:
            engines.runs_closed(session, engine_id, now)
    return closed


def _close_runs(client: httpx.Client, tag: str) -> int:
    open_states = {"type": {"any_": ["RUNNING", "PENDING", "SCHEDULED", "CANCELLING"]}}
    wanted = {"flow_runs": {"tags": {"all_": [tag]}, "state": open_states}, "limit": 200}
    closed = 0
    while runs := client.post("/flow_runs/filter", json=wanted).raise_for_status().json():
        for run in runs:
            crashed = {"state": {"type": "CRASHED", "name": "Crashed", "message": "its engine died"}, "force": True}
            client.post(f"/flow_runs/{run['id']}/set_state", json=crashed).raise_for_status()
        closed += len(runs)
    if closed:
        log.warning("closed %d flow runs of a dead engine (%s)", closed, tag)
    return closed
