"""What may be handed in with a move on the command line: one line each, in the order in which `--help` shows them."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

import typer

from wording import say


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asks for, before anything is looked up.

    Attributes:
        args: What was handed in, by name; None where it was not.
    """

    no: str
    action: str
    user: str
    order: int | None
    extension: int | None
    request: int | None
    supervision: int | None
    args: Mapping[str, Any]


_TEXT: Final = str | None
_TEXTS: Final = list[str] | None
#: Name → type; how it is written where that is not `--name`; limits of numbers. The help is `cli.act_<name>`.
HANDED_IN: Final[Mapping[str, tuple[Any, tuple[str, ...], dict[str, Any]]]] = {
    **{name: (_TEXT, (), {}) for name in ("reason", "result", "category", "urgency", "lead", "level", "into", "section", "stage")},
    "co": (_TEXTS, (), {}),
    "amount": (_TEXT, (), {}),
    "with_co": (bool | None, ("--with-co",), {}),
    "due_at": (_TEXT, (), {}),
    "by": (_TEXT, (), {}),
    **{name: (_TEXT, (), {}) for name in ("unit", "demand", "limit", "form", "rank")},
    "cases": (_TEXTS, ("--case",), {}),
    "before": (_TEXTS, (), {}),
    "after": (_TEXTS, (), {}),
    **{name: (_TEXT, (), {}) for name in ("person", "code", "until", "kind", "words", "channel", "device")},
    "rating": (int | None, (), {"min": 1}),
    "override": (bool | None, ("--override",), {}),
    "solved": (bool | None, ("--solved/--unsolved",), {}),
    "score": (int | None, (), {"min": 1, "max": 5}),
}


def with_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command one option for each thing that may be handed in; it takes them as keywords, under its `**`."""
    given = inspect.signature(command)
    own = [p.replace(kind=p.KEYWORD_ONLY) for p in given.parameters.values() if p.kind is not p.VAR_KEYWORD]
    command.__signature__ = given.replace(parameters=[*own, *map(_option, HANDED_IN)])  # type: ignore[attr-defined]
    command.__annotations__.pop("handed_in", None)
    return command


def _option(name: str) -> inspect.Parameter:
    kind, written, limits = HANDED_IN[name]
    option = typer.Option(*written, help=say(f"cli.act_{name}"), **limits)
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[kind, option])
