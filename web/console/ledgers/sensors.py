"""Devices (感知设备): what hangs where, what came in, muting, files that hear them. It does not replace 119, 110, 120."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from fastapi import APIRouter, Response
from sqlalchemy.orm import Session

from rules.facts import Refused, Thing
from services.affairs.seen import Wanted as WantedAffairs
from services.affairs.seen import seen_affairs
from services.choices import choices, drafted
from services.mechanisms import is_on, switched_on
from services.reading import case_id_of
from services.sensors import devices, hooks, linking, muting
from services.sensors.board import OPEN
from services.sensors.devices import MECHANISM, Written
from services.sensors.importing import import_devices
from services.sensors.kinds import KINDS, MUTE_MOST
from services.sensors.seen import Wanted, counted, seen_alarms, seen_device, seen_devices
from services.subjects.reference import FORMS, file_of
from services.visibility import is_visible
from web.console.ledgers.forms import Acts, Ask, Form, Looks, Said, Turn, carried_out, shown
from web.console.ledgers.offers import areas, people
from web.console.ledgers.rights import check_ours
from web.errors import refusal_in_words
from web.words import translated

router = APIRouter(include_in_schema=False)
_HERE: Final = "/ledgers/sensors"
_HOURS: Final = (1, 2, 4, 8, 24, 72)  #: for how long a device may be muted on the page
_UNITS: Final[Mapping[str, str]] = {"community_unit_id": "社区", "property_unit_id": "物业", "fire_unit_id": "消防"}
_DONE: Final[Mapping[str, str]] = {
    "add": "设备已登记。",
    "import": "设备表已导入。",
    "mute": "已静默：报警照样记下，不叫人；到时自动恢复。",
    "unmute": "已恢复，报警会叫人。",
    "link": "已关联：它报警时这份档案会提级，并告诉去看的人。",
    "unlink": "已取消关联。",
}


@router.get("/ledgers/sensors")
def listed(turn: Looks) -> Response:
    """The devices that somebody sees, those with an open case first, and what came in."""
    return _list(turn)


@router.post("/ledgers/sensors")
def enter(turn: Acts) -> Response:
    """Register a device, or a table of devices."""
    return carried_out(turn, {"add": _add, "import": _import}, _list, _HERE)


@router.get("/ledgers/sensors/{code}")
def one(code: str, turn: Looks) -> Response:
    """One device."""
    return _one(turn, code)


@router.post("/ledgers/sensors/{code}")
def act(code: str, turn: Acts) -> Response:
    """Mute a device or let it be heard again; link it to a file, or to none."""
    deeds = {
        "mute": lambda s, t: _mute(s, t, code),
        "unmute": lambda s, t: muting.unmute(s, code, t.actor.name, t.now),
        "link": lambda s, t: linking.link(s, code, t.text("file"), t.actor.name, t.now),
        "unlink": lambda s, t: _unlink(s, t, code),
    }
    with turn.site.database.unit_of_work() as session:
        seen_device(session, turn.actor, code)
    return carried_out(turn, deeds, lambda t, said: _one(t, code, said), f"{_HERE}/{code}")


def _add(session: Session, turn: Turn) -> str:
    code, kind, place, area, point = (turn.text(name) for name in ("code", "kind", "place", "area", "point"))
    written = Written(code, kind, place, area, point, escalate_to=turn.text("escalate_to"), people=" ".join(turn.many("people")))
    devices.add(session, written, turn.actor.name, turn.now)
    return f"{_HERE}/{written.code}?done=add"


def _import(session: Session, turn: Turn) -> None:
    with turn.table("table") as path:
        done = import_devices(session, path, turn.actor.name, turn.now)
    if done.wrong:
        first = done.wrong[0]
        why = refusal_in_words(first.refusal, turn.lang) if first.refusal is not None else first.reason
        raise Refused("table_rows_wrong", rows=len(done.wrong), line=first.line, field=first.field or "—", why=why)


def _mute(session: Session, turn: Turn, code: str) -> None:
    muting.mute(session, code, turn.text("reason"), turn.now + timedelta(hours=turn.whole("hours")), turn.actor.name, turn.now)


def _unlink(session: Session, turn: Turn, code: str) -> None:
    linking.unlink(session, code, turn.actor.name, turn.now)


# the list -------------------------------------------------------------------------------------------------------------


def _list(turn: Turn, said: Said | None = None) -> Response:
    check_ours(turn)
    wanted = Wanted(turn.asked("kind"), turn.asked("area"), turn.asked("q"), turn.asked("state"))
    admin = "admin" in turn.actor.roles
    with turn.site.database.unit_of_work() as session:
        rows, figures = seen_devices(session, turn.actor, wanted, turn.now), counted(session, turn.actor, turn.now)
        alarms, on = seen_alarms(session, turn.actor), is_on(session, MECHANISM)
        suppliers = hooks.hooks(session) if admin else []
    return shown(
        turn,
        "ledgers/sensors.html",
        said,
        _DONE,
        rows=[_row(turn, row) for row in rows],
        figures=figures,
        alarms=[_alarm(turn, row) for row in alarms],
        suppliers=suppliers,
        wanted=wanted,
        off=not on,
        kinds=_kinds(turn),
        areas=areas(turn, "SUBDISTRICT", "COMMUNITY"),
        forms=_forms(turn) if admin and on else (),
    )


def _kinds(turn: Turn) -> list[tuple[str, str]]:
    return [(kind.code, getattr(kind, turn.lang)) for kind in KINDS.values()]


def _forms(turn: Turn) -> tuple[Form, ...]:
    return (
        Form(
            "add",
            "登记一台设备",
            (
                Ask("code", "设备编号", hint="字母、数字和 . _ : -"),
                Ask("kind", "种类", "select", options=_kinds(turn)),
                Ask("place", "安装位置"),
                Ask("area", "所在网格或社区", "select", options=areas(turn)),
                Ask("point", "经纬度", wanted=False, hint="WGS84，例如 30.2501,120.1602"),
                Ask("escalate_to", "没人签收时叫谁", "select", wanted=False, options=people(turn), hint="不选则叫牵头单位负责人"),
                Ask("people", "每次都告诉谁", "many", wanted=False, options=people(turn)),
            ),
        ),
        Form(
            "import",
            "导入设备表",
            (Ask("table", "表格文件", "file", hint="CSV 或 XLSX，要有设备编号、类型、安装位置、区域四列"),),
            hint="整张表一起进：有一行不对，就一行也不进。",
        ),
    )


def _row(turn: Turn, row: Mapping[str, Any]) -> dict[str, Any]:
    open_case = row["case_no"] if row["case_state"] in OPEN else None
    return {**row, "kind_name": _kind(turn, row["kind"]), "open_case": open_case, "where": turn.words.unit(row["area_unit_id"])[1]}


def _kind(turn: Turn, code: str | None) -> str:
    return str(getattr(KINDS[code], turn.lang)) if code is not None and code in KINDS else code or ""


def _alarm(turn: Turn, row: Mapping[str, Any]) -> dict[str, Any]:
    words = turn.words
    outcome = words.word("alarm_outcome", row["suppressed_by"] or "opened")
    return {**row, "signal_name": words.word("signal", row["signal"]), "outcome": outcome, "kind_name": _kind(turn, row["kind"])}


# one device -----------------------------------------------------------------------------------------------------------


def _one(turn: Turn, code: str, said: Said | None = None) -> Response:
    check_ours(turn)
    with turn.site.database.unit_of_work() as session:
        row = seen_device(session, turn.actor, code)
        alarms, on = seen_alarms(session, turn.actor, code=code), is_on(session, MECHANISM)
        forms = _acts(session, turn, row) if on else ()
        down = _stands_down(session, turn, row)
    known, words = turn.known, turn.words
    named = [words.named(known.by_id[i].title) for i in row["people"] if i in known.by_id]
    boss = known.people.get(row["escalate_to"] or "")
    return shown(
        turn,
        "ledgers/sensor.html",
        said,
        _DONE,
        row=_row(turn, row),
        alarms=[_alarm(turn, each) for each in alarms],
        called=[(label, words.unit(row[name])[1]) for name, label in _UNITS.items() if row[name] is not None],
        boss=words.named(boss.title) if boss else None,
        named=named,
        muted=row["muted_until"] is not None and row["muted_until"] > turn.now,
        muted_by=words.actor(row["muted_by"] or ""),
        quiet=row["quiet_until"] is not None and row["quiet_until"] > turn.now,
        forms=forms,
        off=not on,
        down=down,
    )


def _acts(session: Session, turn: Turn, row: Mapping[str, Any]) -> tuple[Form, ...]:
    """What this person may do with a device now."""
    found: list[Form] = []
    if muting.may_mute(turn.actor, row, turn.known):
        is_muted = row["muted_until"] is not None and row["muted_until"] > turn.now
        found.append(Form("unmute", "提前恢复") if is_muted else _mute_form(turn))
    if row["subject_no"] is not None:
        if _keeps(session, turn, row["subject_no"]):
            found.append(Form("unlink", "取消与档案的关联", grave=True))
        return tuple(found)
    on = switched_on(session)
    things = [thing for thing, mechanism, _ in FORMS.values() if mechanism in on]
    files = [f for thing in things for f in seen_affairs(session, turn.actor, WantedAffairs(thing, limit=200)).rows]
    options = [(file["no"], f"{file['title']} · {file['no']}") for file in files if _may(turn, file)]
    if options:
        found.append(Form("link", "关联一份档案", (Ask("file", "档案", "select", options=options),)))
    return tuple(found)


def _mute_form(turn: Turn) -> Form:
    hours = [hours for hours in _HOURS if timedelta(hours=hours) <= MUTE_MOST]
    options = [(str(n), translated("%(n)d小时", turn.lang, n=n)) for n in hours]
    asks = (Ask("reason", "为什么静默"), Ask("hours", "静默多久", "select", options=options))
    return Form("mute", "检修静默", asks, hint="静默期间的报警照样记下，只是不叫人。")


def _keeps(session: Session, turn: Turn, no: str) -> bool:
    try:
        return _may(turn, file_of(session, no)[1])
    except Refused:
        return False


def _may(turn: Turn, file: Mapping[str, Any]) -> bool:
    """Whether this person may link devices to a file, or take them off it."""
    try:
        linking.check_may(turn.known, file, turn.actor.name)
    except Refused:
        return False
    return True


def _stands_down(session: Session, turn: Turn, row: Mapping[str, Any]) -> str | None:
    """The case of its alarm, where this person may say that it was a false one."""
    no = row["case_no"]
    if no is None or row["case_state"] not in OPEN or not is_visible(session, turn.actor, no):
        return None
    draft = drafted(session, case_id_of(session, no))
    mine = choices(draft, turn.actor, turn.now)
    return str(no) if any(c.action == "stand_down" and c.thing is Thing.CASE for c in mine) else None
