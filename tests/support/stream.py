"""Messages on their whole way: a real simulator outside, a real web process for receipts and replies, real engines; faults come in turn."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
from sqlalchemy import delete, func, insert, select

from clock import pause, utcnow
from models import Case, ChannelState, Database, DeliveryPolicy, Message, Receipt, Reply, Staff, begin_write, table
from rules.delivery import Numbers, State
from services.catalogue import reference_changed
from services.channels.demonstration import point_at_simulator, setup_file, urls
from services.channels.stored import SYSTEM, Wanted, configure
from services.deliveries.lenient import ALWAYS
from services.intake import Report, submit
from services.moves import Setting
from settings import Settings, load
from tests.support.people import patiently
from tests.support.postgres import free_port
from tests.support.processes import Installation, Process, installed, until
from tests.support.sim import SMPP_PASSWORD, USER, SimServer

_message, _case, _staff, _standing = table(Message), table(Case), table(Staff), table(ChannelState)
_receipt, _policy, _reply = table(Receipt), table(DeliveryPolicy), table(Reply)
#: Nobody rests and no wait is long, but clerks are still told of many matters in one message.
HASTY: Final = Numbers(
    per_minute=60,
    per_quarter_hour=10_000,
    per_day=10_000,
    per_notice_day=10_000,
    digest_from=3,
    quiet_from=time(21),
    quiet_until=time(21),
    reminder_gap_minutes=0,
    attempts=8,
    back_off_seconds=(1, 1, 2),
    breaker_pause_seconds=1,
    breaker_longest_seconds=2,
    well_minutes=0,
    down_patience_minutes=0,
    receipt_wait_seconds=10,
    ask_seconds=1,
    ask_urgent_seconds=1,
)
#: What a deployer gets, in the middle of the night; but a broken channel rests shortly: the next fault must not find it still at rest.
NIGHT: Final = Numbers(quiet_from=time(0), quiet_until=time(23, 59), breaker_pause_seconds=1, breaker_longest_seconds=2)


#: A push that nobody takes is made again; all of them within so long.
_AGAIN_S: Final = (1, 1, 2, 4, 8, 16)
_PUSHED_WITHIN_S: Final = 20


@dataclass
class Surroundings:
    """One installation with the outside world around it.

    Attributes:
        smpp: Short messages go by SMPP, with receipts over the kept connection; else by a public gateway that pushes them.
        in_flight: Messages that an engine had in its hands when it was killed.
        killed: When engines were killed.
    """

    installation: Installation
    sim: SimServer
    smpp: bool = False
    in_flight: set[int] = field(default_factory=set)
    killed: list[datetime] = field(default_factory=list)

    @property
    def database(self) -> Database:
        """The installation's."""
        return self.installation.database

    @property
    def sms(self) -> str:
        """What the simulator calls who brings our short messages."""
        return "smpp" if self.smpp else "aliyun"

    def open(self, numbers: Numbers, wait: int) -> None:
        """Configure the channels, start the web process, tell the simulator where receipts and replies go.

        Args:
            numbers: Of delivery.
            wait: Seconds that a channel waits for an answer.
        """
        self.sim.clear()
        settings = self._settings()
        point_at_simulator(self.database, settings, utcnow())
        addresses = urls(settings)
        if self.smpp:
            addresses["sms"] = f"smsc://{USER}:{SMPP_PASSWORD}@{self.sim.smpp}/?from=10690000&tls=no&private=yes"
        with self.database.unit_of_work() as session:
            begin_write(session)
            session.connection().execute(delete(_policy))
            row = {"version": 1, "numbers": numbers.stored(), "since": ALWAYS, "changed_by": SYSTEM}
            session.connection().execute(insert(_policy).values(row))
            for code, url in addresses.items():
                configure(session, Wanted(code, f"{url}&wait={wait}"), SYSTEM, utcnow())
            reference_changed(session)
        self._open_doors(settings)

    def _settings(self) -> Settings:
        ports = {"sim_port": self.sim.url, "sim_smtp_port": self.sim.smtp, "sim_smpp_port": self.sim.smpp}
        given = {name: int(place.rpartition(":")[2]) for name, place in ports.items()}
        return load(data_dir=self.installation.folder, port=free_port(), **given)

    def _open_doors(self, settings: Settings) -> None:
        web = self.installation.start(sys.executable, "-m", "cli", "web", BIHUAN_PORT=str(settings.port))
        told = json.loads(setup_file(settings).read_text(encoding="utf-8"))
        for template in told["templates"]:
            self.sim.template(template["code"], template["content"])
        self.sim.set_up(callbacks=told["callbacks"], delay=0.2, again=_AGAIN_S)
        until(lambda: _answers(settings.port), 60, f"the web process: {web.said()[-500:]}")

    @contextmanager
    def trouble(self, medium: str, kind: str, **options: Any) -> Iterator[None]:
        """Something is wrong with one medium for a while. Whoever keeps a connection meets other credentials only on the next one."""
        vendor = {"sms": self.sms, "email": "mail", "voice": "voice", "im": "wecom"}[medium]
        self.sim.fault(vendor, kind, **options)
        if kind == "credentials":
            self.sim.fault(vendor, "reset", times=1)
        try:
            yield
        finally:
            self.sim.mend(vendor)

    def kill(self, engine: Process) -> None:
        """`kill -9`, and remember what it had in its hands."""
        engine.kill()
        self.killed.append(utcnow())
        with self.database.unit_of_work() as session:
            held = select(_message.c.id).where(_message.c.claimed_by.is_not(None))
            doubtful = select(_message.c.id).where(_message.c.state == State.SENDING.value)
            self.in_flight |= set(session.connection().execute(held.union(doubtful)).scalars())

    def replied(self, phone: str) -> None:
        """A resident sends TD back, and our site, or our kept connection, takes it."""
        assert self.sim.reply(phone, "TD", self.sms)
        until(lambda: [row.meaning for row in self.answer(select(_reply.c.meaning))] == ["stop"], 15, "the reply")

    # what is handed in and what becomes of it -------------------------------------------------------------------------

    def emergency(self, mark: str) -> int:
        """Somebody smells gas; gives back the case."""
        report = Report(
            "", f"{mark}号楼楼道里一股煤气味，煤气泄漏，快来人！", "hotline", "chenguang-1", phone="10066660000", key=f"gas:{mark}"
        )
        return patiently(lambda: self._handed_in(report))

    def _handed_in(self, report: Report) -> int:
        with self.database.unit_of_work() as session:
            return submit(session, [report], Setting(utcnow()))[0].case_id

    def answer(self, statement: Any) -> list[Any]:
        """The rows of any question."""
        with self.database.unit_of_work() as session:
            return list(session.connection().execute(statement))

    def waiting(self) -> int:
        """Messages and cases with which something is still to be done."""
        with self.database.unit_of_work() as session:
            run = session.connection().execute
            queued = run(select(func.count()).select_from(_message).where(_message.c.attend_at.is_not(None))).scalar_one()
            return int(queued + run(select(func.count()).select_from(_case).where(_case.c.attend_at.is_not(None))).scalar_one())

    def addresses(self, kind: str) -> list[str]:
        """The phones, mailboxes (`email`) or names (`im`) of everybody who works here."""
        column = _staff.c[kind]
        return [row[0] for row in self.answer(select(column).where(column.is_not(None)).order_by(_staff.c.id))]

    def whole(self, channel: str) -> bool:
        """Whether nothing is held against a channel."""
        found = self.answer(select(_standing.c.open_until).where(_standing.c.code == channel))
        return all(row.open_until is None for row in found)

    def come_to_rest(self, seconds: float) -> None:
        """All faults are over; wait until nothing is left to be done and no receipt is under way."""
        ends = utcnow() + timedelta(seconds=seconds)
        self.sim.mend()
        until(lambda: patiently(self.waiting) == 0 or _over(ends), seconds + 30, "rest")
        assert self.waiting() == 0, self._what_waits()
        for _ in range(_PUSHED_WITHIN_S):
            pause(1.5)  # what came last has its receipt by then
            if not self._receipts_missing():
                return

    def _what_waits(self) -> list[str]:
        rows = self.answer(select(_message).where(_message.c.attend_at.is_not(None)).limit(20))
        cases = self.answer(select(_case.c.id, _case.c.state, _case.c.attend_at).where(_case.c.attend_at.is_not(None)).limit(20))
        shown = ("id", "notice", "channel", "recipient", "haste", "state", "attempts", "queued_at", "attend_at", "claimed_by", "error")
        return [str({name: str(getattr(row, name)) for name in shown}) for row in rows] + [str(row) for row in cases]

    def _receipts_missing(self) -> int:
        """Receipts that the simulator has given or will give, and that no message of ours knows."""
        promised = [each for each in self.sim.messages(accepted="yes") if each["receipt"]]
        known = {row.provider_id for row in self.answer(select(_receipt.c.provider_id))}
        return sum(each["provider_id"] not in known for each in promised)


def _over(moment: datetime) -> bool:
    return utcnow() > moment


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/livez", trust_env=False, timeout=5).is_success
    except httpx.HTTPError:
        return False


@contextmanager
def surroundings(folder: Path, database: Database, key: bytes, sim: SimServer, *, smpp: bool = False) -> Iterator[Surroundings]:
    """An installation with the outside world around it, for one test."""
    with installed(folder, database, key, BIHUAN_BATCH_SIZE="50", BIHUAN_SIM="on") as installation:
        try:
            yield Surroundings(installation, sim, smpp)
        finally:
            sim.clear()
