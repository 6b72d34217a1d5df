"""`bihuan triage evaluate`: how good the classifier is, on messages whose class is known."""

import json
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

import typer

from rules.facts import Refused
from wording import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.triage.texts import Message, Prototype

TO_SCREEN: Final = "-"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be measured, and where the figures go: a file, `-` for the screen, None for a table."""

    train: Path
    test: Path | None
    taxonomy: Path | None
    plain: bool
    json_to: str | None


def measure(asked: Asked) -> None:
    """Measure, and print or write the figures."""
    from commands.screen import errors
    from services.triage.evaluation import evaluate
    from services.triage.reading import read_messages

    messages = read_messages(asked.train)
    test = read_messages(asked.test) if asked.test is not None else []
    taxonomy = _taxonomy(asked, messages)
    semantic = _semantic(plain=asked.plain)
    began = perf_counter()
    with errors().status(say("triage.measuring", n=len(messages))):
        found = evaluate(messages, test, taxonomy, semantic=semantic)
    _answer(asked, found.plain() | {"seconds": round(perf_counter() - began, 2), "taxonomy_rows": len(taxonomy)})


def _taxonomy(asked: Asked, messages: "Sequence[Message]") -> "list[Prototype]":
    """The lines of the taxonomy for the classes of the messages; a taxonomy that was named must have some."""
    from services.triage.reading import BESIDE, read_taxonomy

    beside = asked.train.parent / BESIDE
    file = asked.taxonomy or (beside if beside.is_file() else None)
    labels = {m.label for m in messages}
    found = [p for p in read_taxonomy(file) if p.label in labels] if file is not None else []
    if asked.taxonomy is not None and not found:
        raise Refused("foreign_taxonomy", file=asked.taxonomy.name)
    return found


def _semantic(*, plain: bool) -> bool:
    """Whether embeddings are used; where they could be and cannot, that is said."""
    from commands.screen import errors
    from services.triage.meaning import READY, semantic_state

    if plain:
        return False
    state = semantic_state()
    if state != READY:
        errors().print(say(f"triage_semantic.{state}"))
    return state == READY


def _answer(asked: Asked, figures: dict[str, Any]) -> None:
    from commands.screen import print_json

    if asked.json_to == TO_SCREEN:
        print_json(figures)
        return
    if asked.json_to is not None:
        Path(asked.json_to).write_text(json.dumps(figures, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    _table(figures)


def _table(figures: dict[str, Any]) -> None:
    from commands.screen import print_table, screen

    how = say("triage.folds", folds=figures["folds"]) if figures["folds"] else say("triage.held_out")
    rows = [
        (name, *(f"{each[key]:.3f}" for key in ("precision", "recall", "f1")), each["support"])
        for name, each in figures["per_class"].items()
    ]
    title = say("triage.figures", macro_f1=f"{figures['macro_f1']:.3f}", top2=f"{figures['top2']:.3f}")
    print_table(title, ("class", "precision", "recall", "f1", "support"), rows, on=screen())
    typer.echo(say("triage.how", n=figures["n"], how=how, model=say(f"triage_model.{figures['model']}"), seconds=figures["seconds"]))
    sure = figures["confident"]
    right = say("triage.sure_right", right=f"{sure['right']:.1%}") if sure["right"] is not None else ""
    typer.echo(say("triage.sure", share=f"{sure['share']:.1%}", threshold=f"{figures['threshold']:.2f}") + right)
