"""Campaigns (专项行动): plans, projects, lists; how far they are, counted from their lines; progress filled in by the units."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from fastapi import APIRouter, Response
from sqlalchemy.orm import Session

from rules.facts import Refused, Thing
from rules.handling.campaigns import TaskState
from services import campaigns
from services.affairs.offering import openable
from services.affairs.reading import AffairSheet, find, opened_affair
from services.affairs.seen import Wanted, check_seen, look_into, seen_affairs, seen_among
from services.campaigns import Campaign, Done, Progress, Subsidy, lines_of, target_of
from services.campaigns.money import fen
from services.campaigns.opening import check_parent
from services.campaigns.templates import pairs
from services.mechanisms import is_on
from services.moves import Row
from web.console.ledgers.forms import Acts, Ask, Form, Looks, Said, Turn, carried_out, shown
from web.console.ledgers.offers import Moves, affair_moves, areas, open_moves, units
from web.console.ledgers.rights import check_ours
from web.spoken import day_time

router = APIRouter(include_in_schema=False)
_HERE: Final = "/ledgers/campaigns"
_MECHANISM: Final = "campaigns"
_MOST: Final = 40  #: campaigns a page
_DONE: Final[Mapping[str, str]] = {
    "open": "已拟订；启动之后各单位才收到。",
    "project": "项目已拟订。",
    "start": "已启动，各单位已收到任务，时限开始走。",
    "line": "已加进清单。",
    "import": "清单已导入。",
    "record": "进度已更新。",
    "share": "协办的部分已记下。",
    "check": "已核查通过。",
    "case": "已作为案件流转。",
}


@router.get("/ledgers/campaigns")
def listed(turn: Looks) -> Response:
    """The campaigns that somebody sees, each with how far it is."""
    return _list(turn)


@router.post("/ledgers/campaigns")
def enter(turn: Acts) -> Response:
    """Draft a campaign."""
    return carried_out(turn, {"open": _open}, _list, _HERE)


@router.get("/ledgers/campaigns/{no}")
def one(no: str, turn: Looks) -> Response:
    """One campaign or project: its figures, its projects, its list."""
    return _one(turn, no)


@router.post("/ledgers/campaigns/{no}")
def change(no: str, turn: Acts) -> Response:
    """Start it, draft a project, put lines in, say how far they are, check them, make a case of one."""
    with turn.site.database.unit_of_work() as session:
        check_seen(session, turn.actor, no)
    deeds = {
        "start": lambda s, t: _start(s, t, no),
        "project": lambda s, t: _project(s, t, no),
        "line": lambda s, t: _line(s, t, no),
        "import": lambda s, t: _import(s, t, no),
        "record": lambda s, t: _record(s, t, no),
        "share": lambda s, t: _share(s, t, no),
        "check": lambda s, t: _check(s, t, no),
        "case": lambda s, t: _case(s, t, no),
    }
    return carried_out(turn, deeds, lambda t, said: _one(t, no, said), f"{_HERE}/{no}")


def _open(session: Session, turn: Turn) -> str:
    rate, most = turn.maybe("rate"), turn.maybe("most")
    money = Subsidy(fen(rate), fen(most) if most else None) if rate else None
    about = {"convention": turn.text("convention"), "operators": turn.many("operators"), "subsidy": money}
    return f"{_HERE}/{campaigns.open_campaign(session, _written(turn, about), turn.actor, turn.setting).no}?done=open"


def _project(session: Session, turn: Turn, no: str) -> str:
    return f"{_HERE}/{campaigns.open_project(session, no, _written(turn, {}), turn.actor, turn.setting).no}?done=project"


def _written(turn: Turn, more: Mapping[str, Any]) -> Campaign:
    own = (turn.text("title"), turn.text("plan"), turn.maybe("unit"), turn.maybe("area"), turn.text("place"), _target(turn))
    return Campaign(*own, quantity=turn.number("quantity"), measure=turn.text("measure"), **more)


def _target(turn: Turn) -> str | None:
    try:
        return target_of(turn.text("target"), turn.known.zone)
    except ValueError:
        raise Refused("limit_unreadable", given=turn.text("target")) from None


def _start(session: Session, turn: Turn, no: str) -> None:
    campaigns.move(session, no, "start_campaign", turn.actor, turn.setting)


def _line(session: Session, turn: Turn, no: str) -> None:
    ids = turn.known.unit_ids
    unit = ids.get(turn.text("unit")) if turn.text("unit") else None
    row = {"title": turn.text("title"), "unit": unit, "with": [ids[code] for code in turn.many("with") if code in ids]}
    more = {"quantity": turn.number("quantity"), "measure": turn.text("measure"), "target": _target(turn), "place": turn.text("place")}
    kept = {name: value for name, value in {**row, **more}.items() if value not in (None, "", [])}
    campaigns.add_tasks(session, no, [kept], turn.actor, turn.setting)


def _import(session: Session, turn: Turn, no: str) -> None:
    with turn.table("table") as path:
        campaigns.add_tasks(session, no, lines_of(path, turn.known), turn.actor, turn.setting)


def _record(session: Session, turn: Turn, no: str) -> None:
    """How far lines are: those whose number was changed."""
    fields = turn.form.fields if turn.form is not None else {}
    before = {name.removeprefix("was."): value for name, value in fields.items() if name.startswith("was.")}
    numbered = {part: was for part, was in before.items() if part.isascii() and part.isdigit() and len(part) < 10}
    changed = [part for part, was in numbered.items() if turn.text(f"done.{part}") not in ("", was)]
    if not changed:
        raise Refused("progress_unchanged")
    campaigns.record(session, no, [Done(int(part), turn.whole(f"done.{part}")) for part in changed], turn.actor, turn.setting)


def _ticked(turn: Turn) -> list[int]:
    found = [int(part) for part in turn.many("part") if part.isascii() and part.isdigit() and len(part) < 10]
    if not found:
        raise Refused("lines_wanted")
    return found


def _share(session: Session, turn: Turn, no: str) -> None:
    rows = [{"no": part} for part in _ticked(turn)]
    campaigns.move(session, no, "share_lines", turn.actor, turn.setting, rows=rows)


def _check(session: Session, turn: Turn, no: str) -> None:
    campaigns.check(session, no, _ticked(turn), turn.actor, turn.setting, turn.text("words"))


def _case(session: Session, turn: Turn, no: str) -> None:
    campaigns.open_case(session, no, turn.whole("part"), turn.actor, turn.setting)


# the list -------------------------------------------------------------------------------------------------------------


def _list(turn: Turn, said: Said | None = None) -> Response:
    check_ours(turn)
    ended = turn.asked("ended") == "yes"
    wanted = Wanted(Thing.CAMPAIGN, open_only=not ended, words=turn.asked("q"), after=turn.asked("after"), limit=_MOST, top=True)
    with turn.site.database.unit_of_work() as session:
        found, on = seen_affairs(session, turn.actor, wanted), is_on(session, _MECHANISM)
        rows = _rows(session, turn, found.rows)
        may = "open_campaign" in openable(session, turn.actor, turn.known)
    forms = (Form("open", "拟订一个专项", (*_asks(turn), *_aims(turn))),) if may and on else ()
    return shown(
        turn, "ledgers/campaigns.html", said, _DONE, rows=rows, asked=wanted, ended=ended, next=found.next, forms=forms, off=not on
    )


def _rows(session: Session, turn: Turn, rows: Sequence[Row]) -> list[dict[str, Any]]:
    stands = campaigns.progress_of(session, {row["no"]: (row["case_id"], row["seq"]) for row in rows}, turn.now)
    return [_row(turn, row, stands[row["no"]]) for row in rows]


def _row(turn: Turn, row: Mapping[str, Any], stands: Progress) -> dict[str, Any]:
    words = turn.words
    return {
        **row,
        "state_name": words.word("campaign_state", row["state"]),
        "unit": words.unit(row["unit_id"])[1],
        "where": words.unit(row["area_unit_id"])[1],
        "stands": stands,
    }


def _asks(turn: Turn) -> tuple[Ask, ...]:
    return (
        Ask("title", "名称"),
        Ask("plan", "方案", "textarea", wanted=False),
        Ask("unit", "牵头单位", "select", wanted=False, options=units(turn), hint="不选则为本单位"),
        Ask("area", "所在区域", "select", wanted=False, options=areas(turn, "DISTRICT", "SUBDISTRICT", "COMMUNITY")),
        Ask("place", "地点", wanted=False),
        Ask("target", "目标日期", "date", wanted=False),
        Ask("quantity", "目标数量", "number", wanted=False),
        Ask("measure", "计量单位", wanted=False, hint="例如 处、户、米"),
    )


def _aims(turn: Turn) -> tuple[Ask, ...]:
    return (
        Ask("convention", "公约正文", "textarea", wanted=False),
        Ask("operators", "要签公约的单位", "many", wanted=False, options=units(turn)),
        Ask("rate", "每一处奖补多少元", wanted=False),
        Ask("most", "奖补总额（元）", wanted=False),
    )


# one campaign ---------------------------------------------------------------------------------------------------------


def _one(turn: Turn, no: str, said: Said | None = None) -> Response:
    check_ours(turn)
    with turn.site.database.unit_of_work() as session:
        look_into(session, turn.actor, no, turn.now)
        sheet = opened_affair(session, no, turn.actor)
        stands = campaigns.progress(session, no, turn.now)
        projects = campaigns.projects(session, no)
        seen = seen_among(session, turn.actor, [no, *(row["no"] for row in projects)])
        below = _rows(session, turn, [row for row in projects if row["no"] in seen])
        mine: Moves = open_moves(session, no, turn.actor)
        may_project = _may_project(session, turn, no)
    due = {clock["part_no"]: day_time(clock["due_at"], turn.now, turn.known.zone, turn.lang) for clock in sheet.clocks}
    lines = _lines(turn, sheet, due, mine)
    return shown(
        turn,
        "ledgers/campaign.html",
        said,
        _DONE,
        row=_row(turn, sheet.affair, stands),
        stands=stands,
        below=below,
        lines=lines,
        records=any(line["records"] for line in lines),
        shares=any(line["shares"] for line in lines),
        checks=any(line["checks"] for line in lines),
        due=due.get(None),
        pairs_open=[_pair(turn, each) for each in stands.pairs_open if each.partition(" ")[0] in seen],
        money={state: f"{amount / 100:.2f}" for state, amount in stands.money_fen.items() if amount},
        forms=_forms(turn, mine, may_project=may_project),
        start=Form("start", "启动", hint="启动后各单位收到任务，时限开始走。") if (None, "start_campaign") in mine else None,
        others=affair_moves(turn, mine, Thing.CAMPAIGN.value, *_OWN),
    )


def _may_project(session: Session, turn: Turn, no: str) -> bool:
    try:
        check_parent(session, turn.known, find(session, no, Thing.CAMPAIGN), turn.actor)
    except Refused:
        return False
    return "open_project" in openable(session, turn.actor, turn.known)


#: Moves that have a form of their own on the page.
_OWN: Final = ("start_campaign", "add_tasks", "record_progress", "check_tasks", "share_lines", "open_project")


def _lines(turn: Turn, sheet: AffairSheet, due: Mapping[int | None, str], mine: Moves) -> list[dict[str, Any]]:
    """The lines of the list, each with what this person may do with it."""
    late = {clock["part_no"] for clock in sheet.clocks if clock["due_at"] <= turn.now}
    return [{**_task(turn, p, due, mine), "late": p["no"] in late} for p in sheet.parts if p["thing"] == Thing.TASK.value]


def _task(turn: Turn, part: Row, due: Mapping[int | None, str], mine: Moves) -> dict[str, Any]:
    words, no = turn.words, part["no"]
    open_ = part["state"] == TaskState.OPEN.value
    return {
        **part,
        "state_name": words.word("task_state", part["state"]),
        "unit": words.unit(part["unit_id"])[1],
        "co": [words.unit(unit)[1] for unit in part["data"].get("with", ())],
        "due": due.get(no),
        "records": open_ and (no, "work_on_task") in mine and (None, "record_progress") in mine and bool(part["quantity"]),
        "shares": open_ and (None, "share_lines") in mine and not set(turn.actor.body).isdisjoint(part["data"].get("with", ())),
        "checks": part["state"] == TaskState.DONE.value and (None, "check_tasks") in mine,
        "finishes": open_ and (no, "finish_task") in mine and not part["quantity"],
        "case": Form("case", "转为案件", fixed={"part": str(no)}) if (no, "link_task") in mine and part["other_case_id"] is None else None,
    }


def _pair(turn: Turn, named: str) -> str:
    """Both sides of a thing that belong together, in words, with the number of the project."""
    no, _, code = named.partition(" ")
    return f"{no} {turn.words.named(pairs().get(code)) or code}"


def _forms(turn: Turn, mine: Moves, *, may_project: bool) -> Sequence[Form]:
    found: list[Form] = []
    if (None, "add_tasks") in mine:
        asks = (
            Ask("title", "做什么"),
            Ask("unit", "由谁办", "select", wanted=False, options=units(turn), hint="不选则为牵头单位"),
            Ask("with", "协办单位", "many", wanted=False, options=units(turn)),
            Ask("quantity", "数量", "number", wanted=False),
            Ask("measure", "计量单位", wanted=False, hint="例如 处、户、米"),
            Ask("target", "完成期限", "date", wanted=False),
            Ask("place", "地点", wanted=False),
        )
        table = Ask("table", "表格文件", "file", hint="CSV 或 XLSX，要有名称一列；可有单位、协办单位、数量、计量单位、完成期限")
        found += [Form("line", "加一条清单", asks), Form("import", "导入清单", (table,), hint="整张表一起进：有一行不对，就一行也不进。")]
    if may_project:
        found.append(Form("project", "拟订一个项目", _asks(turn)))
    return found
