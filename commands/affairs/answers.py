"""What a command answers once an affair was opened or moved: what became of it, who has to do what by when, who was told, what is next."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import typer

from commands.affairs.words import action_word, form_word
from commands.screen import errors, joined, local, name_of, print_json, unit_name, word
from wording import language, say

if TYPE_CHECKING:
    from datetime import datetime

    from services.affairs import AffairSheet
    from services.affairs.acting import Choices
    from services.catalogue import Catalogue


SHOWN: Final = 8  #: clocks named after a move; the others are counted


def print_moved(found: "Choices", known: "Catalogue", action: str, *, as_json: bool, part: int | None = None) -> None:
    """What became of a move, who waits for what now, who was told, and what this person could do next."""
    following = [f"{c.action} --part {c.part}" if c.part is not None else c.action for c in found.choices]
    if as_json:
        print_json({"no": found.no, "action": action, "state": found.state, "next": following})
        return
    state = word(f"{found.thing}_state", found.state)
    about = say("beside.part", no=found.no, part=part) if part is not None else found.no
    typer.echo(say("affairs.moved", no=about, action=action_word(found.thing, action), state=state))
    print_after(found.no, known)
    if found.choices:
        errors().print(say("affairs.next", no=found.no, actions=joined(_in_words(found))))


def _in_words(found: "Choices") -> list[str]:
    """What can be done next, each move once: its word, how it is written, and of which parts."""
    parts: dict[str, list[str]] = {}
    for choice in found.choices:
        parts.setdefault(choice.action, []).extend([] if choice.part is None else [str(choice.part)])
    return [
        say("affairs.choice", word=action_word(found.thing, action), code=f"{action} --part {'/'.join(nos)}" if nos else action)
        for action, nos in parts.items()
    ]


def say_moved(no: str, action: str, user: str, part: int | None = None) -> None:
    """The same for a command that has made the move itself, as this person."""
    from commands.opening import unit_of_work
    from services.affairs.acting import choices_of
    from services.affairs.people import actor_of
    from services.catalogue import catalogue

    with unit_of_work() as session:
        found, known = choices_of(session, no, actor_of(session, user)), catalogue(session)
    print_moved(found, known, action, as_json=False, part=part)


def print_began(no: str, thing: str, title: str, *, as_json: bool) -> None:
    """An affair that was opened: who has to do what by when, who was told, and how to look at it."""
    if as_json:
        print_json({"no": no, "kind": thing, "title": title})
        return
    typer.echo(say("affairs.began", no=no, kind=word("affair", thing), title=title))
    print_after(no)
    errors().print(say("affairs.look", no=no))


def print_after(no: str, known: "Catalogue | None" = None) -> None:
    """Whose turn it is until when, and whom the newest move has told; for whoever has just made it."""
    from commands.opening import unit_of_work
    from services.affairs import find, sheet
    from services.affairs.messages import told_by
    from services.catalogue import catalogue

    with unit_of_work() as session:
        known, found = known or catalogue(session), sheet(session, no)
        told = told_by(session, find(session, no), found.journal[-1]["at"])
    waits = waits_of(found, known)
    for line in waits[:SHOWN]:
        typer.echo(line)
    if len(waits) > SHOWN:
        typer.echo(say("affairs.waits_more", n=len(waits) - SHOWN, no=found.affair["no"]))
    head_start = first_of(found, known)
    if head_start:
        typer.echo(head_start)
    names = joined(people_named(told, known))
    typer.echo(say("affairs.told", names=names) if names else say("affairs.told_nobody"))


def waits_of(found: "AffairSheet", known: "Catalogue") -> list[str]:
    """A sentence for each clock that runs: who has to do what by when."""
    parts = {part["no"]: part for part in found.parts}
    lines = []
    for clock in found.clocks:
        part = parts.get(clock["part_no"])
        who = _who_waits(found, clock, part, known)
        about = {"who": who, "clock": word("clock", clock["kind"]), "due": local(clock["due_at"], known.zone)}
        lines.append(say("affairs.waits", None, **about) if part is None else say("affairs.waits_part", None, part=part["no"], **about))
    return lines


def _who_waits(found: "AffairSheet", clock: dict[str, Any], part: dict[str, Any] | None, known: "Catalogue") -> str:
    """Whose clock it is: a part's own person or unit only where the table gives the clock to the party, else the unit that it runs for."""
    from rules.facts import Thing
    from rules.handling import AFFAIRS
    from rules.handling.kinds import Whose

    kinds = AFFAIRS[Thing(found.affair["thing"])].parts if part is not None else ()
    timed = next((kind.clocks.get(part["state"]) for kind in kinds if part is not None and kind.thing == part["thing"]), None)
    theirs = whose(part, known) if part is not None and timed is not None and timed.whose is Whose.PARTY else ""
    return theirs or unit_name(known, clock["unit_id"]) or ""


def first_of(found: "AffairSheet", known: "Catalogue") -> str | None:
    """Which units have an order to themselves at first, and until when; None: nobody, or not any more."""
    from clock import utcnow

    until: datetime | None = _moment(found.affair["data"].get("first_until"))
    if until is None or until <= utcnow():
        return None
    units = joined(unit_name(known, unit_id) for unit_id in found.affair["data"].get("paired") or ())
    return say("affairs.first", units=units, until=local(until, known.zone))


def _moment(text: str | None) -> "datetime | None":
    from datetime import datetime

    return None if text is None else datetime.fromisoformat(text)


def whose(part: dict[str, Any], known: "Catalogue") -> str:
    """Whose part it is: the unit, somebody of the staff for himself, a resident (never which), or who was named by word of mouth."""
    person = known.by_id.get(part["staff_id"])
    if person is not None:
        return say("affairs.personally", who=name_of(person.title))
    if part["requester_id"] is not None:
        return say("affairs.a_resident")
    return unit_name(known, part["unit_id"]) or ""


def people_named(names: Sequence[str], known: "Catalogue") -> list[str]:
    """People, units and residents as `services.affairs.messages.Told.to` names them, in words; each once."""
    return list(dict.fromkeys(_named(name, known) for name in names))


def _named(name: str, known: "Catalogue") -> str:
    person, unit_id = known.people.get(name), known.unit_ids.get(name)
    if person is not None:
        return str(name_of(person.title) or name)
    if unit_id is not None:
        return str(unit_name(known, unit_id))
    return say("affairs.a_resident") if name == "resident" else word("actor", name)


def form_of(row: dict[str, Any], known: "Catalogue") -> str | None:
    """The variety of an affair in words; None where its kind has none."""
    return form_word(row["thing"], row["form"], known) if row["form"] else None


def texts(value: Any) -> str:  # noqa: ANN401 - a list of texts, or of things with names in both languages
    """Texts in a row; things that have a name in both languages by that of this process."""
    return joined(each[language()] if isinstance(each, dict) else each for each in value or ())
