"""What went wrong, in one sentence: refusals, settings, a database that is away. Anything else is a bug and keeps its traceback."""

import errno
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from commands.screen import joined, word
from rules.facts import Refused
from wording import language, say, sentences

if TYPE_CHECKING:
    from services.catalogue import Catalogue

REFUSED: Final = 1
USAGE: Final = 2
#: Details that are words of the table: they are said as people say them.
WORDS: Final = ("state", "action", "level", "delivery", "mechanism")
#: Details that are codes of units: they are said with the unit's name.
UNITS: Final = ("unit", "successor")
SEVERAL_UNITS: Final = ("units",)
#: Details that may be moments, as ISO writes them: they are said in the district's local time.
MOMENTS: Final = ("given", "since", "until", "at")
#: Refusals whose hint names the case and the person, known where a move was asked for.
ABOUT_A_CASE: Final = ("wrong_state", "not_yours", "belongs_to_others", "case_not_with_units", "no_order_of_unit")
#: What a database says when a statement of ours is wrong, not when it is away.
OUR_BUGS: Final = ("IntegrityError", "DataError", "ProgrammingError")


def explained(problem: Exception) -> tuple[str | None, int]:
    """Put a problem into words.

    Returns:
        The sentence (None: a bug, which nobody should hide) and the exit code.
    """
    for name, (sentence, code) in _SENTENCES.items():
        kind = _class(name)
        if kind is not None and isinstance(problem, kind):
            return sentence(problem), code
    return None, REFUSED


def refusal(problem: Refused) -> str:
    """The sentence of a refusal, and where to look for what would not be refused."""
    problem = _whose(problem)
    said = {name: _word(name, value) for name, value in problem.details.items()}
    if "thing" in said and "state" in said:  # of an affair: its states are worded under its own kind
        said["state"] = sentences(language()).get(f"{said['thing']}_state", {}).get(str(problem.details["state"]), said["state"])
    states = sentences(language()).get(problem.code, {})
    if "state" in said and isinstance(states, dict):  # of a sheet or a bulletin: worded in the section that is called like the refusal
        said["state"] = states.get(str(problem.details["state"]), said["state"])
    sentence = say(f"refused.{problem.code}", None, **said)
    look_up = sentences(language())["hint"].get(problem.code)
    if look_up is None or (problem.code in ABOUT_A_CASE and "no" not in said):
        return sentence
    return sentence + say(f"hint.{problem.code}", None, **said)


def _whose(problem: Refused) -> Refused:
    """Who is told that a move is not his or hers hears whose it is: of which unit, where the refusal names it, else in which role."""
    from rules.facts import Who
    from rules.lifecycle import MOVES

    if problem.code != "not_yours":
        return problem
    action, thing = problem.details.get("action"), problem.details.get("thing")
    rows = (m for m in MOVES if m.action == action and thing in (None, m.thing.value) and not m.follows)
    may = {who for move in rows for who in move.who}
    unit = problem.details.get("whose")
    may -= {Who.SYSTEM} | ({Who.OWNER, Who.PARTY} if unit else set())
    posts: Any = problem.details.get("posts", ())
    roles = [*(word("role", post) for post in posts), *(word("who", who) for who in Who if who in may)]
    words = joined((_unit(str(unit)) if unit else None, *roles))
    return Refused("belongs_to_others", **problem.details, who=words) if words else problem


def _word(name: str, value: object) -> object:
    if name in UNITS:
        return _unit(str(value))
    if name in SEVERAL_UNITS and isinstance(value, list | tuple):
        return joined(_unit(str(code)) for code in value)
    if name in MOMENTS and (moment := _moment(value)) is not None:
        return _local(moment)
    if name not in WORDS:
        return _row(value) if isinstance(value, list | tuple) else value
    return sentences(language()).get(name, {}).get(str(value), value)


def _row(values: Any) -> str:  # noqa: ANN401 - texts, or things with a name in both languages
    return joined(each[language()] if isinstance(each, dict) else each for each in values)


def _moment(value: object) -> datetime | None:
    """A moment with its zone, however it was handed over; None where it is something else."""
    if isinstance(value, str) and len(value) > len("2026-12-01"):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    return value if isinstance(value, datetime) and value.tzinfo is not None else None


def _local(moment: datetime) -> str:
    """A moment in the district's local time; as it stands where nothing can be looked up now."""
    from commands.screen import local

    known = _known()
    return moment.isoformat() if known is None else str(local(moment, known.zone))


def _known() -> "Catalogue | None":
    """The reference data; None where it cannot be read: whatever is wrong with the database, the refusal is what has to be said."""
    from commands.opening import unit_of_work
    from services.catalogue import catalogue

    try:
        with unit_of_work() as session:
            return catalogue(session)
    except Exception:
        return None


def _unit(code: str) -> str:
    """A unit's name with its code; the code alone where no such unit is known, or nothing can be looked up now."""
    from commands.screen import name_of

    known = _known()
    if known is None:
        return code
    found = next((name_of(known.names[unit.id]) for unit in known.units.values() if unit.code == code), None)
    return code if found is None else say("cli.unit_named", name=found, code=code)


def _class(name: str) -> type[Exception] | None:
    """A class by `module:name`; None while its module is not loaded, for then nobody can have raised it."""
    module, _, attribute = name.partition(":")
    loaded = sys.modules.get(module)
    return getattr(loaded, attribute) if loaded is not None else None


def _database(problem: Any) -> str | None:  # noqa: ANN401 - a DBAPIError
    reason = str(problem.orig).strip().partition("\n")[0]
    if type(problem.orig).__name__ == "UndefinedTable" or "no such table" in reason:
        return say("cli.not_prepared")
    if type(problem).__name__ in OUR_BUGS:
        return None
    return say("cli.database_busy") if "locked" in reason else say("cli.database_away", reason=reason)


def _file(problem: OSError) -> str:
    """A file, or the whole folder of data, that cannot be used."""
    from settings import get_settings

    folder = get_settings().data_dir
    if problem.filename and folder in (here := Path(problem.filename), *here.parents) and not folder.is_dir():
        return say("cli.folder_trouble", path=folder, reason=reason_of(problem))
    return say("cli.file_trouble", file=problem.filename or "-", reason=reason_of(problem))


def reason_of(problem: OSError) -> str:
    """What the system says of a file, in words of ours where we have them."""
    name = errno.errorcode.get(problem.errno or 0, "")
    return str(sentences(language())["errno"].get(name) or problem.strerror or type(problem).__name__)


#: The first class that fits decides. Classes are named, so that explaining a wrong option does not load a database driver.
_SENTENCES: Final[dict[str, tuple[Callable[[Any], str | None], int]]] = {
    "rules.facts:Refused": (refusal, REFUSED),
    "services.moves.intents:Conflict": (lambda p: say("refused.conflict", version=p.version), REFUSED),
    "settings:SettingsError": (str, USAGE),
    "sqlalchemy.exc:InterfaceError": (_database, REFUSED),
    "sqlalchemy.exc:DatabaseError": (_database, REFUSED),
    "cryptography.fernet:InvalidToken": (lambda _: say("cli.wrong_key"), REFUSED),
    "builtins:OSError": (_file, REFUSED),
}
