"""What the page of the ladders shows: one ladder of a version as a drawn line of time and as a table, and the form of its rungs."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from notifications.notices import EMAIL, NOTICES, SMS
from rules.facts import Actor, Refused
from rules.ladder import ACTS, RED, Course, Ladder, Offset, Post, Rung, moments
from rules.ladder_checks import FOR_EMERGENCY, FOR_SENSOR, GENTLE, WrittenLadder, kind_of
from rules.sla import Matter
from rules.worktime import Unit, budget_of, instant, seconds
from services.policies.editing import editors
from services.policies.stored import policy_file, version_of, versions
from services.recipients import posts_of
from services.versions import DRAFT
from web.charts.timeline import Beat, Head, Node, Timeline, timeline
from web.console.config.sla_shown import chosen, kind_word, may_edit, version_view
from web.spoken import day_time
from web.views import View, Words
from web.words import translated

FIRST: Final = "handle_lead"
#: Roles by their distance, from whoever works to whoever answers for it.
LANES: Final = ("named", "clerk", "head", "clerk+1", "head+1", "clerk+2", "head+2", "centre", "centre_head", "duty", "admin", "reporter")
_LANE_NAMES: Final[Mapping[str, str]] = {
    "named": "指定的人",
    "clerk": "经办人",
    "head": "单位负责人",
    "clerk+1": "上级单位经办人",
    "head+1": "上级单位负责人",
    "clerk+2": "再上级经办人",
    "head+2": "再上级负责人",
    "centre": "区网格中心",
    "centre_head": "中心负责人",
    "duty": "区值班领导",
    "admin": "系统管理员",
    "reporter": "反映居民",
}
_ACTS: Final[Mapping[str, str]] = {
    "tell": "只通知",
    "propose_order": "拟督办，待人签发",
    "propose_listing": "拟挂牌，待人签发",
    "propose_bulletin": "拟通报，待人签发",
}
_ENDINGS: Final[Mapping[str, str]] = {
    FOR_EMERGENCY: "特急件",
    FOR_SENSOR[1]: "设备报警，协办",
    FOR_SENSOR[0]: "设备报警",
    GENTLE: "无处罚单位",
    "_co": "协办",
}
_CHANNELS: Final[Mapping[str, str]] = {SMS: "短信", EMAIL: "邮件"}
_UNITS: Final[Mapping[Unit, str]] = {
    Unit.WORK_DAY: "%(n)s个工作日",
    Unit.WORK_HOUR: "%(n)s工作时",
    Unit.HOUR: "%(n)s小时",
    Unit.MINUTE: "%(n)s分钟",
}

_NAMES: Final[Mapping[Unit, str]] = {Unit.WORK_DAY: "工作日", Unit.WORK_HOUR: "工作时", Unit.HOUR: "小时", Unit.MINUTE: "分钟"}


def shown(session: Session, actor: Actor, words: Words, wanted: int, code: str, now: datetime) -> View:
    """One ladder of one version.

    Args:
        session: The unit of work.
        actor: Who looks.
        words: Names in the language of the page.
        wanted: Number of the version; 0: the one in force.
        code: The ladder; empty: that of the lead's handling.
        now: The instant.

    Raises:
        Refused: `unknown_policy`, `unknown_ladder`.
    """
    in_force = words.known.policy_at(now)
    head = version_of(session, wanted or in_force)
    v, file = head.version, policy_file(session, head.version)
    written = next((each for each in file.ladders if each.code == (code or FIRST)), None)
    if written is None:
        raise Refused("unknown_ladder", ladder=code[:30])
    base = policy_file(session, head.base_version).ladders if head.base_version else ()
    before = next((each for each in base if each.code == written.code), None)
    return {
        "v": v,
        "code": written.code,
        "head": version_view(head, in_force, words),
        "versions": [version_view(each, in_force, words) for each in chosen(versions(session), in_force, v)],
        "is_draft": head.state == DRAFT,
        "may_edit": may_edit(session, actor),
        "own": actor.name == head.drafted_by or actor.name in editors(session, v),
        "ladders": [(each.code, getattr(each, words.lang)) for each in file.ladders],
        "changed": head.state == DRAFT and before is not None and before != written,
        "written": written,
        **_ladder(written, [clock for clock, its in file.clocks.items() if its == written.code], v, words, now),
    }


def _ladder(written: WrittenLadder, clocks: Sequence[str], version: int, words: Words, now: datetime) -> View:
    """One ladder: its table, its drawing, and the clocks that climb it."""
    rungs = [Rung.parse(rung) for rung in written.rungs]
    example, name = _example(rungs, clocks, version, words, now), getattr(written, words.lang)
    return {
        "name": name,
        "clocks": [clock_word(clock, words) for clock in clocks],
        "rungs": [_rung(rung, example["days"], words) for rung in rungs],
        "drawing": _drawing(rungs, example, name, words),
        "example": example["said"],
    }


def clock_word(name: str, words: Words) -> str:
    """A clock that climbs a ladder, in words: its kind, and whose it is where only some units' or cases' is meant."""
    ending = next((each for each in _ENDINGS if name.endswith(each)), "")
    kind = kind_of(name)
    said = words.word("clock", name) if name == "letter" else kind_word(kind or name, words)
    return translated("%(what)s（%(whose)s）", words.lang, what=said, whose=translated(_ENDINGS[ending], words.lang)) if ending else said


def rung_word(code: str, notice: str, words: Words) -> str:
    """What a rung is called: by its own code where it has words, else by what it tells."""
    found = words.word("action", code)
    return found if found != code else words.word("notice", notice) if notice else code


def act_word(act: str, words: Words) -> str:
    """What a rung does besides telling."""
    move = act.removeprefix("move:")
    return words.word("action", move) if move != act else translated(_ACTS[act], words.lang)


def at_word(rung: Rung, words: Words) -> str:
    """The moment of a rung in words."""
    if rung.permille is not None:
        return f"{rung.permille / 10:g}%"
    return offset_word(rung.offset, words) if rung.offset is not None else ""


def offset_word(offset: Offset, words: Words) -> str:
    """A distance from the due moment in words."""
    far = translated(_UNITS[offset.unit], words.lang, n=abs(offset.amount))
    said = "到期前%(far)s" if offset.amount < 0 else "超期%(far)s"
    return translated(said, words.lang, far=far)


def _post(post: Post) -> str:
    return f"{post.role}+{post.up}" if post.up else post.role


def lane_word(post: str, words: Words) -> str:
    """Somebody who is told, in words."""
    role, _, up = post.partition("+")
    if post in _LANE_NAMES:
        return translated(_LANE_NAMES[post], words.lang)
    return translated("%(role)s（上%(n)s级）", words.lang, role=translated(_LANE_NAMES[role], words.lang), n=up)


def _told(rung: Rung) -> list[tuple[str, str]]:
    """Those who are told by a rung, each with the channel that is tried first."""
    return [(_post(post), channel) for post, channel in posts_of(rung.notice, rung.to)] if rung.notice else []


def _rung(rung: Rung, days: Mapping[str, str], words: Words) -> View:
    told = [f"{lane_word(post, words)} {translated(_CHANNELS[channel], words.lang)}" for post, channel in _told(rung)]
    waits = (
        (rung.only_wd, "只用于工作日时限"),
        (rung.hold, "等上班时间"),
        (bool(rung.gap), "与前一级留间隔"),
        (rung.low and not rung.hold, "可被更高一级取代"),
        (rung.red, "亮红灯"),
    )
    return {
        "at": at_word(rung, words),
        "name": rung_word(rung.code, rung.notice, words),
        "act": act_word(rung.act, words),
        "notice": words.word("notice", rung.notice) if rung.notice else "",
        "told": told,
        "how": [translated(text, words.lang) for holds, text in waits if holds],
        "day": days.get(rung.code, ""),
    }


# the drawing ----------------------------------------------------------------------------------------------------------


def _example(rungs: Sequence[Rung], clocks: Sequence[str], version: int, words: Words, now: datetime) -> View:
    """When each rung would fire if a clock that climbs the ladder began now, by the limit of an ordinary case."""
    known = words.known
    kinds = [kind for kind in (kind_of(clock) for clock in clocks) if kind]
    urgency = "P0" if clocks and all(clock.endswith(FOR_EMERGENCY) for clock in clocks) else "P2"
    given = next((its for kind in kinds if (its := known.policies[version].limit(kind, Matter(None, urgency)))), None)
    if given is None:
        return {"days": {}, "said": ""}
    calendar, start, limit = known.calendar_of(None), seconds(now), given.limit
    course = Course(start, 0, budget_of(limit, start, calendar), calendar, limit.natural, limit.unit is Unit.WORK_DAY)
    found = moments(Ladder("example", 1, tuple(rungs)), course, start)
    days = {m.rung.code: day_time(instant(m.at), now, known.zone, words.lang) for m in found if m.skip is None}
    about = {"urgency": words.word("urgency", urgency), "clock": kind_word(given.kind, words), "limit": words.limit(str(limit))}
    return {"days": days, "said": translated("例：%(urgency)s件，%(clock)s%(limit)s，从现在起算", words.lang, **about)}


def _drawing(rungs: Sequence[Rung], example: View, name: str, words: Words) -> object:
    shares = [rung for rung in rungs if rung.permille is not None]
    lanes = [post for post in LANES if any(post == who for rung in shares for who, _ in _told(rung))]
    lanes += sorted({who for rung in shares for who, _ in _told(rung)} - set(lanes))
    heads = [Head(rung.permille or 0, rung_word(rung.code, rung.notice, words), example["days"].get(rung.code, "")) for rung in shares]
    nodes = [
        Node(rung.permille or 0, lanes.index(post), translated(_CHANNELS[channel], words.lang), channel == SMS)
        for rung in shares
        for post, channel in _told(rung)
    ]
    offsets = sorted((rung for rung in rungs if rung.offset is not None), key=lambda rung: rung.offset.amount if rung.offset else 0)
    beats = [Beat(at_word(r, words), rung_word(r.code, r.notice, words), early=bool(r.offset and r.offset.amount < 0)) for r in offsets]
    warn = next((rung.permille for rung in shares if rung.code == "yellow"), None)
    said = [translated(text, words.lang) for text in ("起算", "到期", "绿 正常", "黄 临期", "红 超期", "按天叠加")]
    line = Timeline(said[0], said[1], [lane_word(p, words) for p in lanes], heads, nodes, beats, (said[2], said[3], said[4]), said[5], warn)
    return timeline(line, translated("升级阶梯“%(name)s”：横轴为已用时限的比例，纵向为通知谁", words.lang, name=name))


# the form -------------------------------------------------------------------------------------------------------------


def form_of(written: WrittenLadder, typed: Mapping[str, str], many: Mapping[str, Sequence[str]], words: Words) -> View:
    """The form of a ladder's rungs, as stored or as they were typed, and an empty one for one more."""
    stored = [_fields(rung) for rung in written.rungs]
    if typed:
        stored = [_typed(i, typed, many) for i in range(len([key for key in typed if key.endswith("_act")]))]
        stored = stored[:-1] if stored and not stored[-1]["code"] else stored
    notices = [(code, words.word("notice", code)) for code, each in NOTICES.items() if each.reminder]
    units = [(unit.value, translated(name, words.lang)) for unit, name in _NAMES.items()]
    return {
        "rungs": [*stored, _fields({})],
        "acts": [(act, act_word(act, words)) for act in sorted(ACTS, key=lambda act: (act != "tell", act))],
        "notices": sorted(notices, key=lambda each: each[1]),
        "posts": [(post, lane_word(post, words)) for post in LANES],
        "units": [("%", translated("%（时限的比例）", words.lang)), *units],
    }


def _fields(rung: Mapping[str, Any]) -> View:
    at = str(rung.get("at", "%"))
    unit = at.lstrip("+-0123456789") or "%"
    number = at.removesuffix(unit)
    return {
        "code": rung.get("code", ""),
        "number": number.lstrip("+-"),
        "side": "before" if number.startswith("-") else "after",
        "unit": unit,
        "act": rung.get("act", "tell"),
        "notice": rung.get("notice", ""),
        "to": [_post(Post.parse(str(post))) for post in rung.get("to", ())],
        "low": bool(rung.get("low")),
        "hold": "hold" in rung,
        "only": "only" in rung,
        "red": bool(rung.get("red", rung.get("code") in RED)),
        "gap": rung.get("gap", ""),
        "drop": False,
    }


def _typed(i: int, typed: Mapping[str, str], many: Mapping[str, Sequence[str]]) -> View:
    texts = {name: typed.get(f"r{i}_{name}", "") for name in ("code", "number", "side", "unit", "act", "notice", "gap")}
    ticks = {name: typed.get(f"r{i}_{name}") == "yes" for name in ("low", "hold", "only", "red", "drop")}
    return {**texts, **ticks, "to": list(many.get(f"r{i}_to", ()))}
