"""What a page shows of an affair besides its parts: how far an order, a vote, a poll, the papers of an errand, an inspection have come."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from rules.facts import Thing
from rules.handling.disputes import DiversionState, JointState
from rules.handling.whistle import CallState
from services.affairs import AffairSheet
from services.affairs.naming import role_name, word
from services.claims_pool.board import figures_of
from services.inspections import figures
from services.moves.affairs.polls import counted
from web.console.affairs.words import choice_name, moment, rule_name
from web.views import Words
from web.words import translated

_DM2: Final = 100  #: square decimetres in a square metre


@dataclass(frozen=True, slots=True)
class Meter:
    """One bar: what, how much in words, the part of the whole in per cent, how it is coloured."""

    label: str
    text: str
    percent: int
    light: str = "ok"


@dataclass(frozen=True, slots=True)
class Board:
    """What a page shows at the top of an affair: bars, and lines of name and value."""

    heading: str
    note: str
    meters: tuple[Meter, ...] = ()
    lines: tuple[tuple[str, str], ...] = ()


def boards_of(found: AffairSheet, words: Words, now: datetime) -> list[Board]:
    """The boards of one affair; none where its kind has none, or nothing is to be shown yet."""
    make = _BOARDS.get(found.affair["thing"])
    return list(make(found, words, now)) if make is not None else []


def _share(part: int, whole: int) -> int:
    return round(100 * part / whole) if whole else 0


def _whistle(found: AffairSheet, words: Words, _: datetime) -> Iterator[Board]:
    """How many of the units that were called are there."""
    calls = [p for p in found.parts if p["state"] != CallState.JOINED]
    there = sum(p["state"] == CallState.ARRIVED for p in calls)
    absent = sum(p["state"] == CallState.ABSENT for p in calls)
    settled = there + sum(p["state"] == CallState.EXCUSED for p in calls)
    text = translated("%(n)d家到了 / 共%(all)d家", words.lang, n=there, all=len(calls))
    late = translated("%(n)d家到时没来，来了仍可报到", words.lang, n=absent) if absent else ""
    yield Board(
        translated("到场情况", words.lang),
        late,
        (Meter(translated("已报到", words.lang), text, _share(settled, len(calls)), "late" if absent else "ok"),),
    )


def _pool(found: AffairSheet, words: Words, _: datetime) -> Iterator[Board]:
    """Line by line how much is wanted, taken on and there."""
    meters = []
    for each in figures_of(found.parts):
        values = {"pledged": each.pledged, "all": f"{each.wanted}{each.measure}", "there": each.confirmed, "free": each.free}
        text = translated("认领%(pledged)s / %(all)s，已确认%(there)s，还缺%(free)s", words.lang, **values)
        label = f"{each.line}（{each.skill}）" if each.skill else each.line
        meters.append(Meter(label, text, _share(each.pledged, each.wanted), "ok" if not each.free else "warn"))
    yield Board(translated("需求与认领", words.lang), translated("认领多少算多少，不会超过还缺的", words.lang), tuple(meters))


def _meeting(found: AffairSheet, words: Words, _: datetime) -> Iterator[Board]:
    """How the votes came out, and what a hearing came to."""
    data = found.affair["data"]
    tally, published = data.get("tally"), data.get("published")
    if isinstance(tally, dict):
        yield _tally(tally, data.get("rule"), words)
    if isinstance(published, dict):
        yield _heard(published, words)


def _heard(published: Mapping[str, Any], words: Words) -> Board:
    """What a hearing came to: how many gave which score."""
    n, mean = published["n"], f"{published['mean_x100'] / 100:.2f}"
    scores = [(int(score), count) for score, count in published["counts"].items()]
    meters = [
        Meter(translated("%(n)d分", words.lang, n=score), str(count), _share(count, n)) for score, count in sorted(scores, reverse=True)
    ]
    note = translated("平均%(mean)s分，%(n)d人打分 / %(all)d人参加", words.lang, mean=mean, n=n, all=published["invited"])
    return Board(translated("听评结果", words.lang), note, tuple(meters))


def _tally(tally: Mapping[str, Any], rule: str | None, words: Words) -> Board:
    whole = tally["part"]["heads"]
    meters = [_option(choice_name(option, words), votes, whole, words) for option, votes in tally["options"].items()]
    meters.append(_option(translated("弃权", words.lang), tally["abstained"], whole, words))
    values = {"part": tally["part"]["heads"], "all": tally["eligible"]["heads"]}
    said = translated("%(part)d人表决 / 应到%(all)d人", words.lang, **values)
    reached = "达到法定人数" if tally["quorate"] else "没有达到法定人数"
    won = [(translated("通过", words.lang), choice_name(tally["won"], words))] if tally["won"] else []
    lines = [
        (translated("表决规则", words.lang), rule_name(rule, words)),
        (translated("到会", words.lang), translated(reached, words.lang)),
        *won,
    ]
    return Board(translated("表决", words.lang), said, tuple(meters), tuple(lines))


def _option(name: str, votes: Mapping[str, int], whole: int, words: Words) -> Meter:
    area = votes.get("area_dm2", 0)
    said = translated("%(n)d人", words.lang, n=votes["heads"])
    text = f"{said} · {area / _DM2:g} m²" if area else said
    return Meter(name, text, _share(votes["heads"], whole))


def _dispute(found: AffairSheet, words: Words, now: datetime) -> Iterator[Board]:
    """Who has it, who waits for whom, what both police and grid have signed."""
    ways = [p for p in found.parts if p["thing"] == Thing.DIVERSION]
    joint = [p["state"] for p in found.parts if p["thing"] == Thing.JOINT]
    there = [role_name(Thing.DIVERSION, p["role"], words.lang) for p in ways if p["state"] in (DiversionState.SENT, DiversionState.TAKEN)]
    waits = [role_name(Thing.DIVERSION, p["role"], words.lang) for p in ways if p["state"] == DiversionState.HERE]
    signed = {"n": joint.count(JointState.CHECKED), "m": joint.count(JointState.ONE_SIDED)}
    due = min((c["due_at"] for c in found.clocks), default=None)
    lines = [
        (translated("现在在谁手上", words.lang), there[0] if there else words.unit(found.affair["unit_id"])[1] or ""),
        (translated("谁在等我们回话", words.lang), "、".join(waits) or translated("没有", words.lang)),
        (translated("双方签认的事实", words.lang), translated("%(n)d条，另有%(m)d条等对方签认", words.lang, **signed)),
        (translated("下一个时限", words.lang), moment(due, words, now)),
    ]
    yield Board(translated("进展", words.lang), "", (), tuple((name, value) for name, value in lines if value))


def _errand(found: AffairSheet, words: Words, now: datetime) -> Iterator[Board]:
    """Which papers are there, and the visits of the agent."""
    data = found.affair["data"]
    papers = data.get("materials") or []
    lines = [(str(m[words.lang]), translated(_paper(m), words.lang)) for m in papers]
    there = sum(bool(m["there"]) for m in papers)
    text = translated("%(n)d份已收 / 共%(all)d份", words.lang, n=there, all=len(papers))
    visits = [(moment(v["at"], words, now), v["words"]) for v in data.get("visited", ())]
    if papers:
        meter = Meter(translated("材料", words.lang), text, _share(there, len(papers)), "ok" if there == len(papers) else "warn")
        yield Board(translated("材料", words.lang), "", (meter,), tuple(lines))
    if visits:
        yield Board(translated("上门", words.lang), "", (), tuple(visits))


def _paper(material: Mapping[str, Any]) -> str:
    if material["there"]:
        return "已收"
    return "先办后补" if material.get("waived") else "还缺"


def _inspection(found: AffairSheet, words: Words, _: datetime) -> Iterator[Board]:
    """How many problems were found, put right, written off; where and by whom it is looked."""
    data, count = found.affair["data"], figures(found.parts)
    sites = [(words.unit(site.get("unit"))[1] or "", str(site.get("place") or "")) for site in data.get("sites", ())]
    people = [words.named(words.known.by_id[i].title) or "" for i in data.get("inspectors", ()) if i in words.known.by_id]
    lines = [*sites, (translated("谁去看", words.lang), "、".join(people))]
    text = translated("%(n)d处整改 / 共%(all)d处", words.lang, n=count.corrected, all=count.findings)
    meters = (Meter(translated("整改", words.lang), text, _share(count.corrected, count.findings)),) if count.findings else ()
    hidden = translated("还没有公开，被检查的单位看不到", words.lang) if found.affair["hidden"] else ""
    yield Board(translated("检查安排", words.lang), hidden, meters, tuple((name, value) for name, value in lines if value))


def _poll(found: AffairSheet, words: Words, _: datetime) -> Iterator[Board]:
    """How the answers stand, option by option."""
    answers = [p for p in found.parts if p["thing"] == Thing.ANSWER]
    stand = counted(found.affair, answers)
    said = translated("%(n)d户答复 / 共%(all)d户", words.lang, n=stand["n"], all=stand["households"])
    meters = [Meter(option, translated("%(n)d户", words.lang, n=n), _share(n, stand["n"])) for option, n in stand["options"].items()]
    how = [(word("part_role", way, words.lang), translated("%(n)d户", words.lang, n=n)) for way, n in stand["how"].items()]
    yield Board(translated("答复", words.lang), said, tuple(meters), tuple(how))


_Make = Callable[[AffairSheet, Words, datetime], Iterator[Board]]
_BOARDS: Final[Mapping[str, _Make]] = {
    Thing.WHISTLE: _whistle,
    Thing.POOL: _pool,
    Thing.MEETING: _meeting,
    Thing.DISPUTE: _dispute,
    Thing.ERRAND: _errand,
    Thing.INSPECTION: _inspection,
    Thing.POLL: _poll,
}
#: Parts that a board shows already, line by line.
ON_BOARD: Final = frozenset({Thing.WANT.value, Thing.ANSWER.value})
