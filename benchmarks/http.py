"""The console under load: `python -m benchmarks.http --db sqlite|postgres --cases 100000 --rate 50 --json -`.

A district with so many open cases, most of them put in as rows, the newest 2,000 handed in and dispatched by the engine. Its people, signed
in over HTTP, ask for 50 pages a second, whatever is still on its way: 4 in 10 the list of all cases (first page, a page further down, by
state, by area, by number or words), 4 in 10 a case, 2 in 10 acknowledge a work order by its form. A page's time runs from the moment at
which it was to be asked for, so that waiting in a queue counts. The floor is the same load on an address that reads nothing.
"""

import argparse
import asyncio
import random
import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import perf_counter
from typing import Final

import httpx
from sqlalchemy import select

from benchmarks.installation import Place, installed
from benchmarks.people import hand_in
from benchmarks.postgres import server
from benchmarks.report import Row, percentile, tell, with_medians
from benchmarks.waiting import fill
from benchmarks.web_server import LIVE, web_server
from clock import utcnow
from flows.turn import turn
from models import Case, Staff, WorkOrder, table
from services.accounts.starting import demonstration
from services.moves import Setting

_REAL: Final = 2000  #: cases with their whole journal: what is opened and acknowledged
_SPREAD: Final = timedelta(days=2)
_LISTS: Final = (
    "",
    "?state=handling",
    "?urgency=P1",
    "?area=chenguang",
    "?q=老年证",
    "?q=20000101-0050000",
    "?after=50000",
    "?state=dispatched",
)
_CSRF: Final = re.compile(rb'name="csrf" value="([0-9a-f]+)"')
_CONSOLE: Final = "centre.head"  #: sees every case of the district
_WARM_S: Final = 3.0  #: of load before anything is counted

Ask = Callable[[], Awaitable[httpx.Response]]


@dataclass(frozen=True, slots=True)
class ToDo:
    """A work order that somebody can acknowledge: who, of which case in which version."""

    user: str
    no: str
    order: int
    version: int


@dataclass(frozen=True)
class Crowd:
    """Everybody who is signed in, and what there is to be opened and done.

    Attributes:
        clients: By user, with the session's cookie.
        csrf: By user: what every form of the session carries.
        cases: Numbers of cases to open.
        orders: What is to be acknowledged.
    """

    clients: dict[str, httpx.AsyncClient]
    csrf: dict[str, str]
    cases: list[str]
    orders: Iterator[ToDo]

    def lists(self, chance: random.Random) -> Ask:
        """Open the list."""
        return lambda: self.clients[_CONSOLE].get(f"/cases{chance.choice(_LISTS)}")

    def case(self, chance: random.Random) -> Ask:
        """Open a case."""
        return lambda: self.clients[_CONSOLE].get(f"/cases/{chance.choice(self.cases)}")

    def move(self, _: random.Random) -> Ask:
        """Acknowledge a work order by its form."""
        todo = next(self.orders)
        form = {"csrf": self.csrf[todo.user], "thing": "order", "thing_no": str(todo.order), "version": str(todo.version)}
        return lambda: self.clients[todo.user].post(f"/cases/{todo.no}/do/acknowledge", data=form)

    def floor(self, _: random.Random) -> Ask:
        """Ask for what reads nothing."""
        return lambda: self.clients[_CONSOLE].get(LIVE)


def populate(place: Place, cases: int) -> None:
    """Fill the district: rows that wait, then cases that the engine has dispatched, then everybody's account."""
    now = utcnow()
    fill(place.database, (now + _SPREAD * (n / cases - 0.5) for n in range(cases - _REAL)))
    for first in range(0, _REAL, place.settings.batch_size):
        hand_in(place.database, "http", range(first, min(_REAL, first + place.settings.batch_size)), Setting(now))
        turn(now)
    with place.database.unit_of_work() as session:
        demonstration(session, place.settings.demo_password(), now)


def orders_sent(place: Place, chance: random.Random) -> list[ToDo]:
    """Work orders that somebody can acknowledge, in random order, one a case: the move gives the case another version."""
    case, order, staff = table(Case), table(WorkOrder), table(Staff)
    joined = order.join(case, case.c.id == order.c.case_id).join(staff, staff.c.unit_id == order.c.unit_id)
    wanted = select(staff.c.name, case.c.no, order.c.no, case.c.version).select_from(joined)
    with place.database.unit_of_work() as session:
        found = session.connection().execute(wanted.where(order.c.state == "sent", staff.c.role == "clerk"))
        rows = [ToDo(*row) for row in found]
    chance.shuffle(rows)
    return list({todo.no: todo for todo in rows}.values())


