"""What is said of an affair and of its parts line by line: plan, reason, options, money, papers; what each mechanism keeps besides."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from commands.affairs.answers import first_of, form_of, texts
from commands.screen import joined, local, name_of, unit_name, word
from rules.facts import Thing
from wording import language, say

if TYPE_CHECKING:
    from services.affairs import AffairSheet
    from services.catalogue import Catalogue

Row = dict[str, Any]
#: What the text of an affair is called, where it is more than an explanation.
_BODY: Final[Mapping[str, str]] = {Thing.CAMPAIGN: "plan", Thing.TOPIC: "plan", Thing.RECORD: "reason"}


def facts_of(found: "AffairSheet", known: "Catalogue") -> Iterator[tuple[str, str]]:
    """Heading and value of each line; what is empty is left out."""
    row = found.affair
    lines = _own(row, known)
    lines |= {name: value for name, shown in _KEPT.items() if (value := shown(row["data"], known))}
    lines |= {"first": first_of(found, known), "cases": joined(found.cases)}
    lines |= {"since": local(row["opened_at"], known.zone), "ended": local(row["ended_at"], known.zone), "result": row["result"]}
    return ((say(f"affairs.of_{name}"), str(value)) for name, value in lines.items() if value)


def _own(row: Row, known: "Catalogue") -> dict[str, Any]:
    """What the columns of an affair say."""
    person = known.by_id.get(row["staff_id"])
    return {
        "form": form_of(row, known),
        "state": word(f"{row['thing']}_state", row["state"]),
        "unit": unit_name(known, row["unit_id"]),
        "in_charge": person and name_of(person.title),
        "asker": row["asker_id"] and say("affairs.a_resident"),
        _BODY.get(row["thing"], "body"): row["body"],
        "place": row["place"],
        "at": local(row["at"], known.zone),
        "until": local(row["until"], known.zone),
        "tier": row["tier"],
        "quantity": row["quantity"] and f"{row['quantity']} {row['measure']}".strip(),
        "amount": _yuan(row["amount_fen"]),
        "case": row["case_no"],
    }


def _yuan(fen: int | None) -> str | None:
    return None if fen is None else f"¥{fen / 100:.2f}"


def _units(ids: Any, known: "Catalogue") -> str:  # noqa: ANN401 - a list of ids, as JSON kept it
    return joined(unit_name(known, unit_id) for unit_id in ids or ())


def _rule(data: Row, _: "Catalogue") -> str | None:
    from seeds import read

    names = {rule["code"]: rule[language()] for rule in read("deliberation.toml")["vote_rule"]}
    return names.get(data["rule"], data["rule"]) if data.get("rule") else None


def _subsidy(data: Row, _: "Catalogue") -> str | None:
    money = data.get("subsidy")
    if not isinstance(money, dict):
        return None
    return say("affairs.subsidy", rate=_yuan(money["rate_fen"]), most=_yuan(money.get("most_fen")) or say("affairs.no_cap"))


def _papers(data: Row, _: "Catalogue") -> str:
    """Each paper of an errand, and whether it is there."""
    papers = data.get("materials") or ()
    return joined(say("affairs.paper_there" if m["there"] else "affairs.paper_missing", name=m[language()]) for m in papers)


def _signed(data: Row, known: "Catalogue") -> str:
    return _units([int(unit_id) for unit_id in data.get("signed") or () if str(unit_id).isdecimal()], known)


#: What is kept besides, by heading: how it is put into words.
_KEPT: Final[Mapping[str, Callable[[Row, "Catalogue"], Any]]] = {
    "options": lambda data, _: texts(data.get("options")),
    "rule": _rule,
    "judged": lambda data, known: unit_name(known, data.get("judged")),
    "minutes": lambda data, _: data.get("minutes"),
    "basis": lambda data, _: data.get("basis"),
    "objection": lambda data, _: data.get("objection"),
    "convention": lambda data, _: data.get("convention"),
    "operators": lambda data, known: _units(data.get("operators"), known),
    "signed": _signed,
    "subsidy": _subsidy,
    "papers": _papers,
    "room": lambda data, _: data.get("room"),
    "plan": lambda data, _: data.get("plan"),
    "month": lambda data, _: data.get("month"),
}


def of_part(part: Row, known: "Catalogue") -> Iterator[str]:
    """What a part keeps besides its words: what was chosen, where and when it is, what came of it."""
    data = part["data"]
    yield from (str(data[name]) for name in ("choice", "place", "on_the_spot", "was", "now", "thanks") if data.get(name))
    if part["thing"] == Thing.SITTING and data.get("at"):
        yield str(local(datetime.fromisoformat(data["at"]), known.zone))
    if part["thing"] == Thing.PLEDGE and data.get("want"):
        yield say("affairs.of_line", part=data["want"])
    if part["thing"] == Thing.CALL and data.get("way"):
        yield word("way", data["way"])
    if part["score"] is not None:
        yield say("affairs.scored", score=part["score"])
