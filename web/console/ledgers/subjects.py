"""Files of households and enterprises (一户一档, 一企一档): who has to be looked after how often, what was found, what is sealed."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from fastapi import APIRouter, Response
from sqlalchemy.orm import Session

from rules.facts import Refused, Thing
from rules.handling.subjects import ALERTS, TIERS
from services.affairs.acting import Ask as Move
from services.affairs.acting import act
from services.affairs.reading import masks, opened_affair
from services.affairs.seen import Wanted, check_seen, look_into, seen_affairs
from services.mechanisms import is_on
from services.moves.affairs.subject_tiers import WAITING, note_kinds, tier_of, visit_kinds
from services.privacy.masking import masked
from services.subjects import Alert, Ledger, Note, Subject, alert, issue_to_case, ledger, looks_at, open_subject, read_notes, write_note
from services.subjects.reference import FORMS
from web.console.ledgers.forms import Acts, Ask, Form, Looks, Said, Turn, carried_out, shown
from web.console.ledgers.offers import Moves, affair_moves, areas, open_moves, people, worded
from web.console.ledgers.rights import check_ours
from web.errors import refusal_in_words
from web.spoken import standing
from web.words import translated

router = APIRouter(include_in_schema=False)
_HERE: Final = "/ledgers/subjects"
_FORMS: Final[Mapping[str, str]] = {"household": "一户一档", "enterprise": "一企一档"}
_WHY: Final[Mapping[str, str]] = {"lowered": "另一人去看过，同意降级", "missed": "到时没去"}
_MOST: Final = 100  #: files a page
_DONE: Final[Mapping[str, str]] = {
    "look": "已记下这次走访，下一次从现在算起。",
    "alert": "已记下，等级按规定提升，去看的人已收到。",
    "note": "已密封，只有指定的人能打开。",
    "to_case": "已作为案件流转，问题留在清单里等确认。",
    "open": "档案已建，第一次走访的时限开始走。",
}


@router.get("/ledgers/subjects")
def listed(turn: Looks) -> Response:
    """The files that somebody sees, the next visit of each, those that are late first."""
    return _list(turn)


@router.post("/ledgers/subjects")
def enter(turn: Acts) -> Response:
    """Open a file."""
    return carried_out(turn, {"open": _open}, _list, _HERE)


@router.get("/ledgers/subjects/{no}")
def one(no: str, turn: Looks) -> Response:
    """One file: its visits, issues, alerts and tiers; nothing that is sealed."""
    return _one(turn, no)


@router.post("/ledgers/subjects/{no}")
def change(no: str, turn: Acts) -> Response:
    """Note a visit or an alert, seal a note, make a case of an issue; or open the sealed notes, which goes on record."""
    check_ours(turn)
    with turn.site.database.unit_of_work() as session:
        check_seen(session, turn.actor, no)
    if turn.text("do") == "read":
        return _read(turn, no)
    deeds = {
        "look": lambda s, t: _look(s, t, no),
        "alert": lambda s, t: _alert(s, t, no),
        "note": lambda s, t: write_note(s, no, t.text("kind"), t.text("text"), t.actor.name, t.now),
        "to_case": lambda s, t: _to_case(s, t, no),
    }
    return carried_out(turn, deeds, lambda t, said: _one(t, no, said), f"{_HERE}/{no}")


def _open(session: Session, turn: Turn) -> str:
    tier = turn.number("tier") or 1
    wanted = Subject(
        turn.text("form"),
        turn.text("code"),
        tier,
        area=turn.maybe("area"),
        kind=turn.text("kind"),
        place=turn.text("place"),
        identity=turn.text("identity"),
        phone=turn.maybe("phone"),
        name=turn.maybe("name"),
        readers=turn.many("readers"),
    )
    opened = open_subject(session, wanted, turn.actor, turn.setting)
    return f"{_HERE}/{opened.no}" + ("" if opened.known else "?done=open")


def _look(session: Session, turn: Turn, no: str) -> None:
    args = {"words": turn.text("words"), **({"way": turn.text("way")} if turn.text("way") else {})}
    act(session, Move(no, "look", turn.whole("part"), args), turn.actor, turn.setting)


def _alert(session: Session, turn: Turn, no: str) -> None:
    alert(session, no, Alert(turn.text("alert"), turn.text("words"), turn.number("tier")), turn.setting, turn.actor)


def _to_case(session: Session, turn: Turn, no: str) -> None:
    issue_to_case(session, no, turn.whole("part"), turn.actor, turn.setting)


def _read(turn: Turn, no: str) -> Response:
    """Show the sealed notes once; the look and its reason are on record before they are."""
    try:
        with turn.site.database.unit_of_work() as session:
            found = read_notes(session, no, turn.actor.name, turn.text("reason"), turn.now)
    except Refused as refusal:
        form = turn.form
        return _one(turn, no, Said("read", refusal_in_words(refusal, turn.lang), "", form.fields if form else {}))
    answer = _one(turn, no, notes=found)
    answer.headers["Cache-Control"] = "no-store"
    return answer


# the list -------------------------------------------------------------------------------------------------------------


def _list(turn: Turn, said: Said | None = None) -> Response:
    check_ours(turn)
    chosen = turn.asked("form") if turn.asked("form") in FORMS else "household"
    thing, mechanism, _ = FORMS[chosen]
    wanted = Wanted(thing, words=turn.asked("q"), after=turn.asked("after"), limit=_MOST)
    with turn.site.database.unit_of_work() as session:
        found, on = seen_affairs(session, turn.actor, wanted), is_on(session, mechanism)
    rows = [_row(turn, row, found.clocks.get((row["case_id"], row["seq"]))) for row in found.rows]
    return shown(
        turn,
        "ledgers/subjects.html",
        said,
        _DONE,
        rows=sorted(rows, key=lambda row: (row["clock"] is None, row["clock"].due_at if row["clock"] else turn.now)),
        tiers=Counter(row["tier"] for row in rows),
        late=sum(row["clock"] is not None and row["clock"].due_at <= turn.now for row in rows),
        chosen=chosen,
        tabs=_FORMS,
        asked=wanted,
        next=found.next,
        forms=(_open_form(turn),) if on else (),
        off=not on,
    )


def _row(turn: Turn, row: Mapping[str, Any], clock: Mapping[str, Any] | None) -> dict[str, Any]:
    known, words = turn.known, turn.words
    own = not masks(row, turn.actor)
    return {
        **row,
        "title": row["title"] if own else masked(row["title"]),
        "kind": row["data"].get("kind", ""),
        "state_name": words.word(f"{row['thing']}_state", row["state"]),
        "where": words.unit(row["area_unit_id"])[1],
        "unit": words.unit(row["unit_id"])[1],
        "clock": standing(clock, known, turn.now, turn.lang) if clock is not None else None,
        "looker": words.unit(clock["unit_id"])[1] if clock is not None else None,
    }


def _tiers(turn: Turn) -> list[tuple[str, str]]:
    return [(str(n), translated("%(n)d级", turn.lang, n=n)) for n in TIERS]


def _open_form(turn: Turn) -> Form:
    forms = [(code, translated(name, turn.lang)) for code, name in _FORMS.items()]
    return Form(
        "open",
        "建一份档案",
        (
            Ask("form", "哪一种", "select", options=forms),
            Ask("code", "档案代号", hint="例如 晨光1-03-501；不要写姓名"),
            Ask("tier", "等级", "select", options=_tiers(turn), hint="1级最少看，4级日夜守护"),
            Ask("area", "所在网格或社区", "select", wanted=False, options=areas(turn), hint="不选则为本人所在"),
            Ask("kind", "类型", wanted=False, hint="例如 独居老人、餐饮"),
            Ask("place", "地点", wanted=False),
            Ask("identity", "是谁（密封）", wanted=False, hint="密封保存，只有指定的人能打开"),
            Ask("phone", "企业联系人电话", "tel", wanted=False),
            Ask("name", "企业联系人", wanted=False),
            Ask("readers", "谁能打开密封记录", "many", wanted=False, options=people(turn)),
        ),
    )


# one file -------------------------------------------------------------------------------------------------------------


def _one(turn: Turn, no: str, said: Said | None = None, notes: list[Note] | None = None) -> Response:
    check_ours(turn)
    with turn.site.database.unit_of_work() as session:
        look_into(session, turn.actor, no, turn.now)
        sheet = opened_affair(session, no, turn.actor)
        book = ledger(session, sheet.affair["no"], turn.actor)
        looked = _looked(session, turn, sheet.affair["no"])
        mine = open_moves(session, no, turn.actor)
    waits = [part for part in sheet.parts if part["thing"] == Thing.LOOK.value and part["state"] in WAITING]
    clock = next((each for each in sheet.clocks if waits and each["part_no"] == waits[-1]["no"]), None)
    blot = masked if masks(sheet.affair, turn.actor) else str
    return shown(
        turn,
        "ledgers/subject.html",
        said,
        _DONE,
        file=_row(turn, sheet.affair, clock),
        book=book,
        looks=[part for part in sheet.parts if part["thing"] == Thing.LOOK.value and part["state"] not in WAITING][::-1][:20],
        issues=book.issues,
        **_history(turn, book),
        cases=_cases(book, mine),
        blot=blot,
        others=affair_moves(turn, mine, sheet.affair["thing"], "raise_tier"),
        forms=_forms(turn, book.form, waits, mine),
        read=Form("read", "打开密封记录", (Ask("reason", "为什么要看"),), hint="谁、什么时候、为什么看了，都会记录在案。"),
        notes=notes,
        looked=looked,
    )


def _history(turn: Turn, book: Ledger) -> dict[str, Any]:
    """What was heard and how the tier went, the newest first; and what the tier asks for now."""
    tier = tier_of(book.form, book.tier)
    return {
        "alerts": [{**heard, "at": datetime.fromisoformat(heard["at"])} for heard in reversed(book.alerts)],
        "tiers": [{**change, "why": _why(turn, change["why"])} for change in reversed(book.tiers)],
        "by": turn.words.word("responsibility_level", tier.by),
        "every": turn.words.limit(tier.look),
    }


def _why(turn: Turn, code: str) -> str:
    """Why a tier changed: somebody said that it may be less, or what was heard."""
    return translated(_WHY[code], turn.lang) if code in _WHY else turn.words.word("alert", code.removeprefix("alert:"))


def _cases(book: Ledger, mine: Moves) -> dict[int, Form]:
    """Of each issue that can go on as a case the button for it."""
    free = (issue.part for issue in book.issues if issue.case is None and (issue.part, "make_case") in mine)
    return {part: Form("to_case", "作为案件流转", fixed={"part": str(part)}) for part in free}


def _looked(session: Session, turn: Turn, no: str) -> list[dict[str, Any]] | None:
    """Who has opened the sealed notes; None: this person may not know."""
    try:
        return looks_at(session, no, turn.actor)
    except Refused:
        return None


def _forms(turn: Turn, form: str, waits: list[dict[str, Any]], mine: Moves) -> list[Form]:
    found = []
    due = next((part for part in reversed(waits) if (part["no"], "look") in mine), None)
    if due is not None:
        ways = Ask("way", "走访种类", "select", wanted=False, options=worded(turn, "part_role", visit_kinds(form)))
        words = Ask("words", "看到了什么", "textarea", hint="病情等敏感内容写进密封记录，不写在这里")
        found.append(Form("look", "记一次走访", (words, ways), fixed={"part": str(due["no"])}))
    if (None, "raise_tier") in mine:
        heard = Ask("alert", "什么情况", "select", options=worded(turn, "alert", ALERTS))
        tier = Ask("tier", "至少提到几级", "select", wanted=False, options=_tiers(turn))
        found.append(Form("alert", "报一次警情", (heard, Ask("words", "说明", "textarea", wanted=False), tier)))
    kinds = Ask("kind", "哪一类", "select", options=worded(turn, "note_kind", note_kinds()))
    found.append(Form("note", "写一条密封记录", (kinds, Ask("text", "内容", "textarea")), hint="写的人自己也要有权才能再打开。"))
    return found
