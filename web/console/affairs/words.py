"""What an affair and its parts say of themselves on a page: facts line by line, whose a part is, what came of it."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from rules.facts import Thing
from rules.shares import percent, yuan
from seeds import read
from services.affairs.naming import form_name, role_name, word
from web.spoken import day_time
from web.views import Words
from web.words import translated
from wording import say

Row = Mapping[str, Any]
#: What the text of an affair is called, where it is more than an explanation.
_BODY: Final[Mapping[str, str]] = {Thing.CAMPAIGN: "plan", Thing.TOPIC: "plan", Thing.RECORD: "reason"}


def facts_of(row: Row, words: Words, now: datetime) -> list[tuple[str, str]]:
    """Heading and value of each line; what is empty is left out. State, title and parts are shown elsewhere."""
    lines = {**_own(row, words, now), **{name: shown(row["data"], words) for name, shown in _KEPT.items()}, "result": row["result"]}
    return [(say(f"affairs.of_{name}", words.lang), str(value)) for name, value in lines.items() if value]


def _own(row: Row, words: Words, now: datetime) -> dict[str, Any]:
    """What the columns of an affair say."""
    person = words.known.by_id.get(row["staff_id"])
    return {
        "form": form_name(row["thing"], row["form"], words.known, words.lang) if row["form"] else None,
        "unit": words.unit(row["unit_id"])[1],
        "in_charge": person and words.named(person.title),
        "asker": row["asker_id"] and say("affairs.a_resident", words.lang),
        _BODY.get(row["thing"], "body"): row["body"],
        "place": row["place"],
        "at": moment(row["at"], words, now),
        "until": moment(row["until"], words, now),
        "quantity": row["quantity"] and f"{row['quantity']} {row['measure']}".strip(),
        "amount": row["amount_fen"] is not None and f"¥{yuan(row['amount_fen'])}",
        "since": moment(row["opened_at"], words, now),
        "ended": moment(row["ended_at"], words, now),
    }


def moment(at: datetime | str | None, words: Words, now: datetime) -> str:
    """A moment as people say it, also as it stands in a row's data; nothing where there is none."""
    if not at:
        return ""
    found = datetime.fromisoformat(at) if isinstance(at, str) else at
    return day_time(found, now, words.known.zone, words.lang)


def _texts(value: Any, words: Words) -> str:  # noqa: ANN401 - a list of texts, or of things with names in both languages
    return joined((each[words.lang] if isinstance(each, dict) else each for each in value or ()), words)


def joined(texts: Any, words: Words) -> str:  # noqa: ANN401 - texts, empty ones among them
    """Several things in a row."""
    return translated("、", words.lang).join(str(text) for text in texts if text)


def _units(ids: Any, words: Words) -> str:  # noqa: ANN401 - a list of ids, as JSON kept it
    return joined((words.unit(unit_id)[1] for unit_id in ids or () if unit_id in words.known.units), words)


def rule_name(code: str | None, words: Words) -> str:
    """How a meeting votes, in words."""
    names = {rule["code"]: rule[words.lang] for rule in read("deliberation.toml")["vote_rule"]}
    return str(names.get(code or "", code or ""))


#: What is kept besides, by heading: how it is put into words.
_KEPT: Final[Mapping[str, Callable[[Row, Words], Any]]] = {
    "rule": lambda data, words: rule_name(data.get("rule"), words),
    "judged": lambda data, words: words.unit(data.get("judged"))[1],
    "minutes": lambda data, _: data.get("minutes"),
    "basis": lambda data, _: data.get("basis"),
    "objection": lambda data, _: data.get("objection"),
    "convention": lambda data, _: data.get("convention"),
    "operators": lambda data, words: _units(data.get("operators"), words),
    "room": lambda data, _: data.get("room"),
    "plan": lambda data, _: data.get("plan"),
    "month": lambda data, _: data.get("month"),
    "options": lambda data, words: _texts(data.get("options"), words),
}


# parts ----------------------------------------------------------------------------------------------------------------


def whose(part: Row, words: Words) -> str:
    """Whose part it is: the unit, somebody of the staff for himself, a resident (never which); nothing where it is a name on paper."""
    person = words.known.by_id.get(part["staff_id"])
    if person is not None:
        return say("affairs.personally", words.lang, who=words.named(person.title))
    if part["requester_id"] is not None:
        return say("affairs.a_resident", words.lang)
    return words.unit(part["unit_id"])[1] or ""


def name_of(part: Row, words: Words) -> str:
    """A part in one line: its title, in which capacity, whose."""
    role = role_name(part["thing"], part["role"], words.lang) if part["role"] else ""
    return " · ".join(dict.fromkeys(filter(None, (part["title"], role, whose(part, words)))))


def said_of_part(part: Row, words: Words, now: datetime) -> str:
    """What was said with a part, what was chosen, where and when it is, what came of it."""
    return " · ".join(filter(None, (part["words"], *_of_data(part, words, now))))


def _of_data(part: Row, words: Words, now: datetime) -> Iterator[str]:
    data = part["data"]
    yield from (choice_name(data["choice"], words) for _ in (1,) if data.get("choice"))
    yield from (str(data[name]) for name in ("place", "on_the_spot", "result", "was", "now", "thanks", "recheck") if data.get(name))
    if part["thing"] == Thing.SITTING and data.get("at"):
        yield moment(data["at"], words, now)
    if part["thing"] == Thing.CALL and data.get("way"):
        yield word("way", data["way"], words.lang)
    if part["thing"] == Thing.CALL and data.get("caller_score"):
        yield translated("评吹哨单位%(n)d分", words.lang, n=data["caller_score"])
    if part["score"] is not None:
        yield say("affairs.scored", words.lang, score=part["score"])


def choice_name(choice: str, words: Words) -> str:
    """What somebody voted for; options stand as they were written."""
    return translated("弃权", words.lang) if choice == "abstain" else choice


def amount_of(part: Row, words: Words) -> str:
    """Quantity, share and money of a part, as far as it has any."""
    quantity = f"{part['quantity']} {part['measure']}".strip() if part["quantity"] is not None else ""
    if quantity and part["done"]:
        quantity = translated("%(done)s / %(all)s", words.lang, done=part["done"], all=quantity)
    share = f"{percent(part['share_bp'])} %" if part["share_bp"] is not None else ""
    money = f"¥{yuan(part['amount_fen'])}" if part["amount_fen"] is not None else ""
    return " · ".join(filter(None, (quantity, share, money)))
