"""What was typed wrong, in one sentence of ours: Typer complains in English, so its complaints are told by kind and words."""

import re
from collections.abc import Mapping
from typing import Any, Final

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from commands.screen import joined
from wording import say

#: Words of a complaint, and the sentence under `[usage]` that says the same; the first that fits decides.
SAID: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    (re.compile(r"No such command '(?P<name>.*?)'\. Did you mean (?P<others>.*)\?"), "perhaps_command"),
    (re.compile(r"No such command '(?P<name>.*)'"), "no_such_command"),
    (re.compile(r"Missing command"), "missing_command"),
    (re.compile(r"unexpected extra arguments?(?:\(s\))? \((?P<name>.*)\)"), "too_many"),
    (re.compile(r"Option '(?P<name>.*)' requires"), "value_missing"),
    (re.compile(r"Option '(?P<name>.*)' does not take a value"), "no_value"),
    (re.compile(r"valid int"), "no_number"),
    (re.compile(r"less than or equal to (?P<limit>\S+)"), "too_big"),
    (re.compile(r"greater than or equal to (?P<limit>\S+)"), "too_small"),
)


class Folded(Table):
    """A table of help whose words go on in the next line: Chinese has no blanks to break at, and would end in "…"."""

    def add_row(self, *cells: RenderableType | None, **looks: Any) -> None:  # noqa: ANN401 - as Rich has it
        """Add a row."""
        for cell in cells:
            for words in getattr(cell, "renderables", [cell]):
                if isinstance(words, Text):
                    words.overflow = "fold"
        super().add_row(*cells, **looks)


def is_usage(problem: Exception) -> bool:
    """Whether this is a complaint about what was typed; Typer carries its own copy of Click's class, or uses Click's."""
    return any(kind.__name__ == "UsageError" for kind in type(problem).__mro__)


def worded(problem: Any) -> str:  # noqa: ANN401 - a UsageError of Typer or of Click
    """The sentence, and where the command explains itself; empty where Typer has shown the help already."""
    if type(problem).__name__ == "NoArgsIsHelpError":
        return ""
    key, values = _told(problem)
    command = problem.ctx.command_path if problem.ctx is not None else "bihuan"
    return say(f"usage.{key}", None, **values) + say("usage.more", command=command)


def _option(parameter: Any) -> str:  # noqa: ANN401 - a parameter of Typer or of Click
    """What to type: of a switch with two sides either of them."""
    return say("usage.either", one=parameter.opts[0], other=parameter.secondary_opts[0]) if parameter.secondary_opts else parameter.opts[0]


def _told(problem: Any) -> tuple[str, Mapping[str, object]]:  # noqa: ANN401 - as above
    parameter = getattr(problem, "param", None)
    name = "" if parameter is None else _option(parameter) if parameter.param_type_name == "option" else parameter.name.upper()
    if type(problem).__name__ == "MissingParameter" and parameter is not None:
        return f"missing_{parameter.param_type_name}", {"name": name}
    if type(problem).__name__ == "NoSuchOption":
        others = joined(sorted(problem.possibilities or ()))
        return "perhaps" if others else "no_such_option", {"name": problem.option_name, "others": others}
    for words, key in SAID:
        if found := words.search(problem.message):
            return key, {"name": name} | found.groupdict()
    return "bad_value" if name else "other", {"name": name, "reason": problem.message}
