"""Points of residents (居民积分): the rules in force, goods, accounts by number; nobody is ranked, nobody is named."""

import tomllib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from fastapi import APIRouter, Response
from sqlalchemy.orm import Session

from rules.facts import Refused
from services import points
from services.mechanisms import is_on
from services.patrols import AGES, Resident
from services.points import Goods, Partner, Scheme, Wish
from services.points.accounts import check_keeper
from services.points.redeeming import RESERVED
from services.points.reversing import MAY
from services.points.scheme import GIVEN, in_force
from web.console.ledgers.forms import Acts, Ask, Form, Looks, Option, Said, Turn, carried_out, shown
from web.console.ledgers.offers import worded
from web.words import translated

router = APIRouter(include_in_schema=False)
_HERE: Final = "/ledgers/points"
_WHYS: Final[Mapping[str, str]] = {"false_report": "反映不实", "voided": "案件作废", "appeal": "申诉成立", "error": "记错了"}
_DONE: Final[Mapping[str, str]] = {
    "open": "账户已开，请把账户编号告诉本人。",
    "partner": "商户已增加。",
    "goods": "商品已上架。",
    "stock": "库存已改。",
    "off": "已下架；已预留的照样可以领。",
    "publish": "新规则已发布，从写明的日期起执行。",
    "give": "已发放。",
    "close": "已销户。",
    "confirm": "已领取。",
    "cancel": "已取消，积分和商品都已退回。",
    "reverse": "已撤回。",
}


@router.get("/ledgers/points")
def listed(turn: Looks) -> Response:
    """Rules, goods and accounts."""
    return _list(turn)


@router.post("/ledgers/points")
def enter(turn: Acts) -> Response:
    """Open an account or find one by a phone, add partners and goods, publish rules."""
    deeds = {"open": _open, "find": _find, "partner": _partner, "goods": _goods, "stock": _stock, "off": _off, "publish": _publish}
    return carried_out(turn, deeds, _list, _HERE)


@router.get("/ledgers/points/{number}")
def one(number: int, turn: Looks) -> Response:
    """One account: what it holds, and how it came."""
    return _one(turn, number)


@router.post("/ledgers/points/{number}")
def change(number: int, turn: Acts) -> Response:
    """Give points, put goods aside, hand them over or cancel, take points back, close the account."""
    if turn.text("do") == "redeem":
        return _redeem(turn, number)
    deeds = {
        "give": lambda s, t: _give(s, t, number),
        "close": lambda s, t: points.close_account(s, number, t.actor, t.now),
        "confirm": lambda s, t: points.confirm(s, t.whole("redemption"), t.text("code"), t.text("partner"), t.now),
        "cancel": _cancel,
        "reverse": _reverse,
    }
    return carried_out(turn, deeds, lambda t, said: _one(t, number, said), f"{_HERE}/{number}")


def _open(session: Session, turn: Turn) -> str:
    member, consented = turn.number("member"), turn.day("consented_on")
    if member is not None:
        number = points.open_for_member(session, member, turn.actor, turn.now, consented_on=consented)
    else:
        guardian = (turn.maybe("guardian_name"), turn.maybe("guardian_phone"), consented)
        resident = Resident(turn.text("name"), turn.maybe("phone"), turn.text("age") or "adult", *guardian)
        number = points.open_account(session, resident, turn.actor, turn.now)
    return f"{_HERE}/{number}?done=open"


def _find(session: Session, turn: Turn) -> str:
    check_keeper(turn.actor)
    return f"{_HERE}/{points.account_by_phone(session, turn.text('phone'))}"


def _partner(session: Session, turn: Turn) -> None:
    points.add_partner(session, Partner(*(turn.text(name) for name in ("code", "zh", "en", "place"))), turn.actor, turn.now)


def _goods(session: Session, turn: Turn) -> None:
    code, zh, en, partner = (turn.text(name) for name in ("code", "zh", "en", "partner"))
    points.add_goods(session, Goods(code, zh, en, partner, turn.whole("price"), turn.whole("stock")), turn.actor, turn.now)


def _stock(session: Session, turn: Turn) -> None:
    points.restock(session, turn.text("goods"), turn.whole("more"), turn.actor, turn.now)


def _off(session: Session, turn: Turn) -> None:
    points.close_goods(session, turn.text("goods"), turn.actor, turn.now)


def _publish(session: Session, turn: Turn) -> None:
    with turn.table("table", ".toml") as path:
        try:
            content = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError):
            raise Refused("points_scheme_unreadable", file=path.name) from None
    points.publish(session, content, turn.moment("since") or turn.now, turn.text("note"), turn.actor.name, turn.now)


