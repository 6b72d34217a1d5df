"""The text of short messages: how many parts, how long at the worst, what gateways refuse, and in which line."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications import rich_text
from notifications.rendering import compiled, short
from notifications.sms.parts import PART, WHOLE, parts, pieces
from notifications.sms_text import LONGEST, lint, longest, segments, words_refused, worst_case
from notifications.variables import everything, fitted, site_of, sms_values, units, vocabulary

SIGN = "【{{ sign }}】"
GOOD = f"{SIGN}派单{{{{ no }}}}，{{{{ what }}}}。{{{{ until }}}}签收。"


def codes(body, lang="zh"):
    return [flaw.code for flaw in lint(body, lang)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 1),
        ("字" * 70, 1),
        ("字" * 71, 2),
        ("字" * 134, 2),
        ("字" * 135, 3),
        ("字" * 160, 3),
        ("字" * 69 + "😀", 2),
        ("字" * 68 + "😀", 1),
        ("a" * 71, 2),
        ("字" * 66 + "😀" + "字" * 66, 3),
    ],
)
def test_a_message_is_70_units_and_67_in_each_part_of_a_longer_one(text, expected):
    assert segments(text) == expected


@given(st.text(max_size=600))
def test_as_many_are_counted_as_go_out_and_none_is_wasted(text):
    assert segments(text) == len(parts(text, 1)) == len(pieces(text))
    assert (segments(text) == 1) == (units(text) <= WHOLE)
    if segments(text) > 1:
        assert all(PART - 1 <= units(piece) <= PART for piece in pieces(text)[:-1])


def test_the_worst_case_counts_every_variable_as_long_as_it_may_be():
    known = vocabulary().short
    fixed = {"sign": "澄湖治理"}
    expected = len("【】派单，。签收。") + 4 + sum(known[name].longest["zh"] for name in ("no", "what", "until"))
    assert longest(GOOD, "zh", fixed) == expected
    assert worst_case(GOOD, "zh", fixed) == segments("字" * expected)
    assert longest(GOOD, "zh") == expected - 4 + known["sign"].longest["zh"]


@given(st.dictionaries(st.sampled_from(["no", "category", "area", "due", "unit", "number", "urgency"]), st.text(max_size=90)))
def test_no_message_is_ever_longer_than_its_worst_case(values):
    told = everything({"sign": "澄湖治理", **values}, "zh")
    said = short(GOOD, told, "zh")
    assert units(said.text) <= longest(GOOD, "zh", {"sign": "澄湖治理"})
    assert all(said.variables.values())
    assert not set("【】\n") & set(said.text.removeprefix("【澄湖治理】"))


def test_what_is_good_is_not_complained_of():
    assert lint(GOOD, "zh") == []


@pytest.mark.parametrize(
    ("body", "flaw"),
    [
        ("派单{{ no }}签收。", "no_signature"),
        (f"您好{SIGN}派单{{{{ no }}}}签收。", "no_signature"),
        (f"{SIGN}派单{{{{ no }}}}，{{{{ sign }}}}签收。", "signature_twice"),
        (f"{SIGN}派单{{{{ no }}}}【急】签收。", "mark"),
        (f"{SIGN}派单{{{{ no }}}}→签收。", "mark"),
        (f"{SIGN}派单{{{{ no }}}}签收！好。", "mark"),
        (f"{SIGN}派单{{% if no %}}{{{{ no }}}}{{% endif %}}签收。", "not_plain"),
        (f"{SIGN}派单{{{{ no|upper }}}}签收。", "not_plain"),
        (f"{SIGN}派单{{ no }}签收。", "not_plain"),
        (f"{SIGN}派单{{{{ no }}}}，\n签收。", "one_line"),
        (f"{SIGN}派单{{{{ title }}}}签收。", "personal"),
        (f"{SIGN}派单{{{{ phone }}}}签收。", "personal"),
        (f"{SIGN}派单{{{{ link }}}}签收。", "personal"),
        (f"{SIGN}派单{{{{ wharf }}}}签收。", "unknown_name"),
        (f"{SIGN}派单{{{{ no }}}}，{{{{ no }}}}签收。", "repeated"),
        (f"{SIGN}派单{{{{ no }}}}{{{{ what }}}}签收。", "adjacent"),
        (f"{SIGN}派单{{{{ no }}}} {{{{ what }}}}签收。", "adjacent"),
        (f"{SIGN}{{{{ no }}}}签收。", "leads"),
        (f"{SIGN}签收{{{{ no }}}}", "trails"),
        (f"{SIGN}{{{{ no }}}}", "leads"),
        (f"{SIGN}装修扰民{{{{ no }}}}签收。", "forbidden_word"),
        (f"{SIGN}邀请好评{{{{ no }}}}签收。", "forbidden_word"),
        (f"{SIGN}看https://a.example/{{{{ no }}}}签收。", "has_link"),
        (f"{SIGN}看bihuan.gov.cn，{{{{ no }}}}签收。", "has_link"),
        (f"{SIGN}看10.0.0.1/x，{{{{ no }}}}签收。", "has_link"),
        (f"{SIGN}看a.info查{{{{ no }}}}，签收。", "has_link"),
        (f"{SIGN}打13800138000，{{{{ no }}}}签收。", "has_mobile"),
        (f"{SIGN}打138 0013 8000，{{{{ no }}}}签收。", "has_mobile"),
        (f"{SIGN}{'长' * LONGEST}{{{{ no }}}}签收。", "too_long"),
        (f"{SIGN}{'长' * 130}{{{{ no }}}}签收。", "too_many_parts"),
    ],
)
def test_what_a_gateway_refuses_is_found(body, flaw):
    assert flaw in codes(body)


def test_a_fixed_name_beside_a_variable_is_text():
    assert codes(f"{SIGN}上{{{{ site }}}}{{{{ code }}}}签收。") == []
    assert codes(f"{SIGN}拨12345或96777问{{{{ no }}}}签收。") == []


def test_more_variables_than_a_gateway_takes_are_refused():
    names = [name for name, known in vocabulary().short.items() if not known.fixed]
    many = SIGN + "".join(f"字{{{{ {name} }}}}" for name in names) + "。"
    assert len(names) > 20
    assert "too_many_variables" in codes(many)


def test_flaws_name_their_line():
    (first, *rest) = sorted(lint(f"{SIGN}派单，\n{{{{ phone }}}}签收。", "zh"), key=lambda flaw: flaw.code)
    assert {flaw.line for flaw in (first, *rest)} == {2}


def test_words_that_come_with_a_value_are_found_too():
    assert words_refused("派单BH-1，装修噪音。") == ["装修"]
    assert words_refused("派单BH-1，施工噪音。") == []


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_joined_values_are_never_empty(lang):
    assert [name for name, value in sms_values({}, lang).items() if not value] == ["nos"]
    assert fitted("nos", "", lang)


def test_values_are_joined_as_people_say_them():
    given_values = {"category": "积水", "area": "晨光社区", "place": "3号楼", "due": "11月20日17:30", "provisional": True, "number": ""}
    told = sms_values(given_values, "zh")
    assert told["what"] == "积水，晨光社区"
    assert told["matter"] == "积水"
    assert told["until"] == "11月20日17:30（暂定）前"
    assert told["ends"] == "11月20日17:30（暂定）到期"
    assert sms_values({"due": ""}, "zh")["until"] == "尽快"
    assert sms_values({**given_values, "number": "DB-1"}, "zh")["matter"] == "督办DB-1"


def test_the_site_is_named_by_its_host_or_in_words():
    assert site_of("https://bihuan.example.gov", "zh") == "bihuan.example.gov"
    assert site_of("", "zh") == "办理网站"


def test_a_long_value_is_shortened_with_a_mark():
    assert fitted("what", "很" * 40, "zh") == "很" * 19 + "…"
    assert units(fitted("what", "😀" * 40, "zh")) <= 20
    assert fitted("what", "a【b】\nc", "zh") == "a（b） c"


@pytest.mark.parametrize(
    ("text", "flaw", "line"),
    [
        ("{{ nobody }}", "unknown_name", 1),
        ("好\n{% if nobody %}x{% endif %}", "unknown_name", 2),
        ("好\n\n{% for x in no %}{{ x }}{% endfor %}", "not_allowed", 3),
        ("{{ no.__class__ }}", "not_allowed", 1),
        ("{{ no|upper }}", "not_allowed", 1),
        ("{{ no() }}", "not_allowed", 1),
        ("{% include 'x' %}", "not_allowed", 1),
        ("{% set no = 1 %}", "not_allowed", 1),
        ("好\n{% if no %}", "syntax", 2),
        ("好\n{{ no", "syntax", 2),
        ("长" * 20_001, "too_long", 1),
        ("{{ " + "not " * 4000 + "no }}", "too_deep", 1),
        ("{% if no %}" * 60 + "好" + "{% endif %}" * 60, "too_deep", 1),
    ],
)
def test_an_e_mail_may_name_and_ask_and_nothing_else(text, flaw, line):
    assert (flaw, line) in [(f.code, f.line) for f in rich_text.lint(text, "email")]


def test_the_deepest_condition_that_is_taken_can_be_said():
    deep = "{% if no %}" * 38 + "好" + "{% endif %}" * 38
    assert rich_text.lint(deep, "email") == []
    assert compiled(deep).render({"no": "1"}) == "好"


def test_case_numbers_are_as_many_as_the_gateway_has_room_for():
    told = {"nos": ["BH-20261119-0231", "BH-20261119-0232"]}
    assert sms_values(told, "zh")["nos"] == "BH-20261119-0231、BH-20261119-0232"
    assert sms_values(told, "zh", 20)["nos"] == "BH-20261119-0231"


def test_an_e_mail_may_name_what_an_sms_may_not():
    assert rich_text.lint("{{ title }}{% if link and not reason %}{{ link }}{% elif due == '' %}x{% endif %}", "email") == []


def test_every_name_is_documented():
    page = (Path(__file__).parents[2] / "docs" / "templates.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([a-z_]+)`", page))
    assert {*vocabulary().short, *vocabulary().long} - named == set()
