"""Cases in Prefect's eyes: an installation whose case numbers no other test uses, and its feed compared with its journal."""

import itertools
from collections import Counter
from typing import Any, Final

from sqlalchemy import func, insert, select, text, update

from clock import utcnow
from models import Case, CaseNumber, Database, EventOut, Journal, table
from services.catalogue import catalogue
from services.intake import Report, submit
from services.moves import Setting
from tests.support.prefect import PrefectServer
from tests.support.processes import until

_case, _journal, _out = table(Case), table(Journal), table(EventOut)
_hundreds = itertools.count(1)
#: Where a case's event comes from, told by name and step.
Seen = list[tuple[int, str]]
BODY: Final = "门口三盏路灯不亮"


def number_apart(database: Database) -> None:
    """Let numbers begin where no other test's are: they share one Prefect server, which knows cases by number only.

    Events are on from the start, as after the first engine's first day: some tests hand cases in before they start theirs.
    """
    with database.unit_of_work() as session:
        day = f"{utcnow().astimezone(catalogue(session).zone):%Y%m%d}"
        session.connection().execute(insert(table(CaseNumber)).values(day=day, last=next(_hundreds) * 1000))
        session.connection().execute(
            text("UPDATE system SET installation = :name, events_on = :on, revision = revision + 1"),
            {"name": f"test {next(_hundreds)}", "on": True},
        )


def hand_in(database: Database, count: int) -> dict[int, str]:
    """Hand in some cases that the engine can dispatch by itself; their numbers by id."""
    reports = [Report("路灯不亮", f"{BODY}（{n}）", source="hotline", area="chenguang-1") for n in range(count)]
    with database.unit_of_work() as session:
        return {s.case_id: s.no for s in submit(session, reports, Setting(utcnow()))}


def dispatched(database: Database) -> int:
    """How many cases are with their units."""
    with database.unit_of_work() as session:
        return int(session.connection().execute(select(func.count()).where(_case.c.state == "dispatched")).scalar_one())


def waiting(database: Database) -> int:
    """How many events Prefect has not acknowledged."""
    with database.unit_of_work() as session:
        return int(session.connection().execute(select(func.count()).select_from(_out)).scalar_one())


def written(database: Database, case_id: int) -> Seen:
    """The case's journal as Prefect should know it."""
    with database.unit_of_work() as session:
        wanted = select(_journal.c.seq, _journal.c.step, _journal.c.action).where(_journal.c.case_id == case_id).order_by(_journal.c.seq)
        return [(row.seq, f"bihuan.case.{row.step}.{row.action}") for row in session.connection().execute(wanted)]


def fed(server: PrefectServer, no: str) -> Seen:
    """The case's feed in Prefect."""
    return [(event["payload"]["seq"], event["event"]) for event in server.events(no)]


def feed_is_the_journal(server: PrefectServer, database: Database, cases: dict[int, str], seconds: float = 400) -> None:
    """Every entry has become one event: nothing lost, nothing double.

    What a busy server takes and loses is sent again a minute later, and heard as new once it has forgotten having heard it (5 minutes).
    """
    for case_id, no in cases.items():
        try:
            # the journal may grow meanwhile: what the engine finds beside the loop is an entry too
            until(lambda no=no, case_id=case_id: sorted(fed(server, no)) == written(database, case_id), seconds, f"the feed of {no}")
        except AssertionError as error:
            there, wanted = Counter(fed(server, no)), Counter(written(database, case_id))
            error.add_note(f"missing {wanted - there}, too many {there - wanted}; the outbox holds {outbox(database)}; {server.says()}")
            raise


def outbox(database: Database) -> str:
    """What waits for Prefect, and what it took and may not have stored."""
    with database.unit_of_work() as session:
        sent = [row.sent_at for row in session.connection().execute(select(_out.c.sent_at))]
    return f"{sent.count(None)} events to send, {len(sent) - sent.count(None)} sent"


def as_if_never_answered(database: Database) -> None:
    """What an engine leaves that dies between Prefect's answer and its note of it."""
    with database.unit_of_work() as session:
        changed = session.connection().execute(update(_out).values(sent_at=None))
    assert changed.rowcount > 0, "the outbox has forgotten already"


def states_of(runs: list[dict[str, Any]]) -> set[str]:
    """The states in which runs are."""
    return {run["state_name"] for run in runs}
