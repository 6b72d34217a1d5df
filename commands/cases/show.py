"""`bihuan show`: the codes that other commands ask for, and what somebody may do in a case."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from rules.facts import FINAL, Refused, State, Thing, Who
from rules.lifecycle import MOVES
from rules.reasons import REASONS
from wording import LANGUAGES, language, say, sentences

if TYPE_CHECKING:
    from services.catalogue import Catalogue, Named
    from services.choices import Choice

Line = dict[str, Any]
#: How what must be handed in is written on the command line; anything else is `--<name>`.
OPTIONS: Final[Mapping[str, str]] = {
    "solved": "--solved/--unsolved",
    "co": "[--co]",
    "score": "[--score]",
    "urgency": "[--urgency]",
}

#: Headings of columns that are called otherwise on the screen.
COLUMNS: Final[Mapping[str, str]] = {"zh": "name"}
#: Columns whose values are codes of the locale, and its section.
WORDS: Final[Mapping[str, str]] = {
    "authority": "level",
    "post": "role",
    "who": "who",
    "request": "request",
}
#: Columns whose values are states of what the line is about.
STATES: Final = frozenset({"in_state", "then"})
_OPEN: Final = frozenset(State) - FINAL - {State.BESIDE}


def add(app: typer.Typer) -> None:
    """Add the commands to the program."""
    group = typer.Typer(help=say("show.help"), no_args_is_help=True)
    app.add_typer(group, name="show")
    for name in LISTS:
        if name != ACTIONS:
            group.command(name, help=say(f"show.{name}"))(_command(name))

    @group.command(ACTIONS, help=say("show.actions"))
    def actions(
        action: Annotated[str | None, typer.Option(help=say("show.action"))] = None,
        as_json: Annotated[bool, typer.Option("--json", help=say("cli.json"))] = False,
    ) -> None:
        _show(ACTIONS, action and action.replace("-", "_"), as_json=as_json)


def _command(name: str) -> Callable[..., None]:
    def show(as_json: Annotated[bool, typer.Option("--json", help=say("cli.json"))] = False) -> None:
        _show(name, as_json=as_json)

    return show


def _show(name: str, action: str | None = None, *, as_json: bool) -> None:
    from commands.opening import unit_of_work
    from commands.screen import print_json, print_table, screen
    from services.catalogue import catalogue

    with unit_of_work() as session:
        lines = [line for line in LISTS[name](catalogue(session)) if action in (None, line.get("action"))]
    if action is not None and not lines:
        raise Refused("unknown_action", action=action)
    if as_json:
        print_json(lines)
        return
    lines = _merged(lines) if name == ACTIONS else lines
    columns = [COLUMNS.get(column, column) for column in (lines[0] if lines else ()) if column != "en"]
    rows = ([_cell(column, line) for column in line if column != "en"] for line in lines)
    print_table("", columns, rows, on=screen())


def _merged(lines: Iterable[Line]) -> list[Line]:
    """Moves that differ in the state only, in one line: from any of these states, to the other one or (a dash) none."""
    merged: dict[str, Line] = {}
    for line in lines:
        key = str([line[name] for name in ("action", "about", "who", "needs")])
        found = merged.setdefault(key, line | {"in_state": [], "then": []})
        found["in_state"].append(line["in_state"])
        if line["then"] not in (line["in_state"], *found["then"]):
            found["then"].append(line["then"])
    return list(merged.values())


def _cell(column: str, line: Line) -> object:
    """A value as people read it: the name in their language, codes of the table in words."""
    from commands.affairs.words import thing_word
    from commands.screen import joined, word

    if column == "zh":
        return line[language()]
    value = line[column]
    if column == "needs":
        return joined(_options(value))
    if column == "about":
        return thing_word(value)
    if column in STATES:
        return joined(_states(line["about"], value))
    if column not in WORDS:
        return joined(value) if isinstance(value, list) else value
    return joined(word(WORDS[column], each) for each in value) if isinstance(value, list) else word(WORDS[column], value)


def _states(thing: str, states: Sequence[str]) -> Iterator[str]:
    """States in words; all in which a case is open, in one word."""
    from commands.affairs.words import state_word

    every = thing == Thing.CASE and set(states) >= _OPEN
    if every:
        yield say("beside.every_open")
    yield from (state_word(thing, state) for state in states if not (every and state in _OPEN))


# the lists ------------------------------------------------------------------------------------------------------------


def _both(name: "Named") -> Line:
    return {"zh": name.zh, "en": name.en}


def _units(known: "Catalogue") -> Iterator[Line]:
    """Units in the order of the tree, each under the one above it; those that were merged are left out."""
    present = [unit for unit in known.units.values() if not unit.retired]
    paths = {unit.id: [known.units[i].code for i in reversed(known.line(unit.id))] for unit in present}
    for unit in sorted(present, key=lambda u: paths[u.id]):
        above = known.units[unit.parent_id].code if unit.parent_id is not None else None
        yield {"code": unit.code, **_both(known.names[unit.id]), "unit_kind": unit.kind, "above": above}


def _categories(known: "Catalogue") -> Iterator[Line]:
    for c in sorted(known.offered.values(), key=lambda c: c.code):
        routed = {"lead_kind": c.lead, "co_kinds": list(c.co), "authority": c.authority}
        yield {"code": c.code, **_both(c.name), "urgency": c.urgency, **routed}


def _sources(known: "Catalogue") -> Iterator[Line]:
    return ({"code": code, **_both(name)} for code, name in known.source_names.items())


def _users(known: "Catalogue") -> Iterator[Line]:
    for person in sorted(known.people.values(), key=lambda p: (known.units[p.unit_id].code, p.name)):
        yield {"user": person.name, **_both(person.title), "unit_code": known.units[person.unit_id].code, "post": person.role}


def _actions(_: "Catalogue") -> Iterator[Line]:
    """What people may ask for; what the engine alone does is left out."""
    for move in MOVES:
        if move.follows or move.who == {Who.SYSTEM}:
            continue
        names = {lang: say(f"action.{move.action}", lang) for lang in LANGUAGES}
        about = {"about": move.thing, "in_state": move.source, "then": move.to}
        who = [who for who in Who if who in move.who and who is not Who.SYSTEM]
        yield {"action": move.action, **names, **about, "who": who, "needs": _handed_in(need.code for need in move.needs)}


def _refusals(_: "Catalogue") -> Iterator[Line]:
    """Every code with which something is refused, with its sentence."""
    both = {lang: sentences(lang)["refused"] for lang in LANGUAGES}
    return ({"code": code, **{lang: said[code] for lang, said in both.items()}} for code in sorted(both["zh"]))


def _reasons(_: "Catalogue") -> Iterator[Line]:
    for kind, codes in REASONS.items():
        for code in codes:
            yield {"code": code, **{lang: say(f"reason.{code}", lang) for lang in LANGUAGES}, "request": kind}


def _diversions(known: "Catalogue") -> Iterator[Line]:
    return ({"code": code, **_both(name)} for code, name in known.diversions.items())


def _sensitive(known: "Catalogue") -> Iterator[Line]:
    return ({"code": code, **_both(kind.name), "report_to": kind.report_to} for code, kind in known.sensitive.items())


ACTIONS: Final = "actions"
LISTS: Final[Mapping[str, Callable[["Catalogue"], Iterator[Line]]]] = {
    "units": _units,
    "categories": _categories,
    "sources": _sources,
    "users": _users,
    ACTIONS: _actions,
    "refusals": _refusals,
    "reasons": _reasons,
    "diversions": _diversions,
    "sensitive": _sensitive,
}


# what somebody may do now ---------------------------------------------------------------------------------------------


def plain_moves(found: "Iterable[Choice]") -> list[Line]:
    """What somebody could ask for, as plain data; the keys are stable."""
    return [_plain(choice) for choice in found]


def print_moves(no: str, state: str, user: str, found: "Sequence[Choice]") -> None:
    """Print what this person could ask for now in a case, with what each move needs."""
    from commands.screen import print_table, screen, word

    out = screen()
    out.print(say("show.case_now", no=no, state=word("state", state)))
    if not found:
        out.print(say("show.nothing", user=user))
    print_table(say("show.moves", user=user), ("action", "name", "about", "needs", "obstacle"), map(_row, found), on=out)


def _handed_in(codes: Iterable[str]) -> list[str]:
    from services.choices import HANDED_IN

    return list(dict.fromkeys(name for code in codes for name in HANDED_IN.get(code, ())))


def _options(names: Iterable[str]) -> list[str]:
    return [OPTIONS.get(name, f"--{name.replace('_', '-')}") for name in names]


def _plain(choice: "Choice") -> Line:
    return {"thing": choice.thing, "no": choice.no, "action": choice.action, "needs": list(choice.needs), "obstacle": choice.obstacle}


def _row(choice: "Choice") -> tuple[object, ...]:
    from commands.affairs.words import thing_word
    from commands.screen import joined, word
    from commands.trouble import refusal

    about = thing_word(choice.thing) if choice.no is None else f"{thing_word(choice.thing)} {choice.no}"
    obstacle = choice.obstacle and refusal(Refused(choice.obstacle, action=choice.action))
    return (choice.action, word("action", choice.action), about, joined(_options(choice.needs)), obstacle)
