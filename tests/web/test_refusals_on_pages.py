"""Refusals on pages: they say what to do there, without commands and options, and call units by their names."""

import re
from typing import Final

import pytest

from rules.facts import Refused
from services.catalogue import catalogue
from tests.support.town import Town
from web.errors import refusal_in_words
from wording import LANGUAGES, sentences

_COMMAND: Final = re.compile(r"(?<![\w-])--[a-z]|\bbihuan |（-")
#: What happens at a prompt only: keys, files, replays, the simulator, a choice of options.
AT_A_PROMPT: Final = frozenset(
    {
        *("category_nothing_to_change", "chat_and_more", "dry_run_of_chat_only", "export_whole", "file_exists", "hook_choice"),
        *("keys_broken", "keys_from_environment", "keys_in_environment", "mine_needs_person", "mine_of_whom"),
        *("no_district", "nothing_until", "only_with_all", "sign_all_unasked", "sim_cannot_start"),
    }
)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_refusal_on_a_page_speaks_of_commands(lang: str) -> None:
    said = {code: refusal_in_words(Refused(code), lang) for code in sentences(lang)["refused"] if code not in AT_A_PROMPT}
    said |= {f"invalid.{code}": text for code, text in sentences(lang)["invalid"].items()}
    assert {code: text for code, text in said.items() if _COMMAND.search(text)} == {}
    assert set(sentences(lang)["refused_on_page"]) <= set(sentences(lang)["refused"]), "a sentence for what is never refused"


def test_units_are_called_by_their_names_and_several_stand_with_commas(sqlite_town: Town) -> None:
    with sqlite_town.context.database.unit_of_work() as session:
        known = catalogue(session)
    assert refusal_in_words(Refused("unit_retired", unit="water", successor="urban"), "zh", known).count("区") >= 2
    assert "water" not in refusal_in_words(Refused("unit_retired", unit="water", successor="urban"), "zh", known)
    waits = Refused("paired_first", units=["water", "urban"], until="2026-12-01")
    assert re.search(r"结对单位区水务[^、]*、区[^、]*认领", refusal_in_words(waits, "zh", known))
    orders = refusal_in_words(Refused("which_order", orders=(1, 2)), "zh")
    assert orders == "本单位有几张工单（1、2），请指定。"
    assert refusal_in_words(Refused("override_needs_reason"), "zh") == "超出职责清单派单须写明理由。"
