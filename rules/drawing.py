"""Draws docs/lifecycle.md and docs/lifecycle-affairs.md from the table of moves: `make diagram`. A test holds the pages against it."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import Final

from rules.facts import FINAL, ExtensionState, OrderState, RequestState, State, SupervisionState, Thing
from rules.handling import AFFAIRS, OPENING, AffairKind
from rules.lifecycle import MOVES
from rules.table import Move

Words = Callable[[str, str], str]
"""Gives the Chinese and English wording of a code: (section, code) → text."""


@dataclass(frozen=True, slots=True)
class _Chapter:
    """One drawing: its heading, what it is about, all its states, how such a thing begins, and under what its states are worded."""

    heading: str
    thing: Thing
    states: Sequence[StrEnum]
    begins: tuple[str, StrEnum]
    worded: str = "state"
    ends: frozenset[StrEnum] = frozenset(FINAL)


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
Affairs beside the loop are on [a page of their own](lifecycle-affairs.md).
"""
HEAD_AFFAIRS: Final = """\
# 事项动作表 · Lifecycle of affairs

<!-- Drawn from rules/handling by `make diagram`; do not edit. -->

循环之外的事项（吹哨、认领、议事……）各自的状态与动作，由 `rules/handling` 的各行生成；案件本身见 [lifecycle.md](lifecycle.md)。
States and moves of affairs beside the loop, drawn from the rows of `rules/handling`; the case itself is in [lifecycle.md](lifecycle.md).
"""


def draw(moves: Sequence[Move], words: Words) -> str:
    """Make the whole page: a drawing and a table for each thing that moves, then what each need asks for.

    Args:
        moves: The table, in its own order.
        words: Wording of states, actions, steps, relations and needs.
    """
    parts = [HEAD]
    for chapter in CHAPTERS:
        parts += _drawn(chapter, [m for m in moves if m.thing is chapter.thing and m.action not in OPENING], words, "##")
    parts.append("## 条件 · Needs\n")
    in_loop = {chapter.thing for chapter in CHAPTERS}
    parts.append("\n".join(_needs([m for m in moves if m.thing in in_loop and m.action not in OPENING], words)) + "\n")
    return "\n".join(parts)


def draw_affairs(words: Words) -> str:
    """Make the page of the affairs: each kind with its parts, how it is opened, then what each need asks for."""
    parts = [HEAD_AFFAIRS]
    for kind in AFFAIRS.values():
        parts.append(f"## {words('affair', kind.thing)} (`{kind.prefix}`)\n")
        parts.append("\n".join(_openings(kind, words)) + "\n")
        for thing in (kind.thing, *(part.thing for part in kind.parts)):
            own = [m for m in kind.moves if m.thing is thing]
            if own:
                section = "affair" if thing is kind.thing else "affair_part"
                parts += _drawn(_chapter_of(thing, own, kind, words(section, thing)), own, words, "###")
    parts.append("## 条件 · Needs\n")
    parts.append("\n".join(_needs([m for kind in AFFAIRS.values() for m in kind.moves], words)) + "\n")
    return "\n".join(parts)


def _chapter_of(thing: Thing, own: Sequence[Move], kind: AffairKind, heading: str) -> _Chapter:
    states = tuple(dict.fromkeys(state for m in own for state in (m.source, m.to)))
    first = next(iter(type(states[0])))
    return _Chapter(heading, thing, states, ("", first), f"{thing}_state", kind.ends if thing is kind.thing else frozenset())


def _openings(kind: AffairKind, words: Words) -> Iterator[str]:
    """How an affair is opened: on cases in which states, by whom."""
    yield "| 动作 Action | 案件状态 Case states | 谁 Who | 条件 Needs |"
    yield "|---|---|---|---|"
    for action in sorted(kind.opened_by):
        own = [m for m in kind.moves if m.thing is Thing.CASE and m.action == action]
        states = ", ".join(f"`{m.source}`" for m in own)
        who = "<br>".join(words("who", w) for w in sorted({w for m in own for w in m.who}))
        needs = ", ".join(f"`{code}`" for code in dict.fromkeys(need.code for m in own for need in m.needs))
        yield _row(f"`{action}` {words('action', action)}", states, who, needs)


def _drawn(chapter: _Chapter, own: Sequence[Move], words: Words, level: str) -> list[str]:
    """A heading, a drawing, a table."""
    diagram = "\n".join(["```mermaid", *_diagram(chapter, own, words), "```"])
    return [f"{level} {chapter.heading}\n", diagram + "\n", "\n".join(_table(own, words)) + "\n"]


def _diagram(chapter: _Chapter, moves: Sequence[Move], words: Words) -> Iterator[str]:
    yield "stateDiagram-v2"
    for state in chapter.states:
        yield f'    state "{words(chapter.worded, state)}" as {state}'
    first, start = chapter.begins
    yield f"    [*] --> {start} : {first}" if first else f"    [*] --> {start}"
    by_arrow = sorted(moves, key=lambda m: (list(chapter.states).index(m.source), list(chapter.states).index(m.to)))
    for (source, to), same in groupby(by_arrow, key=lambda m: (m.source, m.to)):
        yield f"    {source} --> {to} : {', '.join(m.action for m in same)}"
    left = {m.source for m in moves}
    for state in chapter.states:
        if state in chapter.ends or state not in left:
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


def main(page: str = "") -> None:
    """Print the page with the sentences of locales/; with the argument `affairs` the other one."""
    from wording import say

    def both(section: str, code: str) -> str:
        separator = "<br>" if section == "refused" else " "
        return separator.join(say(f"{section}.{code}", lang) for lang in ("zh", "en"))

    sys.stdout.write(draw_affairs(both) if page == "affairs" else draw(MOVES, both))


if __name__ == "__main__":
    main(*sys.argv[1:2])
