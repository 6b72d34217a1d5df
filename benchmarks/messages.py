"""Messages against their floor: `python -m benchmarks.messages --db sqlite|postgres --n 1000 --runs 3 --json -`.

Real notices of real cases are planned, worded, sent over real sockets to the simulator and recorded, by the lanes that an engine runs; the
floor hands as many over on one kept connection and keeps nothing. Both have a slice in turn, so that a busy machine slows both alike.
"""

import argparse
import contextvars
import threading
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any, Final

from sqlalchemy import func, insert, select, update

from benchmarks import messages_floor
from benchmarks.messages_live import accept_seconds
from benchmarks.outside import Outside, at_the_post, outside
from benchmarks.pacing import Worker, side_by_side
from benchmarks.postgres import server
from benchmarks.report import Row, percentile, rounded, tell, with_medians
from clock import utcnow
from flows.turn import lane, turn
from models import Database, Message, table
from services.catalogue import catalogue
from services.intake import Report, submit
from services.moves import Setting

#: A Friday morning on a calendar that the seeds know.
START: Final = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
_message = table(Message)
_LATER: Final = timedelta(minutes=1)
_SLOW_S: Final = 1.0


def queue(database: Database, run: str, n: int) -> None:
    """Hand in n cases of residents with a phone each: an SMS to every one of them, and an e-mail to a clerk about every one of them."""
    reports = [_report(run, i) for i in range(n)]
    with database.unit_of_work() as session:
        before = session.connection().execute(select(func.coalesce(func.max(_message.c.id), 0))).scalar_one()
        submit(session, reports, Setting(START))
    turn(START)
    with database.unit_of_work() as session:
        connection = session.connection()
        due = (_message.c.id > before, _message.c.notice == "accepted", _message.c.attend_at.is_not(None))
        accepted = list(connection.execute(select(_message).where(*due)).mappings())
        connection.execute(update(_message).where(_message.c.notice != "accepted").values(attend_at=None))
        clerk = catalogue(session).people["water.clerk"].id
        to_clerk = {**_MAIL, "staff_id": clerk, "recipient": f"s{clerk}"}
        mails = [{k: v for k, v in row.items() if k != "id"} | to_clerk | {"dedupe_key": f"mail {run} {row['id']}"} for row in accepted]
        connection.execute(insert(_message), mails)


_MAIL: Final[dict[str, Any]] = {"channel": "email", "notice": "dispatched_lead", "requester_id": None}


def _report(run: str, i: int) -> Report:
    phone = f"100{zlib.crc32(run.encode()) % 1000:03}{i:05}"
    return Report("请帮忙代办老年证", f"想请社区帮忙代办老年证（{run} {i}）", area="chenguang-1", requester=phone, phone=phone)


def waiting(database: Database, channel: str) -> int:
    """How many messages of a channel wait."""
    with database.unit_of_work() as session:
        wanted = select(func.count()).where(_message.c.channel == channel, _message.c.attend_at.is_not(None))
        return int(session.connection().execute(wanted).scalar_one())


def ours(database: Database, channel: str, n: int) -> Worker:
    """Send everything that waits on one channel, a portion in a slice: from the claim to the recorded result."""
    sent = 0
    while sent < n:
        done = lane(channel, lambda: START + _LATER, _after(1))
        if not done and not waiting(database, channel):
            raise SystemExit(f"only {sent} of {n} messages by {channel} were sent")
        sent += done
        yield min(0.999, sent / n)


def _after(portions: int) -> Any:  # noqa: ANN401 - a question without arguments
    """Stops a lane after so many portions: it is asked before each, and after each message."""
    asked = iter(range(10**9))
    return lambda: next(asked) >= portions * 100


@contextmanager
def slow_lane(where: Outside) -> Iterator[None]:
    """Meanwhile the SMS vendor takes a second for each answer, and its lane has work all the time."""
    where.slow("aliyun", _SLOW_S)
    stop, begun = threading.Event(), perf_counter()
    context = contextvars.copy_context()

    def running() -> datetime:  # the day of the cases, not today: messages that have expired are dropped, and nothing is slow
        return START + _LATER + timedelta(seconds=perf_counter() - begun)

    thread = threading.Thread(target=context.run, args=(lane, "sms", running, stop.is_set), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        where.slow("aliyun", 0)


def mails_per_second() -> float:
    """Send all mail that waits."""
    started = perf_counter()
    sent = lane("email", lambda: START + _LATER, lambda: False)
    return sent / (perf_counter() - started)


def once(run: int, n: int, server_url: str | None) -> Row:
    """One run of everything."""
    with outside(server_url, START) as where, at_the_post(where, START):
        queue(where.database, f"a{run}", n)
        mail, mail_floor = side_by_side(ours(where.database, "email", n), messages_floor.mails(where.settings, n))
        requests = messages_floor.signed_beforehand(where.settings, n)
        sms, sms_floor = side_by_side(ours(where.database, "sms", n), messages_floor.posts(where.settings, requests))
        queue(where.database, f"b{run}", n)
        alone = mails_per_second()
        queue(where.database, f"c{run}", n)
        with slow_lane(where):
            beside = mails_per_second()
    return {
        "email_per_s": rounded(n / mail.wall),
        "email_floor_per_s": rounded(n / mail_floor.wall),
        "email_ratio_to_floor": rounded(mail_floor.wall / mail.wall),
        "sms_per_s": rounded(n / sms.wall),
        "sms_floor_per_s": rounded(n / sms_floor.wall),
        "sms_ratio_to_floor": rounded(sms_floor.wall / sms.wall),
        "email_beside_slow_sms": rounded(beside / alone),
    }


def live(server_url: str | None, moves: int) -> Row:
    """A real engine with nothing else to do: from the commit of a move to its message in the simulator's hands."""
    with outside(server_url, utcnow()) as where:
        seconds = accept_seconds(where, moves)
    return {"accept_p50_s": rounded(percentile(seconds, 50)), "accept_p95_s": rounded(percentile(seconds, 95))}


def run_all(db: str, n: int, moves: int, runs: int) -> list[Row]:
    """All runs, with their medians at the end.

    Args:
        db: `sqlite` or `postgres`.
        n: Messages by each channel in each part.
        moves: How many moves are followed to the simulator.
        runs: How often.
    """
    with ExitStack() as stack:
        url = stack.enter_context(server()) if db == "postgres" else None
        return with_medians([{"db": db, **once(run, n, url), **live(url, moves)} for run in range(runs)])


def main() -> None:
    """Run it as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--db", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--n", type=int, default=1000, help="messages by each channel in each part")
    parser.add_argument("--moves", type=int, default=60, help="moves of which the way to the simulator is timed")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", dest="json_to")
    given = parser.parse_args()
    tell(f"messages × {given.n}", run_all(given.db, given.n, given.moves, given.runs), given.json_to)


if __name__ == "__main__":
    main()
