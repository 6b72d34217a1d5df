"""Who answers for what (责任书, 包保, 专业网格, 网格人员, 五大员): asked for one place, gaps, the five levels, the tables behind it."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from fastapi import APIRouter, Response
from sqlalchemy.orm import Session

from rules.facts import Refused
from services.mechanisms import is_on
from services.people.rights import on_record
from services.privacy.masking import masked
from services.responsibility.asking import Answer, responsible
from services.responsibility.duties import Duty, ends
from services.responsibility.entering import SheetRefused, end, enter, may_end
from services.responsibility.gaps import Report, gaps
from services.responsibility.levels import Desk, board
from services.responsibility.listing import PAST, as_written, rows_of, written
from services.responsibility.reference import SLOTS, lines, offices
from services.responsibility.sheets import KINDS, Kind, kind_of
from services.tables import read_table, reason_of
from web.console.ledgers.forms import Acts, Ask, Form, Looks, Option, Said, Turn, carried_out, shown
from web.console.ledgers.offers import areas, categories
from web.console.ledgers.rights import check_ours, leads
from web.words import translated

router = APIRouter(include_in_schema=False)
_HERE: Final = "/ledgers/responsibility"
_MOST: Final = 300  #: rows of a table that are shown
_GAPS: Final = 15  #: of each kind that are shown
_UNREAD: Final = frozenset({"duty_en", "promise_en"})  #: columns that the page of a table leaves to the file
_SHORT: Final = frozenset({"from", "to", "code"})  #: columns that do not wrap
_THERE: Final[Mapping[str, str]] = {
    "self": "本人在岗",
    "deputy": "本人不在，由责任书上的B角顶",
    "own_deputy": "本人不在，由其B角顶",
    "roster": "本人不在，由值班的顶",
    "unit": "没有指定个人，由本单位接",
    "nobody": "现在没有人在岗，请安排值班",
}
_DONE: Final[Mapping[str, str]] = {"import": "表格已录入；已有的行没有重复。", "end": "这一行已到此为止，记录还在。"}


@router.get("/ledgers/responsibility")
def index(turn: Looks) -> Response:
    """What is missing, what lies with whom, and the tables."""
    return _index(turn)


@router.post("/ledgers/responsibility")
def ask(turn: Acts) -> Response:
    """Who is responsible for a place and a matter now; changes nothing, but what was typed stands in no address."""
    found: list[Answer] = []

    def deed(session: Session, turn: Turn) -> None:
        area = turn.text("area")
        if area not in turn.known.areas:
            raise Refused("unknown_area", area=area)
        place = turn.text("place")
        found.append(responsible(session, turn.known.unit_ids[area], turn.maybe("category"), turn.now, place))

    refused = carried_out(turn, {"ask": deed}, _index, _HERE)
    return _index(turn, Said("ask", typed=turn.form.fields if turn.form else {}), found[0]) if found else refused


@router.get("/ledgers/responsibility/{code}")
def sheet(code: str, turn: Looks) -> Response:
    """One of the tables."""
    return _sheet(turn, code)


@router.post("/ledgers/responsibility/{code}")
def change(code: str, turn: Acts) -> Response:
    """Enter a whole table, or end a row of it."""
    kind_of(code)
    deeds = {"import": lambda s, t: _import(s, t, code), "end": lambda s, t: _end(s, t, code)}
    return carried_out(turn, deeds, lambda t, said: _sheet(t, code, said), f"{_HERE}/{code}")


@router.post("/ledgers/responsibility/{code}/export")
def export(code: str, turn: Acts) -> Response:
    """A table as a spreadsheet, as it can be entered again; who took it away goes on record."""
    if not leads(turn.actor):
        raise Refused("not_for_responsibility")
    with turn.site.database.unit_of_work() as session:
        rows = as_written(session, code, rows_of(session, code, turn.now, turn.maybe("area")), turn.lang)
        on_record(session, turn.actor.name, "responsibility_exported", code, {"rows": len(rows) - 1}, turn.now)
    name = f"responsibility-{code}-{turn.now.astimezone(turn.known.zone):%Y%m%d}.xlsx"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    sheet_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return Response(written(rows, ".xlsx"), media_type=sheet_type, headers=headers)


def _import(session: Session, turn: Turn, code: str) -> None:
    with turn.table("table") as path:
        table = read_table(path, kind_of(code).required)
    try:
        enter(session, code, table, turn.actor, turn.now)
    except SheetRefused as refused:
        first = refused.wrong[0]
        column = turn.words.word("column", f"resp_{first.column}") if first.column else "—"
        about = {"rows": len(refused.wrong), "line": first.reject.line, "field": column, "why": reason_of(first.reject)}
        raise Refused("table_rows_wrong", **about) from None


def _end(session: Session, turn: Turn, code: str) -> None:
    end(session, code, turn.whole("row"), turn.moment("at") or turn.now, turn.actor, turn.now)


# the index ------------------------------------------------------------------------------------------------------------


def _index(turn: Turn, said: Said | None = None, found: Answer | None = None) -> Response:
    check_ours(turn)
    area = turn.asked("area") if "area" in turn.request.query_params else _own_area(turn)
    area = area if area in turn.known.areas else None
    with turn.site.database.unit_of_work() as session:
        on, levels_on = is_on(session, "responsibility"), is_on(session, "levels") and "admin" not in turn.actor.roles
        report = gaps(session, turn.now, area) if on else None
        desks = board(session, turn.actor, turn.now) if levels_on else []
    asks = (
        Ask("area", "在哪里", "select", options=areas(turn)),
        Ask("category", "什么事", "select", wanted=False, options=categories(turn)),
        Ask("place", "具体地点", wanted=False, hint="例如 湖滨南路23号"),
    )
    return shown(
        turn,
        "ledgers/responsibility.html",
        said,
        _DONE,
        kinds=tuple(KINDS),
        form=Form("ask", "谁负责", asks) if on else None,
        answer=_answer(turn, found) if found is not None else None,
        gaps=_gaps(turn, report) if report is not None else None,
        levels=_levels(turn, desks),
        area=area,
        areas=areas(turn, "SUBDISTRICT", "COMMUNITY"),
        off=not on,
    )


def _own_area(turn: Turn) -> str | None:
    """The street or community that this person works for, as far as it is one."""
    line = (turn.known.units[unit] for unit in turn.actor.unit_line)
    return next((unit.code for unit in line if unit.kind in ("SUBDISTRICT", "COMMUNITY")), None)


def _answer(turn: Turn, found: Answer) -> dict[str, Any]:
    words, duty = turn.words, found.duty
    if duty is None:
        return {"gap": True}
    person, there = found.person, found.there.person
    return {
        "gap": False,
        "post": duty.post,
        "person": words.named(person.title) if person else None,
        "unit": words.unit(found.unit_id)[1],
        "there": translated(_THERE[found.there.how], turn.lang),
        "stands_in": words.named(there.title) if there is not None and there is not person else None,
        "promise": duty.promise,
        "document": duty.document,
        "reasons": [words.word("responsibility_reason", code) for code in found.reasons],
        "beaten": len(found.beaten),
    }


def _gaps(turn: Turn, report: Report) -> dict[str, Any]:
    words, every = turn.words, len(turn.known.offered)
    return {
        "uncovered": [
            (words.unit(e.grid_id)[1], len(e.categories) == every, len(e.categories), e.staffed) for e in report.uncovered[:_GAPS]
        ],
        "overlaps": [(words.unit(e.area_id)[1], e.section, _matter(turn, e.matter), len(e.ids)) for e in report.overlaps[:_GAPS]],
        "vacant": [_vacant(turn, duty) for duty in report.vacant[:_GAPS]],
        "expiring": [(words.unit(row["area_unit_id"])[1], row["document"], ends(row)) for row in report.expiring[:_GAPS]],
        "counts": {name: len(getattr(report, name)) for name in ("uncovered", "overlaps", "vacant", "expiring")},
    }


def _vacant(turn: Turn, duty: Duty) -> tuple[str | None, str, str | None]:
    words = turn.words
    person = turn.known.by_id.get(duty.staff_id) if duty.staff_id is not None else None
    who = words.named(person.title) if person is not None else words.unit(duty.unit_id)[1]
    return words.unit(duty.area_id)[1], " ".join(each for each in (duty.section, _matter(turn, duty.matter)) if each), who


def _levels(turn: Turn, desks: Sequence[Desk]) -> list[tuple[str, str | None, int, int]]:
    words = turn.words
    return [(words.word("responsibility_level", d.level), words.unit(d.unit_id)[1], d.cases, d.late) for d in desks[:30]]


def _matter(turn: Turn, code: str) -> str:
    """A matter in words: a line, a category, a family, or any."""
    words, known = turn.words, turn.known
    if not code:
        return translated("全部事项", turn.lang)
    if code in lines():
        return str(words.named(lines()[code].name))
    if code in known.categories:
        return f"{code} {words.named(known.categories[code].name)}"
    return translated("%(code)s大类", turn.lang, code=code)


# one table ------------------------------------------------------------------------------------------------------------


def _sheet(turn: Turn, code: str, said: Said | None = None) -> Response:
    check_ours(turn)
    kind, area = kind_of(code), turn.asked("area") if turn.asked("area") in turn.known.areas else None
    past = turn.asked("past") == "yes"
    with turn.site.database.unit_of_work() as session:
        on = is_on(session, kind.mechanism)
        rows = [row for row in rows_of(session, code, turn.now, area) if past or row["stands"] != PAST]
        _, *cells = as_written(session, code, rows[:_MOST], "en")
    columns = [column.name for column in kind.columns if column.name not in _UNREAD]
    places = [i for i, column in enumerate(kind.columns) if column.name not in _UNREAD]
    return shown(
        turn,
        "ledgers/sheet.html",
        said,
        _DONE,
        code=code,
        kinds=tuple(KINDS),
        columns=[turn.words.word("column", f"resp_{name}") for name in columns],
        rows=[
            (row, [(_cell(turn, columns[n], line[i]), columns[n] in _SHORT) for n, i in enumerate(places)])
            for row, line in zip(rows, cells, strict=False)
        ],
        left=max(0, len(rows) - _MOST),
        area=area,
        past=past,
        areas=areas(turn, "SUBDISTRICT", "COMMUNITY"),
        forms=_forms(turn, kind, rows) if on and leads(turn.actor) else (),
        may=leads(turn.actor),
        off=not on,
    )


def _cell(turn: Turn, column: str, text: str) -> str:
    """A cell as people read it: codes of units, people, lines and offices by name."""
    known, words = turn.known, turn.words
    if column in ("area", "grid", "unit"):
        return str(words.unit(known.unit_ids[text])[1]) if text in known.unit_ids else text
    if column in ("user", "deputy", "holder") and text in known.people:
        return words.named(known.people[text].title) or text
    if column == "office" and text in offices():
        return str(words.named(offices()[text].name))
    if column == "matter" or (column == "line" and text):
        return _matter(turn, text)
    if column == "slot" and text in SLOTS:
        return words.word("profile_role", text)
    return masked(text) if column in ("place", "section", "duty", "promise") else text


def _forms(turn: Turn, kind: Kind, rows: Sequence[Mapping[str, Any]]) -> tuple[Form, ...]:
    headings = "、".join(column.zh for column in kind.columns if column.wanted) if turn.lang == "zh" else ", ".join(kind.required)
    hint = translated("CSV 或 XLSX，要有这些列：%(columns)s", turn.lang, columns=headings)
    found = [
        Form("import", "录入一张表", (Ask("table", "表格文件", "file", hint=hint),), hint="有一行不对，就一行也不进；已有的行不重复。")
    ]
    mine = [row for row in rows if may_end(turn.actor, turn.known, kind, row) and row["stands"] != PAST]
    if mine:
        options: list[Option] = [(str(row["id"]), _named_row(turn, kind, row)) for row in mine[:_MOST]]
        when = Ask("at", "从哪天起不再有效", "date", wanted=False, hint="不填则从现在起")
        found.append(Form("end", "提前结束一行", (Ask("row", "哪一行", "select", options=options), when), grave=True))
    return tuple(found)


def _named_row(turn: Turn, kind: Kind, row: Mapping[str, Any]) -> str:
    words = turn.words
    person = turn.known.by_id.get(row.get("staff_id") or 0)
    who = words.named(person.title) if person else words.unit(row.get("unit_id"))[1]
    what = row.get("section") or row.get("name") or row.get("slot") or row.get("office") or ""
    return " · ".join(str(each) for each in (row["id"], words.unit(row[kind.area])[1], _cell(turn, "slot", str(what)), who) if each)
