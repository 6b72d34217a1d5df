"""Meetings: called, agreed on with shares and terms, handed out as work orders, or sent on to mediation or up."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from sqlalchemy.orm import Session

from rules.facts import Actor, Refused, State, Thing
from rules.handling import MECHANISM_OF
from rules.handling.agreeing import Phase, TermState, VoiceState
from services.affairs import Began, Plan, begin, find, open_on
from services.affairs.acting import Ask, act
from services.affairs.elsewhere import check_not_at_law
from services.affairs.voices import Voice, resolved
from services.catalogue import catalogue
from services.mechanisms import require
from services.moves import Along, Draft, Intent, Row, Setting, make_moves, read_drafts
from services.moves.affairs.deliberation import forms

CODE: Final = "deliberation"
_WITH_UNITS: Final = (State.DISPATCHED, State.HANDLING)
_BEFORE_UNITS: Final = (State.FILED, State.REPORTING)


@dataclass(frozen=True, slots=True)
class Called:
    """A meeting as it is called.

    Attributes:
        title: What it is about.
        form: Code of a form (seeds/deliberation.toml): bench, council, owners, hearing, task_force, talk.
        voices: Who takes part.
        at: When, as ISO writes it, with its zone.
        rule: Code of a vote rule, where it votes; `options`, what on; `heads` and `area_dm2`, of how many.
        judged: Code of the unit whose work a hearing is about; the case's lead where none is named. `month`: which month of it.
        limit: How long until its minutes are written; a day from `at` where nobody says otherwise.
    """

    title: str
    form: str
    voices: Sequence[Voice] = ()
    at: str | None = None
    place: str = ""
    body: str = ""
    rule: str | None = None
    options: tuple[str, ...] | None = None
    heads: int | None = None
    area_dm2: int | None = None
    judged: str | None = None
    month: str | None = None
    limit: str | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """Who carries which part of the cost: number of the voice, basis points of 10000."""

    voice: int
    bp: int


@dataclass(frozen=True, slots=True)
class Term:
    """What somebody has to do.

    Attributes:
        title: What.
        voice: Number of the voice whose obligation it is; else `unit`, the code of a unit, or `user`, somebody of the staff.
        limit: By when: `3wd`, or a moment with its zone; ten working days where nobody says otherwise.
    """

    title: str
    voice: int | None = None
    unit: str | None = None
    user: str | None = None
    limit: str | None = None


@dataclass(frozen=True, slots=True)
class Agreement:
    """What was agreed.

    Attributes:
        text: In words.
        amount_fen: What it costs, where shares are given; they add up to 10000 exactly.
        sign: Numbers of the voices that have to sign; None: whoever takes something on (of a dispute: every side); empty: nobody.
        at_table: All of them have signed on the spot.
    """

    text: str
    shares: Sequence[Share] = ()
    amount_fen: int | None = None
    terms: Sequence[Term] = ()
    sign: tuple[int, ...] | None = None
    at_table: bool = False


@dataclass(frozen=True, slots=True)
class HandedOut:
    """Terms of units as work orders of the case: the units that have one, and those that wait, with the code that says why."""

    ordered: list[str] = field(default_factory=list)
    waiting: dict[str, str] = field(default_factory=dict)


def call(session: Session, called: Called, actor: Actor, setting: Setting, cases: Sequence[str] = (), area: str | None = None) -> Began:
    """Call a meeting, on cases or on none.

    Raises:
        Refused: `mechanism_off`, `unknown_form_of_meeting`, `unknown_vote_rule`, `handled_elsewhere`,
            and what the table and `services.affairs` say.
    """
    require(session, CODE)
    given = {name: value for name, value in asdict(called).items() if name not in ("voices", "judged")}
    judged = {"judged": _unit(session, called.judged)} if called.judged else {}
    if not forms().get(called.form, {}).get("hearing"):
        check_not_at_law(session, cases)
    plan = Plan("call_meeting", {**given, **judged, "voices": resolved(session, called.voices) or None})
    return open_on(session, list(cases), plan, actor, setting) if cases else begin(session, plan, actor, setting, area)


def _unit(session: Session, code: str) -> int:
    known = catalogue(session)
    if code not in known.unit_ids:
        raise Refused("unknown_unit", unit=code)
    return known.unit_ids[code]


def agree(session: Session, no: str, agreement: Agreement, actor: Actor, setting: Setting) -> HandedOut:
    """Write down what a meeting or a dispute has agreed on; units get work orders of the case where who agrees may send them.

    Raises:
        Refused: `unknown_affair`, `shares_not_whole`, `agreed_amount_missing`, `term_incomplete`, and what the table says.
    """
    args = {
        "text": agreement.text,
        "shares": tuple(asdict(share) for share in agreement.shares),
        "amount_fen": agreement.amount_fen,
        "terms": tuple(_term(session, term) for term in agreement.terms),
        "sign": agreement.sign,
        "at_table": agreement.at_table or None,
    }
    given = {name: value for name, value in args.items() if value is not None}
    require(session, MECHANISM_OF[find(session, no).thing])
    act(session, Ask(no, "agree", None, given), actor, setting)
    return hand_out(session, no, actor, setting)


def _term(session: Session, term: Term) -> dict[str, Any]:
    unit = _unit(session, term.unit) if term.unit else None
    staff = catalogue(session).actor(term.user).user_id if term.user else None
    values = {"title": term.title, "voice": term.voice, "unit": unit, "staff": staff, "limit": term.limit}
    return {name: value for name, value in values.items() if value is not None}


def hand_out(session: Session, no: str, actor: Actor, setting: Setting) -> HandedOut:
    """Make what units have agreed to do work orders of the case, where it is under way; safe to repeat.

    A unit that has a work order already has its term hang on that one. Finishing the work order fulfils the term.

    Returns:
        Who has one now; who waits, because the case or who asks is not where it could be sent, has the reason.
    """
    ref, done = find(session, no), HandedOut()
    for unit, title in _owing(_draft(session, ref.case_id), ref.seq).items():
        draft = _draft(session, ref.case_id)
        code = draft.catalogue.units[unit].code
        refused = None if _has_order(draft, unit) else _send(session, draft, unit, title, actor, setting)
        if refused is None:
            done.ordered.append(code)
        else:
            done.waiting[code] = refused
    return done


def _draft(session: Session, case_id: int) -> Draft:
    return read_drafts(session, [case_id], Along(affairs=[case_id]), lock=False)[case_id]


def _owing(draft: Draft, seq: int) -> Mapping[int, str]:
    """Units that have something to do, and what; nothing where there is no loop to hand it out in, or no agreement in force."""
    if draft.affairs[seq]["state"] not in (Phase.SIGNING, Phase.AGREED) or draft.state not in (*_WITH_UNITS, *_BEFORE_UNITS):
        return {}
    terms = (t for t in draft.parts_of(seq, Thing.TERM) if t["state"] == TermState.DUE and t["amount_fen"] is None)
    return {term["unit_id"]: term["title"] for term in terms if term["unit_id"] is not None}


def _has_order(draft: Draft, unit: int) -> bool:
    return any(order["unit_id"] == unit for order in draft.present())


def _was_there(draft: Draft, unit: int) -> bool:
    voices = (part for part in draft.parts.values() if part["thing"] == Thing.VOICE and part["unit_id"] == unit)
    return any(voice["state"] in (VoiceState.PRESENT, VoiceState.SIGNED) for voice in voices)


def _send(session: Session, draft: Draft, unit: int, title: str, actor: Actor, setting: Setting) -> str | None:
    """Send a work order: the lead's where there is none yet. The code of the refusal, None once it is sent."""
    case: Row = draft.case
    first = draft.state in _BEFORE_UNITS
    args: dict[str, object] = {"lead" if first else "unit": unit, "reason": title}
    if _was_there(draft, unit):  # what a unit has itself agreed to may lie off its list of duties; the move says so
        args["override"] = True
    (outcome,) = make_moves(session, [Intent(case["id"], "dispatch" if first else "add_co", actor, args=args)], setting)
    return outcome.code if isinstance(outcome, Refused) else None


