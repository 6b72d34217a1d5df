"""Replay: walk from one moment to the next at which anything happens, with the same turn as the live engine."""

import heapq
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from flows.turn import fire_due, let_go_on, post
from models import Case, Journal, table
from rules.facts import FINAL, Refused, State
from rules.lifecycle import goes_on_by_itself
from services import intake
from services.attachments import Belongs, Kept, attach
from services.catalogue import catalogue
from services.moves import Conflict, Intent, Setting, make_moves, read_drafts
from services.replay.messages import Message
from services.replay.pictures import picture
from services.replay.script import Act, Script
from tasks.claiming import next_moment
from tasks.context import here

_case, _journal = table(Case), table(Journal)
_KEYS = select(_case.c.idempotency_key, _case.c.id, _case.c.state).where(_case.c.idempotency_key.like("replay:%"))


class ScriptRefusedError(RuntimeError):
    """The script asked for a move that the table refuses: the script is wrong, not the data."""


@dataclass
class Replay:
    """One replay on the way; everything but this little is in the database, so it can be killed and taken up again.

    Attributes:
        files: Where photos are kept.
        pictures: Those that were, by stage and round.
        scripts: Script of each message that is in the loop, by case id.
        unplanned: Cases in which the engine goes on first (a kill may have come between); looked at again when it has.
        agenda: Heap of (moment, kind, case id or message index).
    """

    messages: Sequence[Message]
    files: Path
    until: datetime | None = None
    scripts: dict[int, Script] = field(default_factory=dict)
    agenda: list[tuple[datetime, int]] = field(default_factory=list)
    incoming: list[Script] = field(default_factory=list)
    unplanned: set[int] = field(default_factory=set)
    pictures: dict[tuple[str, int], Kept] = field(default_factory=dict)

    def run(self, progress: Callable[[int, int], None]) -> datetime | None:
        """Go on until every case is final, or until the moment asked for.

        Args:
            progress: Told how many cases are final, of how many.

        Returns:
            The last virtual moment; None when there was nothing to do.

        Raises:
            ScriptRefusedError: the script and the table of moves disagree.
        """
        self._take_up()
        last, total, count = None, len(self.messages), 0
        while (now := self._next()) is not None and (self.until is None or now <= self.until):
            self._instant(now)
            last, count = now, count + 1
            if count % 25 == 0:
                progress(self._final(), total)
        progress(self._final(), total)
        return last

    def _take_up(self) -> None:
        """See what is in the database already; what is not is still to be handed in."""
        with here().database.unit_of_work() as session:
            known = {row.idempotency_key: row.id for row in session.connection().execute(_KEYS)}
        for message in self.messages:
            script = Script(message)
            case_id = known.get(f"replay:{message.id}")
            if case_id is None:
                self.incoming.append(script)
            else:
                self.scripts[case_id] = script
        self.incoming.sort(key=lambda s: (s.message.submitted_at, s.message.id), reverse=True)
        self._plan(self.scripts)

    def _next(self) -> datetime | None:
        """The next moment at which somebody acts, something is ready, due or queued, or a message comes in."""
        moments = [next_moment(), self.agenda[0][0] if self.agenda else None]
        moments.append(self.incoming[-1].message.submitted_at if self.incoming else None)
        return min((m for m in moments if m is not None), default=None)

    def _instant(self, now: datetime) -> None:
        """All that happens at one moment: people's moves and what follows, then the clocks, then the post."""
        touched = self._hand_in(now)
        let_go_on(now)
        self._plan({*touched, *self.unplanned})
        while acting := self._acting(now):
            self._act(acting, now)
            let_go_on(now)
            self._plan(acting)
        fire_due(now)
        let_go_on(now)
        post(lambda: now)

    def _hand_in(self, now: datetime) -> list[int]:
        coming: list[Script] = []
        while self.incoming and self.incoming[-1].message.submitted_at <= now:
            coming.append(self.incoming.pop())
        if not coming:
            return []
        with here().database.unit_of_work() as session:
            known = catalogue(session)
            opened = intake.submit(session, [s.report(known) for s in coming], Setting(now))
        for script, case in zip(coming, opened, strict=True):
            self.scripts[case.case_id] = script
        return [case.case_id for case in opened]

    def _plan(self, case_ids: Collection[int]) -> None:
        """Note when somebody acts next in these cases."""
        if not case_ids:
            return
        self.unplanned -= set(case_ids)
        with here().database.unit_of_work() as session:
            for case_id, act in self._acts(session, case_ids).items():
                heapq.heappush(self.agenda, (act.at, case_id))

    def _acts(self, session: Session, case_ids: Collection[int]) -> dict[int, Act]:
        drafts = read_drafts(session, case_ids, lock=False)
        climbing = [i for i, d in drafts.items() if d.state is State.REPORTING]
        climbs: dict[int, int] = defaultdict(int)
        if climbing:
            counted = select(_journal.c.case_id, func.count()).where(_journal.c.case_id.in_(climbing), _journal.c.action == "report_up")
            climbs.update({row[0]: row[1] for row in session.connection().execute(counted.group_by(_journal.c.case_id))})
        acts = {i: self.scripts[i].next(draft, climbs[i]) for i, draft in drafts.items()}
        self.unplanned |= {i for i, act in acts.items() if act is None and goes_on_by_itself(drafts[i].facts())}
        return {i: act for i, act in acts.items() if act is not None}

    def _acting(self, now: datetime) -> list[int]:
        """Cases in whose script something stands for now or before."""
        ids: set[int] = set()
        while self.agenda and self.agenda[0][0] <= now:
            ids.add(heapq.heappop(self.agenda)[1])
        return sorted(ids)

    def _act(self, case_ids: Collection[int], now: datetime) -> None:
        """What stands in the script for now; a clock may have been faster, then it is looked up anew."""
        with here().database.unit_of_work() as session:
            due = [act for act in self._acts(session, case_ids).values() if act.at <= now]
        if not due:
            return
        intents = [act.intent for act in due]
        with here().database.unit_of_work() as session:
            for act in due:
                self._show(session, act, now)
            for intent, outcome in zip(intents, make_moves(session, intents, Setting(now)), strict=True):
                if isinstance(outcome, Refused | Conflict):
                    raise ScriptRefusedError(_complaint(intent, outcome))

    def _show(self, session: Session, act: Act, now: datetime) -> None:
        """Put the photos of an act with its case."""
        for stage in act.photos:
            known = (stage, act.round_no)
            piece = self.pictures.get(known) or self.pictures.setdefault(known, picture(self.files, *known))
            attach(session, act.intent.case_id, [piece], Belongs(stage, act.intent.no), act.intent.actor, Setting(now))

    def _final(self) -> int:
        with here().database.unit_of_work() as session:
            return sum(State(row.state) in FINAL for row in session.connection().execute(_KEYS))


def _complaint(intent: Intent, outcome: Refused | Conflict) -> str:
    return f"case {intent.case_id}: {intent.action} by {intent.actor.name}: {outcome!r} {getattr(outcome, 'details', '')}"
