"""Words and pages keep step with the code: every code has a sentence in both languages and a line in the glossary."""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from commands import refusals
from notifications.notices import NOTICES, Audience
from rules import drawing
from rules.clocks import ClockKind
from rules.facts import ExtensionState, Level, OrderState, RequestKind, RequestState, State, Step, SupervisionState, Thing, Who
from rules.handling import AFFAIRS, HANDLING, PARTS
from rules.lifecycle import ACTIONS, MOVES
from rules.reasons import REASONS
from seeds import read
from wording import LANGUAGES, say, sentences

ROOT = Path(__file__).parents[2]
ROOMS = ("rules", "models", "notifications", "services", "tasks", "flows", "web", "commands", "deployments")
LEAVES = ("cli.py", "clock.py", "settings.py", "wording.py")
READMES = ("README.md", "README.zh-CN.md")
#: How a refusal names its code, by the class that carries it → the section of the sentence.
REFUSALS = {"Refused": "refused", "TableRefused": "refused", "CannotStartError": "up"}
STATES = (*State, *OrderState, *ExtensionState, *RequestState, *SupervisionState)
#: Journal entries that are not moves of the table: of cases, of clocks, and of the further cases of a supervision order.
ENTRIES = (
    *("submit", "unclaimed", "no_unit", "no_holder", "outside_duty_list", "passed_over", "nobody_to_tell", "not_delivered"),
    *("set_aside", "absorb", "released", "attach", "supplement", "duplicate_found", "linked", "recurred", "link_refused", "link_confirmed"),
    *("handed_over", "unit_succeeded", "closed_up", "unit_urged", "topic", "called_back", "rating_burst", "reply_unclear"),
    *("sensor_alarm", "sensor_more", "sensor_clear"),
    *("policy_changed", "extended", "reprojected", "supervised"),
    *(f"supervision_{move.action}" for move in MOVES if move.thing is Thing.SUPERVISION),
    *("affair_opened", "affair_moved"),
)


def sources() -> Iterator[Path]:
    for room in ROOMS:
        yield from sorted((ROOT / room).rglob("*.py"))
    yield from (ROOT / leaf for leaf in LEAVES if (ROOT / leaf).exists())


def calls(*names: str) -> Iterator[tuple[str, str, str]]:
    """Every call of these names with a text as its first argument: (where, name, text)."""
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
                continue
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            text = node.args[0].value
            if name in names and isinstance(text, str):
                yield f"{path.relative_to(ROOT)}:{node.lineno}", name, text


def rungs() -> list[str]:
    return list(dict.fromkeys(rung["code"] for ladder in read("ladders.toml")["ladder"] for rung in ladder["rungs"]))


def codes() -> Iterator[tuple[str, Iterable[str]]]:
    """Every code that a person may meet, with the section that words it."""
    yield "state", STATES
    yield "action", (*ACTIONS, *rungs(), *ENTRIES)
    yield "step", Step
    yield "clock", ClockKind
    yield "level", Level
    yield "who", Who
    yield "thing", set(Thing) - set(AFFAIRS) - set(PARTS)
    yield "affair", AFFAIRS
    yield "affair_part", PARTS
    yield "mechanism", HANDLING
    yield "request", RequestKind
    yield "reason", (code for codes in REASONS.values() for code in codes)
    yield "refused", {need.code for move in MOVES for need in move.needs}


def states_of_affairs() -> Iterator[tuple[str, Iterable[str]]]:
    """States of affairs and of their parts, each worded under its own kind."""
    for kind in AFFAIRS.values():
        for thing in (kind.thing, *(part.thing for part in kind.parts)):
            yield f"{thing}_state", {str(s) for move in kind.moves if move.thing is thing for s in (move.source, move.to)}


def known(section: str, lang: str) -> set[str]:
    return set(sentences(lang).get(section, ()))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_code_is_worded(lang: str) -> None:
    every = (*codes(), *states_of_affairs())
    missing = [f"{section}.{code}" for section, wanted in every for code in wanted if code not in known(section, lang)]
    assert missing == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_refusal_is_worded(lang: str) -> None:
    missing = [(where, text) for where, name, text in calls(*REFUSALS) if text not in known(REFUSALS[name], lang)]
    assert missing == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_sentence_that_is_said_exists(lang: str) -> None:
    missing = [(where, text) for where, _, text in calls("say") if text.partition(".")[2] not in known(text.partition(".")[0], lang)]
    assert missing == []


