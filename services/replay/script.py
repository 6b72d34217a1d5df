"""The script of a replay: what people do at moments that the data do not tell.

Known of a message are the moment it was submitted (T0) and the moment its reply was published (T1). The rest is drawn from a hash of
its id, so that every replay of a file is the same, whoever runs it and however often it is killed on the way (docs/replay.md):

- source, grid, who decides at each level and when; acknowledgement, first contact, control and finishing of each unit;
- one lead in thirty-three gives its order back, the centre rules; one check in twenty fails at first; photos where they are asked for;
- feedback goes out at T1 exactly: the check passes (or, where none is needed, the lead finishes) at that moment;
- seven of ten residents rate, the rest are silent until their window closes.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from rules.facts import Actor, Level, OrderState, RequestFacts, RequestKind, State, Thing
from services.catalogue import Catalogue
from services.intake import Report
from services.moves import Draft, Intent, Row
from services.moves.returning import in_window
from services.replay import sending
from services.replay.messages import Message
from services.replay.people import centre, checker, of_unit
from services.seeding import pretend_phone

MINUTE: Final = timedelta(minutes=1)
#: Share of messages per source: handed to the centre, told to the community, found by a grid worker.
SOURCES: Final = ((0.4, "hotline"), (0.75, "block_captain"), (1.0, "grid_worker"))
RATES: Final = 0.7  #: share of residents who rate
#: How much of a limit units take: share of units, and the span of the limit that is drawn from.
PACE: Final = ((0.8, (0.1, 0.9)), (0.93, (1.05, 1.9)), (1.0, (2.1, 4.0)))
CONTACTS: Final = 0.85  #: share of units that record first contact and control
RETURNS: Final = 0.03  #: share of leads that say the matter is not theirs
UPHELD: Final = 0.4  #: share of those that are right: the street leads instead
FAILS: Final = 0.05  #: share of results that do not pass the first check
QUESTIONS: Final = ("请问", "咨询", "怎么", "如何", "是否", "吗", "能不能", "什么时候")


@dataclass(frozen=True, slots=True)
class Act:
    """What somebody does next, and when.

    Attributes:
        photos: Stages of the photos that are put with the case first.
        round_no: The round that they show.
    """

    at: datetime
    intent: Intent
    photos: tuple[str, ...] = ()
    round_no: int = 1


def draw(identity: str, what: str) -> float:
    """A number in [0, 1) that depends on nothing but the message's id and what it is drawn for."""
    digest = hashlib.sha256(f"{identity}|{what}".encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48


@dataclass(frozen=True, slots=True)
class Script:
    """The script of one message."""

    message: Message

    def draw(self, what: str) -> float:
        """A number in [0, 1) of this message."""
        return draw(self.message.id, what)

    @property
    def whole(self) -> timedelta:
        """From submitted to replied."""
        return self.message.replied_at - self.message.submitted_at

    def after(self, since: timedelta, what: str, least: float, most: float, share: float | None) -> timedelta:
        """So long after `since`: between `least` and `most` minutes, at most that share of the whole; in whole seconds."""
        long = MINUTE * (least + (most - least) * self.draw(what))
        added = long if share is None else min(long, self.whole * share)
        return timedelta(seconds=int((since + added).total_seconds()))

    def moment(self, offset: timedelta) -> datetime:
        """The instant so long after submission."""
        return self.message.submitted_at + offset

    def report(self, known: Catalogue) -> Report:
        """How the message is handed in."""
        grids = sorted(u.code for u in known.units.values() if u.kind == "GRID")
        source = next(name for upto, name in SOURCES if self.draw("source") < upto)
        area = grids[int(self.draw("grid") * len(grids))]
        m = self.message
        return Report(m.subject, m.body, source, area, requester=f"replay {m.user}", phone=pretend_phone(m.user), key=f"replay:{m.id}")

    # -- when ----------------------------------------------------------------------------------------------------------

    def triaged(self) -> timedelta:
        """When the centre has decided on what no rule claimed."""
        return self.after(timedelta(), "triage", 10, 180, 0.05)

    def decided(self, climbs: int) -> timedelta:
        """When the level that holds it, after so many climbs, has decided."""
        since = self.triaged()
        for i in range(climbs + 1):
            since = self.after(since, f"decide {i}", 10, 420, 0.05)
        return since

    def within(self, clock: Row | None, what: str, latest: float) -> timedelta:
        """When a unit has done what a clock asks: four of five in time, some late, some very late; never later than a share of the whole.

        Args:
            clock: The clock that measures it, with start and due moment; None when the policy sets no limit.
            what: What it is drawn for.
            latest: Share of the time to T1 by which it has happened whatever was drawn.
        """
        cap = timedelta(seconds=int(self.whole.total_seconds() * latest))
        if clock is None:
            return cap
        asked: timedelta = clock["started_at"] - self.message.submitted_at
        return min(self.paced(clock, what) - self.message.submitted_at, max(cap, asked))

    def paced(self, clock: Row, what: str) -> datetime:
        """When what a clock asks is done, if nothing hurries it."""
        least, most = next(span for upto, span in PACE if self.draw(f"pace {what}") < upto)
        share = least + (most - least) * self.draw(what)
        at: datetime = clock["started_at"] + timedelta(seconds=int((clock["due_at"] - clock["started_at"]).total_seconds() * share))
        return at

    def finished(self, order_no: int, *, lead: bool, checked: bool, again: bool = False) -> timedelta:
        """When a unit says done: co-handlers before the lead, the lead a little before the check, or at T1 where none is needed.

        What has to be done `again` is done in what is left of that little.
        """
        if not lead:
            return timedelta(seconds=int(self.whole.total_seconds() * (0.6 + 0.25 * self.draw(f"finish {order_no}"))))
        if not checked:
            return self.whole
        before = self.after(timedelta(), "check", 10, 240, 0.1)
        return self.whole - (before // 3 if again else before)

    def failed(self) -> timedelta:
        """When the first check fails: after the lead has said done, early enough for doing it again."""
        return self.whole - self.after(timedelta(), "check", 10, 240, 0.1) * 2 // 3

    def rated(self) -> timedelta | None:
        """When the resident rates; None for silence."""
        if self.draw("rates") >= RATES:
            return None
        return self.after(self.whole, "rate", 30, 4 * 24 * 60, None)

    def judged(self) -> timedelta:
        """When the centre has judged a bad rating."""
        return self.after(self.rated() or self.whole, "judge", 30, 600, None)

    # -- what ----------------------------------------------------------------------------------------------------------

    def next(self, draft: Draft, climbs: int) -> Act | None:
        """What somebody does next in this case; None when only a clock or the engine can go on.

        Args:
            draft: The case as it stands.
            climbs: How often it has been reported up.
        """
        act = _ACTS.get(draft.state)
        acts = (None if act is None else act(self, draft, climbs), self._statutory(draft))
        return min((a for a in acts if a is not None), key=lambda a: a.at, default=None)

    def _case(self, draft: Draft, kind: str, actor: Actor, offset: timedelta, args: Mapping[str, object]) -> Act:
        return Act(self.moment(offset), Intent(draft.case["id"], kind, actor, args=args))

    def _statutory(self, draft: Draft) -> Act | None:
        """The report that the law demands of a sensitive case."""
        clock = draft.open_clock("statutory", None)
        if clock is None:
            return None
        args = {"result": "已按规定报告"}
        return Act(self.paced(clock, "statutory"), Intent(draft.case["id"], "report_statutory", centre(draft.catalogue), args=args))

    def _file(self, draft: Draft, _: int) -> Act:
        """What no rule claims the centre files: a question as an inquiry, the rest as a suggestion to look at."""
        asks = any(word in self.message.subject + self.message.body for word in QUESTIONS)
        args = {"category": "G05" if asks else "G06", "urgency": "P2" if asks else "P3"}
        return self._case(draft, "file", centre(draft.catalogue), self.triaged(), args)

    def _route(self, draft: Draft, climbs: int) -> Act:
        """What the engine could not route by the catalogue."""
        args = sending.by_centre(draft, sending.route(draft))
        return self._case(draft, "dispatch", centre(draft.catalogue), self.decided(climbs), args)

    def _decide(self, draft: Draft, climbs: int) -> Act:
        """The level that holds it sends it on or handles it where it may; what it may not, it reports up."""
        found, case, known = sending.route(draft), draft.case, draft.catalogue
        if Level(case["level"]) is Level.DISTRICT:
            return self._case(draft, "dispatch", centre(known), self.decided(climbs), sending.by_centre(draft, found))
        holder, own = of_unit(known, case["holder_unit_id"]), found.lead == case["holder_unit_id"] and not found.co
        open_ = found.lead is None or found.refused is not None or (own and "decide" not in draft.facts().rights)
        if open_ or Level(case["level"]).height < Level(case["authority"]).height:
            return self._case(draft, "report_up", holder, self.decided(climbs), {})
        if own:
            return self._case(draft, "handle_here", holder, self.decided(climbs), {})
        return self._case(draft, "dispatch", holder, self.decided(climbs), sending.by_catalogue(found))

    def _work(self, draft: Draft, _: int) -> Act | None:
        """The earliest thing that any of the units does next, or that the centre rules."""
        returned = {r.order_no: r for r in draft.asks() if r.kind is RequestKind.RETURN}
        waiting = [self._rule(draft, request) for request in returned.values()]
        acts = [act for no, order in draft.orders.items() if no not in returned and (act := self._order(draft, order)) is not None]
        return min((*waiting, *acts), key=lambda a: (a.at, a.intent.no or 0), default=None)

    def _rule(self, draft: Draft, request: RequestFacts) -> Act:
        """The centre rules on a return: the street leads, or it stays where it is."""
        at = self.moment(self.within(draft.open_clock("rule", request.order_no), f"rule {request.no}", 0.5))
        upheld = self.draw("upheld") < UPHELD and sending.street(draft) != request.unit_id
        args = sending.to_street(draft, "经核实，由属地街道牵头", "unit") if upheld else {"reason": "属于该单位职责"}
        action = "uphold_return" if upheld else "reject_return"
        return Act(at, Intent(draft.case["id"], action, centre(draft.catalogue), Thing.REQUEST, request.no, args))

    def _order(self, draft: Draft, order: Row) -> Act | None:
        no, case_id = order["no"], draft.case["id"]
        unit = of_unit(draft.catalogue, order["unit_id"])
        clocks = {c["kind"]: c for c in draft.clocks if c["order_no"] == no}
        if order["state"] == OrderState.SENT:
            at = self.moment(self.within(clocks.get("acknowledge"), f"ack {no}", 0.45))
            if self._gives_back(draft, order, at):
                args = {"code": "not_our_duty", "reason": "不属于本单位职责"}
                return Act(at, Intent(case_id, "ask_return", unit, Thing.ORDER, no, args))
            return Act(at, Intent(case_id, "acknowledge", unit, Thing.ORDER, no))
        if order["state"] != OrderState.WORKING:
            return None
        for action, column, latest in (("contact", "contacted_at", 0.5), ("control", "controlled_at", 0.55)):
            if action in clocks and order[column] is None and self.draw(f"{action}s {no}") < CONTACTS:
                at = self.moment(self.within(clocks[action], f"{action} {no}", latest))
                return Act(at, Intent(case_id, action, unit, Thing.ORDER, no))
        return self._finish(draft, order, unit)

    def _gives_back(self, draft: Draft, order: Row, at: datetime) -> bool:
        """Whether the lead says that the matter is not its own; once, and while it still may."""
        may = order["lead"] and order["returnable"] and order["unit_id"] != draft.catalogue.desk_id
        return bool(may and self.draw("gives back") < RETURNS and in_window(draft, order, at))

    def _finish(self, draft: Draft, order: Row, unit: Actor) -> Act:
        """Done, with the photos that the category's closing condition asks of the lead."""
        case, no = draft.case, order["no"]
        at = self.moment(self.finished(no, lead=order["lead"], checked=case["needs_check"], again=case["round"] > 1))
        closing = draft.catalogue.categories[case["category"]].closing if order["lead"] else ()
        intent = Intent(case["id"], "finish", unit, Thing.ORDER, no, {"result": self.message.reply or "已办结"})
        return Act(at, intent, tuple(each.removeprefix("photo_") for each in closing), case["round"])

    def _check(self, draft: Draft, _: int) -> Act | None:
        if not draft.case["needs_check"]:
            return None
        if draft.case["round"] == 1 and self.draw("first check") < FAILS:
            return self._case(draft, "fail_check", checker(draft), self.failed(), {"reason": "现场尚未恢复"})
        return self._case(draft, "pass_check", checker(draft), self.whole, {})

    def _rate(self, draft: Draft, _: int) -> Act | None:
        offset = self.rated()
        if offset is None:
            return None
        score = next(s for upto, s in ((0.35, 5), (0.65, 4), (0.85, 3), (0.95, 2), (1.0, 1)) if self.draw("score") < upto)
        resident = Actor(name="resident", resident_id=draft.case["requester_id"])
        return self._case(draft, "rate", resident, offset, {"solved": score >= 3, "score": score})

    def _judge(self, draft: Draft, _: int) -> Act | None:
        if draft.case["solved"] and draft.case["score"] >= 3:
            return None
        return self._case(draft, "close", centre(draft.catalogue), self.judged(), {"reason": "已向居民说明，数据中只有一次答复"})


_ACTS: Final = {
    State.ACCEPTED: Script._file,
    State.FILED: Script._route,
    State.REPORTING: Script._decide,
    State.DISPATCHED: Script._work,
    State.HANDLING: Script._work,
    State.HANDLED: Script._check,
    State.FED_BACK: Script._rate,
    State.EVALUATED: Script._judge,
}