def _give(session: Session, turn: Turn, number: int) -> None:
    points.give(session, number, turn.text("rule"), turn.text("what"), turn.text("note"), turn.actor, turn.now)


def _cancel(session: Session, turn: Turn) -> None:
    points.cancel(session, turn.whole("redemption"), turn.now, turn.actor, why=turn.text("why"))


def _reverse(session: Session, turn: Turn) -> None:
    points.reverse(session, turn.whole("entry"), turn.text("why"), turn.text("note"), turn.actor, turn.now)


def _redeem(turn: Turn, number: int) -> Response:
    """Goods are put aside; the code is shown once, to be told to the resident."""
    told: list[points.Redeemed] = []

    def deed(session: Session, turn: Turn) -> None:
        wish = Wish(number, turn.text("goods"), turn.text("phone"), turn.number("quantity") or 1, turn.text("once") or None)
        told.append(points.redeem(session, wish, turn.now, turn.actor))

    answer = carried_out(turn, {"redeem": deed}, lambda t, said: _one(t, number, said), f"{_HERE}/{number}")
    if answer.status_code != 303:
        return answer
    shown_once = _one(turn, number, told=told[-1])
    shown_once.headers["Cache-Control"] = "no-store"
    return shown_once


# the list -------------------------------------------------------------------------------------------------------------


def _list(turn: Turn, said: Said | None = None) -> Response:
    check_keeper(turn.actor)
    with turn.site.database.unit_of_work() as session:
        on, versions = is_on(session, points.MECHANISM), points.schemes(session)
        accounts = points.listed(session)
        goods = points.offered(session, everything=True) if on else []
        boards = points.boards(session, turn.now, limit=0) if on else []
    scheme = in_force(versions, turn.now)
    return shown(
        turn,
        "ledgers/points.html",
        said,
        _DONE,
        scheme=scheme,
        coming=[each for each in versions if each.since is not None and each.since > turn.now],
        rules=[_rule(turn, scheme, rule) for rule in scheme.rules],
        boards=[(turn.words.named(each.board.name), each.points) for each in boards],
        accounts=accounts,
        goods=[{**row, "name": row[turn.lang], "where": row[f"partner_{turn.lang}"]} for row in goods],
        forms=_forms(turn, goods) if on else (),
        find=Form("find", "按电话找账户", (Ask("phone", "户主电话", "tel"),)),
        off=not on,
    )


def _rule(turn: Turn, scheme: Scheme, rule: Any) -> dict[str, Any]:  # noqa: ANN401 - a rule of the scheme
    words = turn.words
    outcome = words.word("points_kind", rule.outcome)
    board = words.named(scheme.boards[rule.board].name)
    return {"name": words.named(rule.name), "board": board, "outcome": outcome, "points": rule.points, "per_day": rule.per_day}


def _forms(turn: Turn, goods: Sequence[Mapping[str, Any]]) -> tuple[Form, ...]:
    named = (Ask("code", "代码", hint="字母、数字和 -"), Ask("zh", "中文名称"), Ask("en", "英文名称"))
    partners = list(dict.fromkeys((row["partner"], row[f"partner_{turn.lang}"]) for row in goods))
    there = Ask("partner", "商户代码", hint=translated("已有：%(known)s", turn.lang, known="、".join(code for code, _ in partners) or "—"))
    offered: list[Option] = [(row["code"], row[turn.lang]) for row in goods]
    open_ = (
        Ask("member", "巡查队员编号", "number", wanted=False, hint="是队员的只填这一项"),
        Ask("name", "姓名", wanted=False),
        Ask("phone", "电话", "tel", wanted=False),
        Ask("age", "年龄段", "select", wanted=False, options=worded(turn, "patrol_age", AGES)),
        Ask("guardian_name", "监护人姓名", wanted=False, hint="未成年人必填"),
        Ask("guardian_phone", "监护人电话", "tel", wanted=False),
        Ask("consented_on", "监护人书面同意的日期", "date", wanted=False),
    )
    found = [
        Form("open", "开一个账户", open_, hint="工作人员和监护人是工作人员的不能开。"),
        Form("partner", "增加商户", (*named, Ask("place", "地点", wanted=False))),
        Form("goods", "上架商品", (*named, there, Ask("price", "每件多少分", "number"), Ask("stock", "有多少件", "number"))),
    ]
    if offered:
        more = Ask("more", "加多少件", "number", hint="减少写负数，例如 -3")
        found += [
            Form("stock", "改库存", (Ask("goods", "商品", "select", options=offered), more)),
            Form("off", "下架商品", (Ask("goods", "商品", "select", options=offered),), grave=True),
        ]
    if "admin" in turn.actor.roles:
        file = Ask("table", "规则文件", "file", hint="TOML，格式同 seeds/points.toml")
        found.append(Form("publish", "发布新规则", (file, Ask("since", "从哪天起", "date"), Ask("note", "为什么改", wanted=False))))
    return tuple(found)


