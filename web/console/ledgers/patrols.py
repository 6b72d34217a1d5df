"""Patrols (巡查队伍): groups and stations with what became of their reports, members by number, a report written down for a member."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from fastapi import APIRouter, Response
from sqlalchemy.orm import Session

from rules.facts import Refused
from services import patrols
from services.mechanisms import is_on
from services.patrols import AGES, Line, Opening, Resident
from services.patrols.places import check_keeper, found
from services.privacy.masking import masked
from services.visibility import is_visible
from web.console.ledgers.forms import Acts, Ask, Form, Looks, Option, Said, Turn, carried_out, shown
from web.console.ledgers.offers import areas, worded
from web.console.ledgers.rights import check_ours
from web.intake import kept

router = APIRouter(include_in_schema=False)
_HERE: Final = "/ledgers/patrols"
_DONE: Final[Mapping[str, str]] = {
    "group": "队伍已成立。",
    "station": "驿站已开设。",
    "close": "已停用；反映过的照样计数。",
    "join": "已加入，请把队员编号告诉本人。",
    "leave": "已退出。",
    "report": "已收到，办到哪一步会告诉队员。",
}


@router.get("/ledgers/patrols")
def listed(turn: Looks) -> Response:
    """Communities with their groups and stations, and what became of what they reported."""
    return _list(turn)


@router.post("/ledgers/patrols")
def enter(turn: Acts) -> Response:
    """Open or close a group or a station."""
    deeds = {"group": _open, "station": _open, "close": _close}
    return carried_out(turn, deeds, _list, _HERE)


@router.get("/ledgers/patrols/groups/{code}")
def one(code: str, turn: Looks) -> Response:
    """One group; its members for whoever keeps it."""
    return _group(turn, code)


@router.post("/ledgers/patrols/groups/{code}")
def change(code: str, turn: Acts) -> Response:
    """Take a resident in, let one leave, write a report down."""
    deeds = {"join": lambda s, t: _join(s, t, code), "leave": _leave, "report": _report}
    return carried_out(turn, deeds, lambda t, said: _group(t, code, said), f"{_HERE}/groups/{code}")


@router.get("/ledgers/patrols/members/{number}")
def member(number: int, turn: Looks) -> Response:
    """What one member has reported, for whoever keeps the group."""
    check_ours(turn)
    with turn.site.database.unit_of_work() as session:
        row = patrols.member(session, number)
        if "admin" not in turn.actor.roles:
            check_keeper(turn.known, row["area_unit_id"], turn.actor)
        figures, written = patrols.of_member(session, number)
        reports = [_reported(session, turn, each) for each in patrols.reports_of(session, number)]
    return shown(turn, "ledgers/member.html", None, _DONE, row=row, figures=figures, written=written, reports=reports)


def _reported(session: Session, turn: Turn, row: Mapping[str, Any]) -> dict[str, Any]:
    words = turn.words
    at = row["part_of"] or row["no"]
    return {
        **row,
        "subject": masked(row["subject"]) if row["subject"] is not None else None,
        "link": is_visible(session, turn.actor, at),
        "at_no": at,
        "state_name": words.word("state", row["state"]),
        "standing_name": words.word("patrol_standing", row["standing"]),
    }


def _open(session: Session, turn: Turn) -> None:
    what = turn.text("do")
    new = Opening(*(turn.text(name) for name in ("code", "zh", "en", "area", "kind", "place")))
    (patrols.open_group if what == "group" else patrols.open_station)(session, new, turn.actor, turn.now)


def _close(session: Session, turn: Turn) -> None:
    what, _, code = turn.text("which").partition(" ")
    if what not in ("group", "station"):
        raise Refused("unknown_patrol_group", given=what)
    patrols.close(session, what, code, turn.actor, turn.now)


def _join(session: Session, turn: Turn, group: str) -> str:
    guardian = (turn.maybe("guardian_name"), turn.maybe("guardian_phone"), turn.day("consented_on"))
    resident = Resident(turn.text("name"), turn.maybe("phone"), turn.text("age") or "adult", *guardian)
    number = patrols.join(session, group, resident, turn.actor, turn.now, station=turn.maybe("station"))
    return f"{_HERE}/groups/{group}?done=join#m{number}"


def _leave(session: Session, turn: Turn) -> None:
    patrols.leave(session, turn.whole("member"), turn.actor, turn.now, turn.text("why"))


def _report(session: Session, turn: Turn) -> str:
    files = kept(turn.form.files.get("photos", ()), turn.site.settings) if turn.form is not None else ()
    number = turn.whole("member")
    line = Line(number, turn.text("text"), turn.maybe("area"), turn.text("place"), files=files)
    patrols.report(session, [line], turn.setting, turn.actor)
    return f"{_HERE}/members/{number}?done=report"


# the list -------------------------------------------------------------------------------------------------------------


def _list(turn: Turn, said: Said | None = None) -> Response:
    check_ours(turn)
    month = turn.asked("span") == "month"
    local = turn.now.astimezone(turn.known.zone)
    since = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0) if month else None
    with turn.site.database.unit_of_work() as session:
        on = is_on(session, patrols.MECHANISM)
        figures = _figures(session, since) if on else {}
        groups, stations = patrols.listed(session, "group"), patrols.listed(session, "station")
    mine = _communities(turn)
    rows = [_place(turn, what, row, figures, mine) for what, rows in (("group", groups), ("station", stations)) for row in rows]
    return shown(
        turn,
        "ledgers/patrols.html",
        said,
        _DONE,
        rows=sorted(rows, key=lambda row: (row["closed_at"] is not None, row["area"], row["what"] != "group", row["code"])),
        total=sum((figures[key] for key in figures if key[0] == "community"), patrols.Figures()),
        month=month,
        off=not on,
        forms=_forms(turn, mine, rows) if on and mine else (),
    )


def _figures(session: Session, since: datetime | None) -> dict[tuple[str, str], patrols.Figures]:
    found = patrols.counter(session, since=since)
    return {(line.scope, line.code): line.figures for each in found for line in (each.total, *each.groups, *each.stations)}


def _communities(turn: Turn) -> list[Option]:
    """The communities for which this person keeps groups."""
    return [each for each in areas(turn, "COMMUNITY") if _keeps(turn, turn.known.unit_ids[each[0]])]


def _keeps(turn: Turn, area_unit_id: int) -> bool:
    try:
        check_keeper(turn.known, area_unit_id, turn.actor)
    except Refused:
        return False
    return True


def _place(
    turn: Turn, what: str, row: Mapping[str, Any], figures: Mapping[tuple[str, str], patrols.Figures], mine: Sequence[Option]
) -> dict[str, Any]:
    keeps = row["closed_at"] is None and row["area"] in dict(mine)
    kind = patrols.kinds()[row["kind"]].name if what == "group" else None
    about = {"name": row[turn.lang], "kind_name": turn.words.named(kind) or row.get("place", ""), "keeps": keeps}
    area = turn.words.unit(row["area_unit_id"])[1]
    return {**row, **about, "what": what, "where": area, "figures": figures.get((what, row["code"]), patrols.Figures())}


def _forms(turn: Turn, mine: Sequence[Option], rows: Sequence[Mapping[str, Any]]) -> tuple[Form, ...]:
    kinds = [(code, str(turn.words.named(kind.name))) for code, kind in patrols.kinds().items()]
    named = (Ask("code", "代码", hint="字母、数字和 -，例如 chenguang-bees"), Ask("zh", "中文名称"), Ask("en", "英文名称"))
    area = Ask("area", "社区", "select", options=mine)
    kept_here = [(f"{row['what']} {row['code']}", row["name"]) for row in rows if row["keeps"]]
    which = Ask("which", "哪一个", "select", options=kept_here)
    closing = (
        (Form("close", "停用队伍或驿站", (which,), hint="停用后不再加人、不再收；反映过的照样计数。", grave=True),) if kept_here else ()
    )
    return (
        *_opening(named, area, kinds),
        *closing,
    )


def _opening(named: tuple[Ask, ...], area: Ask, kinds: Sequence[Option]) -> tuple[Form, ...]:
    return (
        Form("group", "成立一支队伍", (*named, area, Ask("kind", "种类", "select", options=kinds))),
        Form("station", "开设一个驿站", (*named, area, Ask("place", "地点"))),
    )


# one group ------------------------------------------------------------------------------------------------------------


def _group(turn: Turn, code: str, said: Said | None = None) -> Response:
    check_ours(turn)
    with turn.site.database.unit_of_work() as session:
        area = found(session, "group", code).area_unit_id
        row = next(each for each in patrols.listed(session, "group") if each["code"] == code)
        on, keeps = is_on(session, patrols.MECHANISM), _keeps(turn, area)
        members = patrols.members(session, code, everybody=turn.asked("all") == "yes") if keeps or "admin" in turn.actor.roles else None
        figures = patrols.one(session, "group", code).figures if on else patrols.Figures()
        stations = [each for each in patrols.listed(session, "station") if each["closed_at"] is None and each["area"] == row["area"]]
    acts = keeps and on and row["closed_at"] is None and members is not None
    return shown(
        turn,
        "ledgers/patrol.html",
        said,
        _DONE,
        row=row,
        name=row[turn.lang],
        kind=turn.words.named(patrols.kinds()[row["kind"]].name),
        where=turn.words.unit(area)[1],
        members=members,
        figures=figures,
        stations={each["code"]: each[turn.lang] for each in stations},
        forms=_group_forms(turn, row, members or (), stations) if acts else (),
        off=not on,
    )


def _group_forms(
    turn: Turn, row: Mapping[str, Any], members: Sequence[Mapping[str, Any]], stations: Sequence[Mapping[str, Any]]
) -> tuple[Form, ...]:
    numbers = [(str(m["number"]), f"{m['number']} · {turn.words.word('patrol_age', m['age'])}") for m in members if m["left_at"] is None]
    join = _join_form(turn, row, stations)
    below = [each for each in areas(turn, "COMMUNITY", "GRID") if row["area_unit_id"] in turn.known.line(turn.known.unit_ids[each[0]])]
    report = Form(
        "report",
        "代队员记一条",
        (
            Ask("member", "队员编号", "select", options=numbers),
            Ask("text", "一句话：什么事、在哪里", "textarea"),
            Ask("area", "所在网格", "select", wanted=False, options=below),
            Ask("place", "地点", wanted=False),
            Ask("photos", "照片", "file", wanted=False),
        ),
    )
    leave = Form(
        "leave", "队员退出", (Ask("member", "队员编号", "select", options=numbers), Ask("why", "为什么", wanted=False)), grave=True
    )
    return (report, join, leave) if numbers else (join,)


def _join_form(turn: Turn, row: Mapping[str, Any], stations: Sequence[Mapping[str, Any]]) -> Form:
    ages = worded(turn, "patrol_age", AGES if patrols.kinds()[row["kind"]].minors else AGES[:1])
    return Form(
        "join",
        "加一名队员",
        (
            Ask("name", "姓名", hint="加密保存，页面上只显示编号"),
            Ask("phone", "电话", "tel", wanted=False),
            Ask("age", "年龄段", "select", options=ages),
            Ask("guardian_name", "监护人姓名", wanted=False, hint="未成年人必填"),
            Ask("guardian_phone", "监护人电话", "tel", wanted=False),
            Ask("consented_on", "监护人书面同意的日期", "date", wanted=False),
            Ask("station", "驿站", "select", wanted=False, options=[(each["code"], each[turn.lang]) for each in stations]),
        ),
    )