async def enter(address: str, users: Sequence[str], password: str) -> tuple[dict[str, httpx.AsyncClient], dict[str, str]]:
    """Sign everybody in, through the door."""
    clients: dict[str, httpx.AsyncClient] = {}
    csrf: dict[str, str] = {}
    for user in users:
        clients[user] = httpx.AsyncClient(base_url=address, headers={"Origin": address, "Accept": "text/html"}, timeout=30)
        await clients[user].post("/login", data={"user": user, "password": password})
        found = _CSRF.search((await clients[user].get("/me")).content)
        if found is None:
            raise SystemExit(f"{user} could not sign in")
        csrf[user] = found[1].decode()
    return clients, csrf


async def load(kinds: Sequence[tuple[str, Callable[[random.Random], Ask]]], rate: float, seconds: float) -> dict[str, list[float]]:
    """Ask for a page at random moments, so many a second on average, in the shares in which kinds are named; seconds taken, by kind."""
    chance, began = random.Random(7), perf_counter()
    taken: dict[str, list[float]] = {name: [] for name, _ in kinds}
    under_way: list[asyncio.Task[None]] = []
    at = 0.0
    while at < seconds + _WARM_S:
        name, ask = chance.choice(kinds)
        under_way.append(asyncio.create_task(_one(ask(chance), began + at, taken[name] if at >= _WARM_S else [])))
        at += chance.expovariate(rate)
        await asyncio.sleep(max(0.0, began + at - perf_counter()))
    await asyncio.gather(*under_way)
    return taken


async def _one(ask: Ask, due: float, taken: list[float]) -> None:
    answer = await ask()
    if answer.status_code not in (200, 303):
        raise SystemExit(f"{answer.request.url}: {answer.status_code}\n{answer.text[:500]}")
    taken.append(perf_counter() - due)


async def once(address: str, place: Place, rate: float, seconds: float, run: int) -> Row:
    """The floor, then the mix."""
    orders = orders_sent(place, random.Random(run))
    users = sorted({_CONSOLE, *(todo.user for todo in orders)})
    clients, csrf = await enter(address, users, place.settings.demo_password())
    crowd = Crowd(clients, csrf, [todo.no for todo in orders], iter(orders))
    floor = (await load([("floor", crowd.floor)], rate, seconds / 4))["floor"]
    mixed = [("list", crowd.lists), ("list", crowd.lists), ("case", crowd.case), ("case", crowd.case), ("move", crowd.move)]
    taken = await load(mixed, rate, seconds)
    for client in clients.values():
        await client.aclose()
    figures: Row = {"floor_p95_ms": 1000 * percentile(floor, 95)}
    for name, times in taken.items():
        figures |= {f"{name}_p50_ms": 1000 * percentile(times, 50), f"{name}_p95_ms": 1000 * percentile(times, 95), f"{name}s": len(times)}
    return figures


def run_all(db: str, cases: int, rate: float, seconds: float, repeats: int) -> list[Row]:
    """The whole benchmark: a row a run, then the medians."""
    with ExitStack() as stack:
        place = stack.enter_context(installed(stack.enter_context(server()) if db == "postgres" else None, _before()))
        populate(place, cases)
        address = stack.enter_context(web_server(place))
        told: Row = {"database": place.described, "open_cases": cases, "rate": rate}
        rows = [{**asyncio.run(once(address, place, rate, seconds, run)), **told} for run in range(repeats)]
    return with_medians(rows)


def _before() -> datetime:
    return utcnow() - _SPREAD


def main(arguments: Sequence[str] | None = None) -> None:
    """Run it and print the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.http", description=__doc__)
    parser.add_argument("--db", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--rate", type=float, default=50, help="pages a second")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", metavar="FILE", help="- for standard output")
    asked = parser.parse_args(arguments)
    tell("console", run_all(asked.db, asked.cases, asked.rate, asked.seconds, asked.repeats), asked.json)


if __name__ == "__main__":
    main()
