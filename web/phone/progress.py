"""A case as its reporter reads it: whose turn it is, by when and why, the six steps, what came of it, and who answers for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Case, connection_of, table
from rules.clocks import ClockKind
from rules.facts import FINAL, STEP_OF, Actor, ExtensionState, OrderState, Refused, State, Step
from services.answers.opening import has_rated
from services.attachments import attachments_of
from services.choices import choices, drafted, waited_for
from services.privacy.masking import masked
from services.privacy.showing import Shown, shown
from services.reading import CaseStory
from services.responsibility.profiles import Card, profile_of_case
from services.supplements import supplements_of
from services.why import Which, explain, for_public
from services.why.explanation import Explanation, Pause
from web.spoken import Standing, day_time, how_long, standing
from web.views import Words
from web.words import translated

STAGES_SHOWN: Final = frozenset({"before", "after"})
ASKS: Final = ("rate", "reopen", "withdraw")
#: The clock that stands for the promise, the first that is open; the resident's own window last.
_PROMISES: Final = tuple(k.value for k in (ClockKind.HANDLE, ClockKind.VERIFY, ClockKind.FEEDBACK, ClockKind.DECIDE, ClockKind.DISPATCH))
_BEFORE: Final = tuple(k.value for k in (ClockKind.TRIAGE, ClockKind.ACCEPT, ClockKind.OVERALL, ClockKind.EVALUATE))
#: States by which a step is reached.
_REACHED: Final[Mapping[Step, frozenset[str]]] = {
    Step.COLLECT: frozenset({State.SUBMITTED.value}),
    Step.TRIAGE: frozenset({State.FILED.value, State.DECLINED.value, State.DIVERTED.value, State.ANSWERED.value}),
    Step.REPORT: frozenset({State.DISPATCHED.value}),
    Step.HANDLE: frozenset({State.HANDLED.value}),
    Step.FEEDBACK: frozenset({State.FED_BACK.value}),
    Step.EVALUATE: frozenset({State.EVALUATED.value, State.CLOSED.value}),
}
_SAID: Final[Mapping[Step, str]] = {
    Step.COLLECT: "您提交",
    Step.TRIAGE: "看清是什么事、归谁办",
    Step.REPORT: "交给办理单位",
    Step.HANDLE: "现场办理",
    Step.FEEDBACK: "由别的人核查，再告诉您结果",
    Step.EVALUATE: "请您说：解决了吗，满意吗",
}
_ENDS: Final[Mapping[State, str]] = {
    State.CLOSED: "已办完",
    State.DECLINED: "这件事不归我们办",
    State.DIVERTED: "已转到别的渠道办",
    State.ANSWERED: "已当场答复",
    State.WITHDRAWN: "您已撤回",
    State.VOIDED: "登记有误，已取消",
    State.TERMINATED: "办不下去，已停止",
}
_case = table(Case)


@dataclass(frozen=True, slots=True)
class StepDone:
    """One of the six steps: `done`, `now` or `next`, when it was reached and what happened."""

    name: str
    stands: str
    at: str
    said: str


@dataclass(frozen=True, slots=True)
class Progress:
    """What the page shows.

    Attributes:
        no: The number that its reporter was told.
        shown_no: The number of the case that goes on with it, where it was merged.
        opened: False: more than its number is not shown here.
        whose: Who is to act next; empty: it has ended.
        yours: The reporter is.
        why: Question and answer, line by line.
        asks: What the reporter could do now.
        added: What reporters have added: when, in what words, whether a call is wanted.
        open_to_more: More may be added.
    """

    no: str
    shown_no: str
    opened: bool
    subject: str = ""
    area: str = ""
    reporters: int = 1
    whose: str = ""
    yours: bool = False
    ended: str = ""
    held: bool = False
    clock: Standing | None = None
    why: Sequence[tuple[str, str]] = ()
    delays: Sequence[str] = ()
    steps: Sequence[StepDone] = ()
    lasted: str = ""
    result: str = ""
    photos: Sequence[tuple[int, str, str]] = ()
    cards: Sequence[Card] = ()
    asks: frozenset[str] = field(default_factory=frozenset)
    added: Sequence[tuple[str, str, bool]] = ()
    open_to_more: bool = False


def progress(session: Session, no: str, who: int, now: datetime, lang: str) -> Progress:
    """The case as this reporter reads it; of one that was merged, the one that goes on. Changes nothing.

    Args:
        session: The unit of work.
        no: Number of the case.
        who: The reporter.
        now: The instant, aware UTC.
        lang: `zh` or `en`.

    Raises:
        Refused: `unknown_case`.
    """
    actor = Actor("resident", resident_id=who)
    own = shown(session, no, actor, now)
    shown_no = _head(session, own)
    found = shown(session, shown_no, actor, now) if shown_no != no else own
    if not own.seen.opened or not found.seen.opened:
        return Progress(no, shown_no, opened=False)
    return _Reader(session, found.story, actor, now, lang).read(no, own.story)


def _head(session: Session, own: Shown) -> str:
    case = own.story.case
    if case["merged_into_id"] is None:
        return str(case["no"])
    return str(connection_of(session).execute(select(_case.c.no).where(_case.c.id == case["merged_into_id"])).scalar_one())


@dataclass(frozen=True, slots=True)
class _Reader:
    session: Session
    story: CaseStory
    actor: Actor
    now: datetime
    lang: str

    def read(self, no: str, own: CaseStory) -> Progress:
        story, state = self.story, self.story.state
        draft = drafted(self.session, story.case["id"])
        rated = state is not State.FED_BACK or has_rated(self.session, draft, int(self.actor.resident_id or 0))
        open_now = {c.action for c in choices(draft, self.actor, self.now) if c.obstacle is None and c.action in ASKS}
        asks = frozenset(open_now - ({"rate"} if rated else set()))
        unit, clock = waited_for(draft), self._promise()
        over = state in FINAL
        return Progress(
            no,
            str(story.case["no"]),
            opened=True,
            subject=masked(own.case["subject"]),
            area=self._named(story.known.names[story.case["area_unit_id"]]),
            reporters=1 + story.case["reporters"],
            whose="" if over or unit is None else self._named(story.known.names[unit]),
            yours="rate" in asks,
            ended=self._text(_ENDS.get(state, "")) if over else "",
            held=state is State.ON_HOLD,
            clock=standing(clock, story.known, self.now, self.lang) if clock and not over else None,
            why=self._why(clock),
            delays=self._delays(),
            steps=self._steps(),
            lasted=how_long(int((self._end() - story.case["submitted_at"]).total_seconds()), self.lang),
            result=masked(story.case["result"] or ""),
            photos=self._photos(),
            cards=self._cards(),
            asks=asks,
            added=[(self._at(row["at"]), row["words"], row["call_back"]) for row in self._added()],
            open_to_more=not over,
        )

    def _added(self) -> list[Mapping[str, Any]]:
        """What this reporter has added; what others have is theirs."""
        return supplements_of(self.session, self.story.case["id"], int(self.actor.resident_id or 0))

    def _text(self, text: str, **values: Any) -> str:  # noqa: ANN401 - what the text names
        return translated(text, self.lang, **values) if text else ""

    def _named(self, name: Any) -> str:  # noqa: ANN401 - a name in both languages
        return str(getattr(name, self.lang))

    def _at(self, moment: datetime) -> str:
        return day_time(moment, self.now, self.story.known.zone, self.lang)

    def _end(self) -> datetime:
        """When it ended, or now."""
        return self.story.spells[-1].until if self.story.spells and self.story.state in FINAL else self.now

    # by when, and why -------------------------------------------------------------------------------------------------

    def _promise(self) -> Mapping[str, Any] | None:
        """The clock that stands for the promise; of several units the lead's."""
        lead = max((o["no"] for o in self.story.orders if o["lead"] and o["state"] != OrderState.RECALLED), default=None)
        live = [c for c in self.story.clocks if c["stopped_at"] is None and (c["order_no"] is None or c["order_no"] == lead)]
        return next((c for kind in (*_PROMISES, *_BEFORE) for c in live if c["kind"] == kind), None)

    def _why(self, clock: Mapping[str, Any] | None) -> list[tuple[str, str]]:
        if clock is None or self.story.case["sensitive"] is not None:
            return []
        found = [for_public(each) for each in explain(self.session, self.story.case["no"], self.now, Which(clock_id=clock["id"]))]
        return self._told(found[0]) if found and found[0].start is not None and found[0].limit else []

    def _told(self, about: Explanation) -> list[tuple[str, str]]:
        started = self._at(about.start.at) if about.start else ""
        paused = any(isinstance(event, Pause) for event in about.events)
        runs = self._text("没有，夜里和周末都算") if about.natural else self._text("没有；只算上班时间")
        told = [("从何时算", started), ("给多久", Words(self.story.known, self.lang).limit(about.limit))]
        told.append(("停过表吗", self._text("停过，原因见下") if paused else runs))
        told.append(("所以", self._text("%(at)s前", at=self._at(about.stored_due_at))))
        return [(self._text(name), value) for name, value in told]

    def _delays(self) -> list[str]:
        """Why it takes longer: more time that was granted, and holds with the reason that was given."""
        words, told = Words(self.story.known, self.lang), []
        for each in (e for e in self.story.extensions if e["state"] == ExtensionState.GRANTED):
            more, at, why = words.limit(each["amount"]), self._at(each["decided_at"]), masked(each["reason"])
            told.append(self._text("延期%(more)s，%(at)s批准：%(why)s", more=more, at=at, why=why))
        for entry in (e for e in self.story.journal if e["thing"] == "case" and e["action"] == "hold"):
            why = words.word("reason", str(entry["data"].get("code", "")))
            told.append(self._text("%(at)s起暂停：%(why)s", at=self._at(entry["at"]), why=why))
        return told

    # what happened ----------------------------------------------------------------------------------------------------

    def _steps(self) -> list[StepDone]:
        order, here = list(Step), STEP_OF[self.story.state]
        over = self.story.state in FINAL
        reached: dict[Step, datetime] = {}
        for entry in self.story.journal:
            if entry["thing"] == "case" and entry["after"] is not None:
                reached |= {step: entry["at"] for step, states in _REACHED.items() if entry["after"] in states}
        found = []
        for step in order:
            before = order.index(step) < order.index(here)
            done = (step in reached if over else before) or (step is here and over)
            stands = "done" if done else "now" if step is here and not over else "next"
            at = self._at(reached[step]) if done and step in reached else self._text("现在") if stands == "now" else ""
            found.append(StepDone(Words(self.story.known, self.lang).word("step", step.value), stands, at, self._said(step, stands)))
        return found

    def _said(self, step: Step, stands: str) -> str:
        lead = next((o for o in reversed(self.story.orders) if o["lead"] and o["state"] != OrderState.RECALLED), None)
        if lead is not None and step is Step.REPORT and stands == "done":
            return self._text("交给%(unit)s办", unit=self._named(self.story.known.names[lead["unit_id"]]))
        return self._text("已结案" if step is Step.EVALUATE and stands == "done" else _SAID[step])

    def _photos(self) -> list[tuple[int, str, str]]:
        rows = attachments_of(self.session, [self.story.case["id"]]).get(self.story.case["id"], [])
        names = {"before": "办理前", "after": "办理后"}
        return [
            (row["no"], self._text(names[row["stage"]]), self._at(row["taken_at"] or row["added_at"]))
            for row in sorted(rows, key=lambda r: (r["stage"] != "before", r["no"]))
            if row["stage"] in STAGES_SHOWN and row["media"].startswith("image/")
        ]

    def _cards(self) -> tuple[Card, ...]:
        """三亮; of a sensitive case, and where it is switched off, nothing."""
        try:
            return profile_of_case(self.session, str(self.story.case["no"]), self.now).cards
        except Refused:
            return ()