# one account ----------------------------------------------------------------------------------------------------------


def _one(turn: Turn, number: int, said: Said | None = None, told: points.Redeemed | None = None) -> Response:
    check_keeper(turn.actor)
    with turn.site.database.unit_of_work() as session:
        found = points.statement(session, number, turn.now)
        redeemed = points.redemptions(session, account_id=number)
        versions, on = points.schemes(session), is_on(session, points.MECHANISM)
        goods = points.offered(session, everything=True) if on else []
    names = {rule.code: turn.words.named(rule.name) for each in versions for rule in each.rules}
    names |= {row["code"]: row[turn.lang] for row in goods}
    boards = {code: turn.words.named(board.name) for code, board in in_force(versions, turn.now).boards.items()}
    return shown(
        turn,
        "ledgers/account.html",
        said,
        _DONE,
        account=found,
        boards=boards,
        entries=[_entry(turn, entry, names) for entry in found["entries"]],
        redeemed=[_redemption(turn, row) for row in redeemed],
        forms=_account_forms(turn, in_force(versions, turn.now), [row for row in goods if row["closed_at"] is None], found)
        if found["closed_at"] is None
        else (),
        told=told,
        off=not on,
    )


def _entry(turn: Turn, entry: Mapping[str, Any], names: Mapping[str, str | None]) -> dict[str, Any]:
    rule, note = names.get(entry["rule"], entry["rule"]), names.get(entry["note"], entry["note"])
    return {**entry, "kind_name": turn.words.word("points_kind", entry["kind"]), "rule_name": rule, "note": note}


def _redemption(turn: Turn, row: Mapping[str, Any]) -> dict[str, Any]:
    about = {"goods": row[f"goods_{turn.lang}"], "where": row[f"partner_{turn.lang}"]}
    state = turn.words.word("points_state", row["state"])
    fixed, key = {"redemption": str(row["number"])}, str(row["number"])
    confirm = Form("confirm", "交给本人", (Ask("code", "领取码"), Ask("partner", "商户代码")), fixed=fixed, key=key)
    cancel = Form("cancel", "取消这一单", (Ask("why", "为什么", wanted=False),), fixed=fixed, grave=True, key=key)
    return {**row, **about, "state_name": state, "forms": (confirm, cancel) if row["state"] == RESERVED else ()}


def _account_forms(turn: Turn, scheme: Scheme, goods: Sequence[Mapping[str, Any]], found: Mapping[str, Any]) -> tuple[Form, ...]:
    rules = [(rule.code, f"{turn.words.named(rule.name)} · {rule.points}") for rule in scheme.rules if rule.outcome == GIVEN]
    offered = [(row["code"], f"{row[turn.lang]} · {row['price']}") for row in goods]
    forms: list[Form] = []
    if rules:
        what = Ask("what", "为哪一次", hint="同一个编号只发一次，例如 2026-11-20 河道巡护")
        forms.append(Form("give", "发放积分", (Ask("rule", "规则", "select", options=rules), what, Ask("note", "说明", wanted=False))))
    if offered:
        asks = (Ask("goods", "商品", "select", options=offered), Ask("phone", "户主电话", "tel", hint="未成年人用监护人的电话"))
        once = {"once": f"{found['account']} {turn.now:%Y%m%dT%H%M%S%f}"}
        forms.append(Form("redeem", "换商品", (*asks, Ask("quantity", "几件", "number", wanted=False)), fixed=once))
    earned = [entry for entry in found["entries"] if entry["points"] > 0 and entry["kind"] not in ("returned",)]
    if turn.actor.roles & MAY and earned:
        taken = [(str(entry["id"]), f"{entry['id']} · {entry['day']} · {entry['points']}") for entry in earned]
        whys = [(code, translated(name, turn.lang)) for code, name in _WHYS.items()]
        asks = (Ask("entry", "哪一笔", "select", options=taken), Ask("why", "为什么", "select", options=whys))
        forms.append(Form("reverse", "撤回积分", (*asks, Ask("note", "说明", wanted=False)), grave=True))
    forms.append(Form("close", "销户", grave=True, hint="以后不再入账和兑换，本人的信息可以删除。"))
    return tuple(forms)
