"""Draws docs/lifecycle.md from the table of moves: `make diagram`. A test holds the page against what this prints."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from rules.facts import FINAL, ExtensionState, OrderState, RequestState, State, SupervisionState, Thing
from rules.lifecycle import MOVES, AnyState, Move

Words = Callable[[str, str], str]
"""Gives the Chinese and English wording of a code: (section, code) → text."""


@dataclass(frozen=True, slots=True)
class _Chapter:
    """One drawing: its heading, what it is about, all its states, and how such a thing begins."""

    heading: str
    thing: Thing
    states: Sequence[AnyState]
    begins: tuple[str, AnyState]


CHAPTERS: Final = (
    _Chapter("案件 · The case", Thing.CASE, tuple(State), ("submit", State.SUBMITTED)),
    _Chapter("工单 · The work order", Thing.ORDER, tuple(OrderState), ("dispatch", OrderState.SENT)),
    _Chapter("延期申请 · The extension", Thing.EXTENSION, tuple(ExtensionState), ("ask_extension", ExtensionState.ASKED)),
    _Chapter(
        "申请（退单、挂账、作废、终止、申诉） · The request",
        Thing.REQUEST,
        tuple(RequestState),
        ("ask_return, ask_hold, ask_void, ask_terminate, appeal", RequestState.ASKED),
    ),
    _Chapter(
        "督办单 · The supervision order",
        Thing.SUPERVISION,
        tuple(SupervisionState),
        ("red, after_5wd, supervise", SupervisionState.PROPOSED),
    ),
)
HEAD: Final = """\
# 动作表 · Lifecycle

<!-- Drawn from rules/lifecycle.py by `make diagram`; do not edit. -->

谁在什么状态下可以做什么。由 `rules/lifecycle.py` 的动作表生成，测试保证两者一致；用词见 [glossary.md](glossary.md)。
What may happen in which state, and who may do it. Drawn from the table in `rules/lifecycle.py`, held against it by a test; the words
are those of [glossary.md](glossary.md). *follows*: made by the door as the consequence of another move, never asked for.
"""


def draw(moves: Sequence[Move], words: Words) -> str:
    """Make the whole page: a drawing and a table for each thing that moves, then what each need asks for.

    Args:
        moves: The table, in its own order.
        words: Wording of states, actions, steps, relations and needs.
    """
    parts = [HEAD]
    for chapter in CHAPTERS:
        own = [m for m in moves if m.thing is chapter.thing]
        parts.append(f"## {chapter.heading}\n")
        parts.append("\n".join(["```mermaid", *_diagram(chapter, own, words), "```"]) + "\n")
        parts.append("\n".join(_table(own, words)) + "\n")
    parts.append("## 条件 · Needs\n")
    parts.append("\n".join(_needs(moves, words)) + "\n")
    return "\n".join(parts)


def _diagram(chapter: _Chapter, moves: Sequence[Move], words: Words) -> Iterator[str]:
    yield "stateDiagram-v2"
    for state in chapter.states:
        yield f'    state "{words("state", state)}" as {state}'
    first, start = chapter.begins
    yield f"    [*] --> {start} : {first}"
    by_arrow = sorted(moves, key=lambda m: (list(chapter.states).index(m.source), list(chapter.states).index(m.to)))
    for (source, to), same in groupby(by_arrow, key=lambda m: (m.source, m.to)):
        yield f"    {source} --> {to} : {', '.join(m.action for m in same)}"
    left = {m.source for m in moves}
    for state in chapter.states:
        if state in FINAL or state not in left:
            yield f"    {state} --> [*]"


def _table(moves: Iterable[Move], words: Words) -> Iterator[str]:
    yield "| 步骤 Step | 动作 Action | 自 From | 至 To | 谁 Who | 条件 Needs |"
    yield "|---|---|---|---|---|---|"
    for move in moves:
        who = "<br>".join(words("who", w) for w in sorted(move.who))
        needs = ", ".join(f"`{need.code}`" for need in move.needs)
        yield _row(
            words("step", move.step),
            f"`{move.action}` {words('action', move.action)}",
            f"`{move.source}`",
            f"`{move.to}` / `{move.source}`" if move.stays else f"`{move.to}`",
            f"*follows*, {who}" if move.follows else who,
            needs,
        )


def _needs(moves: Iterable[Move], words: Words) -> Iterator[str]:
    yield "| 条件 Need | 不满足时的答复 Answer when it is not met |"
    yield "|---|---|"
    for code in dict.fromkeys(need.code for move in moves for need in move.needs):
        yield _row(f"`{code}`", words("refused", code))


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |".replace("|  |", "| |")


def main() -> None:
    """Print the page with the sentences of locales/."""
    from wording import say

    def both(section: str, code: str) -> str:
        separator = "<br>" if section == "refused" else " "
        return separator.join(say(f"{section}.{code}", lang) for lang in ("zh", "en"))

    sys.stdout.write(draw(MOVES, both))


if __name__ == "__main__":
    main()