def fail(
    session: Session, no: str, onward: str, reason: str, actor: Actor, setting: Setting, sides: Sequence[int] = (), kind: str = "other"
) -> str | None:
    """Say that a meeting has come to no agreement, or that it was not kept; it goes on in mediation, or up.

    Args:
        session: The unit of work.
        no: Number of the meeting.
        onward: `mediation` opens a dispute with the same people; `up` reports the case up, where the actor's unit holds it.
        reason: Why.
        actor: Who says so.
        setting: The instant.
        sides: Numbers of the voices that are the sides of the dispute; needed for mediation.
        kind: Kind of the dispute.

    Returns:
        The number of the dispute; None where it goes up.

    Raises:
        Refused: `sides_missing`, `unknown_voice`, `mechanism_off` and what the table says.
    """
    ref = find(session, no, Thing.MEETING)
    draft = _draft(session, ref.case_id)
    voices = {v["no"]: v for v in draft.parts_of(ref.seq, Thing.VOICE)}
    unknown = [side for side in sides if side not in voices]
    if unknown:
        raise Refused("unknown_voice", part=unknown[0])
    if onward == "mediation" and len(sides) < 2:
        raise Refused("sides_missing")
    act(session, Ask(no, "fail_meeting", None, {"onward": onward, "reason": reason}), actor, setting)
    if onward == "mediation":
        parties = tuple(_as_party(voices[side]) for side in sides)
        check_not_at_law(session, [draft.case["no"]])
        plan = Plan("open_dispute", {"title": draft.affairs[ref.seq]["title"], "kind": kind, "voices": parties, "body": reason})
        return open_on(session, [draft.case["no"]], plan, actor, setting).no
    if draft.state is State.REPORTING:
        make_moves(session, [Intent(ref.case_id, "report_up", actor)], setting)
    return None


def _as_party(voice: Row) -> dict[str, Any]:
    values = {"unit": voice["unit_id"], "staff": voice["staff_id"], "resident": voice["requester_id"], "label": voice["title"] or None}
    return {"role": "party", **{name: value for name, value in values.items() if value is not None}}