def test_both_languages_have_the_same_sentences_with_the_same_values() -> None:
    zh, en = (
        {
            (section, key): set(re.findall(r"{(\w+)}", str(text)))
            for section, entries in sentences(lang).items()
            for key, text in entries.items()
        }
        for lang in LANGUAGES
    )
    assert zh == en


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_notice_has_a_template(lang: str) -> None:
    folder = ROOT / "notifications" / "templates" / lang
    assert {n.template for n in NOTICES.values()} == {file.stem for file in folder.glob("*.j2")}


def test_every_rung_sends_a_notice_that_exists() -> None:
    sent = {rung["notice"] for ladder in read("ladders.toml")["ladder"] for rung in ladder["rungs"]} - {""}
    assert sent <= set(NOTICES)


def test_the_glossary_names_every_code() -> None:
    named = set(re.findall(r"`([^`]+)`", (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")))
    wanted = {str(code) for section, found in codes() if section not in ("refused", "thing") for code in found}
    wanted |= {kind["code"] for kind in read("unit_kinds.toml")["kind"]} | {source["code"] for source in read("sources.toml")["source"]}
    wanted |= {ladder["code"] for ladder in read("ladders.toml")["ladder"]} | {str(a) for a in Audience}
    assert wanted - named == set()


def test_the_glossary_words_states_as_the_screen_does() -> None:
    lines = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").splitlines()
    for state in STATES:
        wording = f"| {say(f'state.{state}', 'zh')} | {say(f'state.{state}', 'en')} | `{state}` |"
        assert any(line.startswith(wording) for line in lines), wording


def test_lifecycle_is_drawn_from_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    drawing.main()
    assert capsys.readouterr().out == (ROOT / "docs" / "lifecycle.md").read_text(encoding="utf-8"), "run `make diagram`"


def test_the_lifecycle_of_affairs_is_drawn_from_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    drawing.main("affairs")
    assert capsys.readouterr().out == (ROOT / "docs" / "lifecycle-affairs.md").read_text(encoding="utf-8"), "run `make diagram`"


def test_every_refusal_is_documented(capsys: pytest.CaptureFixture[str]) -> None:
    refusals.main()
    assert capsys.readouterr().out == (ROOT / "docs" / "refusals.md").read_text(encoding="utf-8"), "run `make diagram`"


def test_every_link_between_pages_leads_somewhere() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "deployments").glob("*.md")]
    broken = [
        (str(page.relative_to(ROOT)), target)
        for page in pages
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8"))
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert broken == []


def outline(page: str) -> list[str]:
    """The bones of a page: the level of each heading, and every command in its code blocks."""
    bones, inside = [], False
    for line in (ROOT / page).read_text(encoding="utf-8").splitlines():
        if line.startswith("```"):
            inside = not inside
        elif inside and line.split()[:1] and line.split()[0] in ("make", "bihuan", "export", "for"):
            bones.append(re.sub(r"\s+#.*|\".*?\"|(?<=_LANG=)\w+", "", line).strip())
        elif not inside and line.startswith("#"):
            bones.append(line.split(" ")[0])
    return bones


def test_the_two_readmes_are_twins() -> None:
    english, chinese = map(outline, READMES)
    assert english == chinese


@pytest.mark.parametrize("page", READMES)
def test_commands_of_the_readme_exist(page: str) -> None:
    from typer.main import get_command

    from cli import program

    there = set(getattr(get_command(program()), "commands", {}))
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    commands = [line.split() for line in outline(page)]
    assert {words[1] for words in commands if words[0] == "bihuan"} <= there
    assert {words[1] for words in commands if words[0] == "make"} <= targets


def test_every_make_target_is_in_its_help() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = set(re.findall(r"^\.PHONY: (.*)$", text, re.MULTILINE)[0].split())
    shown = set(re.findall(r"@echo '  ([a-z-]+)", text))
    assert phony - shown == {"help", "lint"}


def test_decisions_are_numbered_and_say_why() -> None:
    pages = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert [page.name[:4] for page in pages] == [f"{n:04d}" for n in range(1, len(pages) + 1)]
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert text.startswith(f"# {page.name[:4]} · ")
        assert all(f"**{part}.**" in text for part in ("Context", "Decision", "Consequence")), page.name
