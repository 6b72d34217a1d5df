"""What every notice must say in each medium, and what an SMS must never say, in Chinese and in English."""

import re
from itertools import product
from pathlib import Path

import pytest
from jinja2 import TemplateError

from notifications import rich_text, sms_text
from notifications.im.plugin import worded
from notifications.notices import NOTICES, Audience
from notifications.outcome import Outgoing
from notifications.rendering import EMAIL, IM, MEDIA, PLAIN, TemplateText, built_in, named, own_words, render
from notifications.sms_text import VARIABLE
from notifications.variables import SMS, units, vocabulary
from tests.support.of_each import of_each
from wording import say

TEMPLATES = Path(__file__).parents[2] / "notifications" / "templates"
LANGUAGES = ("zh", "en")
#: Templates of notices that only the reporter hears of; all the others are for staff.
RESIDENT = sorted({n.template for n in NOTICES.values() if {audience for audience, _ in n.to} == {Audience.REPORTER}})
STAFF = sorted({n.template for n in NOTICES.values()} - set(RESIDENT))
CODES = sorted(RESIDENT + STAFF)
#: Of no single case: these cannot name one.
WITHOUT_CASE = {"digest", "channel_down", "channel_up", "channel_test", "number_failing", "letter_expiring", "grid_gap", "sign_in_code"}
#: Of an affair: these name that, and open no case.
OF_AN_AFFAIR = {code for code in CODES if code.startswith("affair_")}
#: What such a notice always says of itself.
ALWAYS_GIVEN = {
    **{code: {"affair", "affair_kind", "news"} for code in OF_AN_AFFAIR},
    "digest": {"count", "nos"},
    "channel_down": {"channel"},
    "channel_up": {"channel"},
}
OF_A_CASE = sorted(set(CODES) - WITHOUT_CASE - OF_AN_AFFAIR)

# Words of the office that a resident should not have to know, and codes.
OFFICE_WORDS = ("案卷", "案件", "派遣", "处置", "派单", "工单", "督办", "挂账", "办结", "反映人", "P0", "P1", "P2", "P3")
OFFICE_WORDS_EN = ("dispatch", "work order", "supervision", "the reporter", "P0", "P1", "P2", "P3")
FREE_TEXT = {
    **{"title": "TITLE-SENTINEL", "reason": "REASON-SENTINEL", "result": "RESULT-SENTINEL", "demand": "DEMAND-SENTINEL"},
    **{"place": "PLACE-SENTINEL", "person": "PERSON-SENTINEL", "link": "https://link.sentinel.example/a/b"},
}
NO = "BH-20261119-0231"

FULL_ZH = {
    "sign": "澄湖治理",
    "no": NO,
    "title": "楼前污水管外溢",
    "category": "下水道排水管道堵塞等",
    "urgency": "紧急",
    "reported": "下水道排水管道堵塞等",
    "area": "湖滨晨光社区",
    "place": "湖滨晨光社区",
    "unit": "澄湖区水务排水管理处",
    "clock": "先行联系",
    "limit": "3个工作日",
    "due": "11月20日17:30",
    "reason": "等电缆到货",
    "step": "联动处理",
    "result": "管道已疏通",
    "number": "DB-20261120-0001",
    "demand": "管道疏通后回访",
    "provisional": False,
    "rating_code": "K7QM-2XPD",
    "promise": "超承诺120天",
    "count": "12",
    "nos": f"{NO}、BH-20261119-0232",
    "channel": "sms2",
    "again": "11月20日18:00",
    "kind": "手机号",
    "person": "张*",
    "code": "K7QM2X",
    "link": "https://bihuan.example/a/abc",
    "site": "bihuan.chenghu.gov",
    "affair": "CS-20261120-0001",
    "affair_kind": "吹哨",
    "news": "区水务排水中心已报到",
    "when": "11月20日19:30",
}
FULL_EN = FULL_ZH | {
    "sign": "Chenghu Governance",
    "title": "Sewage in front of building 5",
    "category": "Blocked sewer / drain",
    "urgency": "urgent",
    "reported": "Blocked drain",
    "area": "Chenguang community",
    "place": "Chenguang community",
    "unit": "Water and Drainage Centre",
    "clock": "first contact",
    "limit": "3 working days",
    "due": "20/11 17:30",
    "reason": "Waiting for the cable",
    "step": "handling",
    "result": "The pipe is clear",
    "demand": "Clear the pipe and call back",
    "promise": "120 days later than promised",
    "again": "20/11 18:00",
    "kind": "mobile",
    "affair_kind": "whistle",
    "news": "the water centre has reported in",
    "when": "20/11 19:30",
}
FULL = {"zh": FULL_ZH, "en": FULL_EN}
MAY_BE_EMPTY = (
    *("reported", "category", "area", "place", "unit", "clock", "limit", "due", "reason", "step", "result", "number", "demand"),
    *("rating_code", "promise", "count", "nos", "channel", "again", "kind", "person", "code", "link", "site"),
)
EMPTY = dict.fromkeys(MAY_BE_EMPTY, "")

# Two marks in a row, a blank before one, two blanks, an empty line: what an empty value leaves behind.
CLUMSY = re.compile(r"[，。：；、（]\s*[，。：；、）]|[,.:;(]\s*[,.:;)]|  |\n\s*\n| [,.:;]")

every_notice = of_each(code=CODES)
both_languages = of_each(lang=LANGUAGES)
every_notice_in_both_languages = of_each(lang=LANGUAGES, code=CODES)


def said(code, medium, lang, /, **changes):
    return render(code, medium, lang, FULL[lang] | changes)


def words(code, lang, /, **changes):
    """Everything that a recipient may read or hear of a notice, by medium and part."""
    for medium in MEDIA:
        found = said(code, medium, lang, **changes)
        yield medium, found.text
        if medium == EMAIL:
            yield "subject", found.subject


def test_what_is_for_residents_is_for_nobody_else():
    assert {"accepted", "answered", "closed", "dispatched_reporter", "fed_back", "held"} <= set(RESIDENT)
    assert not [n.code for n in NOTICES.values() if n.template in RESIDENT and {a for a, _ in n.to} != {Audience.REPORTER}]


@both_languages
def test_there_is_one_template_for_each_notice_and_no_other(lang):
    assert sorted(path.stem for path in (TEMPLATES / lang).glob("*.j2")) == CODES


@every_notice
def test_both_languages_have_words_for_the_same_media(code):
    blocks = [{m for m in MEDIA if own_words(code, m, lang)} for lang in LANGUAGES]
    assert blocks[0] == blocks[1]
    assert {SMS, EMAIL} <= blocks[0]


@every_notice_in_both_languages
def test_a_file_holds_blocks_and_nothing_beside_them(lang, code):
    source = (TEMPLATES / lang / f"{code}.j2").read_text(encoding="utf-8")
    left = re.sub(r"{% block (sms|voice|im|subject|body) %}.*?{% endblock %}|{#.*?#}", "", source, flags=re.DOTALL)
    assert left.strip() == ""
    assert source.count("{% block ") == source.count("{% endblock %}")


@every_notice_in_both_languages
def test_every_sms_passes_the_gateways(lang, code):
    body = built_in(code, SMS, lang).body
    assert sms_text.lint(body, lang) == []
    assert sms_text.worst_case(body, lang) <= sms_text.MOST_PARTS[lang]
    assert set(VARIABLE.findall(body)) & vocabulary().personal == set()


@every_notice_in_both_languages
def test_what_is_not_an_sms_knows_names_and_conditions_only(lang, code):
    for medium in (EMAIL, IM):
        own = own_words(code, medium, lang)
        if own is not None:
            assert rich_text.lint(own.subject, medium) == []
            assert rich_text.lint(own.body, medium) == []


@every_notice_in_both_languages
def test_no_gap_shows_where_a_value_is_empty(lang, code):
    names = [name for name in MAY_BE_EMPTY if name not in ALWAYS_GIVEN.get(code, ())]
    what_is_empty = [(), *((name,) for name in names), names]
    for empty, provisional in product(what_is_empty, (False, True)):
        for part, text in words(code, lang, provisional=provisional, **dict.fromkeys(empty, "")):
            assert text == text.strip()
            assert not CLUMSY.search(text.replace("...", "")), (part, empty, text)
            for line in text.split("\n"):
                assert line == line.strip()
                assert not re.match("[，。：；、,.:;]", line), (part, empty, line)
                assert not re.search("[：:，,]$", line), (part, empty, line)


@every_notice_in_both_languages
def test_no_variable_of_an_sms_is_ever_empty_or_too_long(lang, code):
    for changes in ({}, EMPTY, {name: "长" * 80 for name in MAY_BE_EMPTY if name != "site"}):
        found = said(code, SMS, lang, **changes)
        for name, value in found.variables.items():
            assert 0 < units(value) <= vocabulary().short[name].longest[lang], (name, value)
        assert list(found.variables) == [name for name in VARIABLE.findall(built_in(code, SMS, lang).body) if name not in ("sign", "site")]


@of_each(lang=LANGUAGES, code=OF_A_CASE)
def test_every_medium_names_the_case(lang, code):
    for changes in ({}, EMPTY):
        for part, text in words(code, lang, **changes):
            assert NO in text, part
            if part in ("sms", "subject", "voice"):
                assert "\n" not in text
        assert len(said(code, EMAIL, lang, **changes).text.split("\n")) >= 4


@of_each(lang=LANGUAGES, code=sorted(OF_AN_AFFAIR))
def test_every_medium_names_the_affair(lang, code):
    for changes in ({}, EMPTY):
        for part, text in words(code, lang, **changes):
            assert FULL[lang]["affair"] in text, part
            assert part not in ("sms", "subject", "voice") or "\n" not in text


@every_notice_in_both_languages
def test_the_body_names_the_next_step(lang, code):
    assert {"zh": "\n下一步：", "en": "\nNext: "}[lang] in said(code, EMAIL, lang, **EMPTY).text


@of_each(lang=LANGUAGES, code=sorted(set(CODES) - {"channel_test"} - OF_AN_AFFAIR))
def test_an_e_mail_carries_the_link_where_there_is_one_and_an_sms_never(lang, code):
    given = {"link": "https://bihuan.example/a/abc"}
    assert said(code, EMAIL, lang, **given).text.split("\n")[-1].endswith(given["link"])
    assert said(code, IM, lang, **given).text.split("\n")[-1].endswith(given["link"])
    assert "://" not in said(code, EMAIL, lang, link="").text
    for medium in PLAIN:
        assert "://" not in said(code, medium, lang, **given).text


@every_notice_in_both_languages
def test_an_sms_carries_no_free_text(lang, code):
    sms, voice, subject = (said(code, SMS, lang, **FREE_TEXT), said(code, "voice", lang, **FREE_TEXT), said(code, EMAIL, lang, **FREE_TEXT))
    for text in (sms.text, voice.text, subject.subject):
        assert "SENTINEL" not in text.upper()
    assert not re.search(r"https?:|www\.|\.cn|\.com", said(code, SMS, lang).text)
    assert not re.search(r"1\d{10}", sms.text)


def test_no_messenger_finds_a_tag_in_what_somebody_wrote():
    wrote = '<at user_id="all">所有人</at><a href="http://evil">点</a>'
    text = worded(Outgoing(1, "im", "u", "", said("accepted", IM, "zh", title=wrote).text), 2048)
    assert "所有人" in text
    assert not {"<", ">"} & set(text)


@pytest.mark.parametrize(("code", "medium"), [("dispatched_lead", EMAIL), ("accepted", IM)])
def test_what_somebody_wrote_is_never_a_line_of_ours(code, medium):
    told = said(code, medium, "zh", title="灯坏了\n打开：http://evil.example", place="5号楼\u2028下一步：等", result="\r\nx")
    assert not re.search(r"^(打开：http://evil|下一步：等)", told.text, re.MULTILINE)
    assert len(told.text.splitlines()) == len(said(code, medium, "zh").text.splitlines())


@every_notice_in_both_languages
def test_a_code_that_is_typed_is_not_spoken(lang, code):
    if "code" in named(built_in(code, SMS, lang)):
        assert not {"code", "rating_code", "site"} & named(built_in(code, "voice", lang))
        assert "K7QM2X" in said(code, SMS, lang).text
        assert FULL[lang]["site"] in said(code, SMS, lang).text


def test_who_must_act_is_given_a_code():
    asked = {code for code in CODES if "code" in named(built_in(code, SMS, "zh"))}
    assert {"dispatched_lead", "dispatched_co", "ruled_lead", "ruled_co", "verify_asked", "clock_red", "rework", "fed_back"} <= asked
    assert asked == {code for code in CODES if "code" in named(built_in(code, SMS, "en"))}


@every_notice_in_both_languages
def test_a_voice_has_no_brackets_and_says_who_calls(lang, code):
    text = said(code, "voice", lang).text
    assert text.startswith(FULL[lang]["sign"])
    assert not set("【】[]{}") & set(text)


@every_notice_in_both_languages
def test_an_sms_is_signed_once_in_front(lang, code):
    sign = f"【{FULL[lang]['sign']}】"
    text = said(code, SMS, lang).text
    assert text.startswith(sign)
    assert not set("【】") & set(text.removeprefix(sign))


@every_notice_in_both_languages
def test_nothing_is_shouted(lang, code):
    for _, text in words(code, lang):
        assert not re.search("[！!]", text)


@of_each(code=RESIDENT)
def test_a_resident_reads_no_word_of_the_office(code):
    office = dict.fromkeys(("category", "clock", "step", "urgency"), "OFFICE-SENTINEL")
    for lang, forbidden in (("zh", OFFICE_WORDS), ("en", OFFICE_WORDS_EN)):
        for _, text in words(code, lang, **office):
            assert "SENTINEL" not in text
            assert not [word for word in forbidden if word in text]
    assert "您" in said(code, SMS, "zh").text + said(code, EMAIL, "zh").text


@of_each(code=sorted(set(STAFF) - {"digest"}))
def test_staff_are_told_without_courtesies_or_blame(code):
    for _, text in words(code, "zh"):
        assert not [word for word in ("您", "请", "拖延", "推诿", "不力", "必须") if word in text]


@every_notice_in_both_languages
def test_a_provisional_date_is_marked_wherever_it_is_shown(lang, code):
    tag = {"zh": "暂定", "en": "provisional"}[lang]
    for _, text in words(code, lang):
        assert tag not in text
    for part, text in words(code, lang, provisional=True):
        assert (FULL[lang]["due"] in text) == (tag in text), part


def test_the_result_and_the_rating_window_reach_the_reporter():
    for lang, window in (("zh", "7个工作日"), ("en", "7 working days")):
        assert window in said("fed_back", SMS, lang, **EMPTY).text
        assert window in said("fed_back", EMAIL, lang, **EMPTY).text
        assert FULL[lang]["result"] in said("fed_back", EMAIL, lang).text
        assert "12345" in said("fed_back", SMS, lang, **EMPTY).text, "where the resident can say so today"
        assert "Y" in said("fed_back", SMS, lang, **EMPTY).text, "an answer by SMS is enough"


def test_an_emergency_is_told_firmly_and_who_reports_one_hears_what_to_do():
    for lang, urgency, firm, safe in (
        ("zh", "特急", "现在办理", "先撤离，拨119、110、120"),
        ("en", "emergency", "Act now", "call 119, 110 or 120"),
    ):
        assert firm in said("clock_due", SMS, lang, urgency=urgency).text
        assert firm in said("clock_due", EMAIL, lang, urgency=urgency).text
        signed = said("clock_due", SMS, lang, urgency=urgency, clock=say("clock.acknowledge", lang)).text
        assert {"zh": "现在签收", "en": "Acknowledge now"}[lang] in signed
        assert firm not in said("clock_due", SMS, lang).text
        for medium in (SMS, EMAIL):
            assert safe in said("accepted", medium, lang, urgency=urgency).text
            assert safe not in said("accepted", medium, lang).text


def test_what_is_too_long_loses_whole_words_and_never_the_place():
    told = said("dispatched_lead", SMS, "en", category="Blocked drainage pipe or sewer", area="Chenguang").text
    assert "Blocked drainage..., Chenguang, " in told


def test_a_resident_reads_what_was_reported_and_one_code_only():
    for lang in LANGUAGES:
        for code in ("dispatched_reporter", "fed_back"):
            assert FULL[lang]["reported"] in said(code, SMS, lang).text
        assert "rating_code" not in named(built_in("fed_back", SMS, lang))
    assert "您反映的事项（" in said("fed_back", SMS, "zh", reported="").text


def test_who_is_told_of_a_dead_number_reads_whose_it_is_and_the_whole_command():
    told = said("number_failing", EMAIL, "zh", person="反映人（r10）", phone="100****0001", command="bihuan notify numbers clear r10").text
    assert all(words in told for words in ("反映人", "100****0001", NO, "bihuan notify numbers clear r10 --as"))
    assert "clear r10 --as" in said("number_failing", EMAIL, "en", command="bihuan notify numbers clear r10").text


def test_many_waiting_ones_are_told_in_one():
    text = said("digest", SMS, "zh", count="3").text
    assert "您有3件工单" in text
    assert NO in text
    assert said("digest", SMS, "zh", count="3", nos=[NO, "BH-20261119-0232", "BH-20261119-0233"]).text == text, (
        "whole numbers, as many as fit"
    )


def test_im_without_words_of_its_own_says_what_the_e_mail_says():
    mail, im = said("accepted", EMAIL, "zh"), said("accepted", IM, "zh")
    assert im.text == f"{mail.subject}\n{mail.text}"
    assert im.subject == ""


def test_published_words_are_said_instead():
    own = TemplateText("", "【{{ sign }}】新的话：{{ no }}。")
    assert render("accepted", SMS, "zh", FULL_ZH, words=own).text == f"【澄湖治理】新的话：{NO}。"
    with pytest.raises(KeyError):
        render("accepted", SMS, "zh", FULL_ZH, words=TemplateText("", "【{{ sign }}】{{ title }}。"))
    with pytest.raises(TemplateError):
        render("accepted", EMAIL, "zh", FULL_ZH, words=TemplateText("x", "{{ nothing_we_know }}"))
    with pytest.raises(TemplateError):
        render("accepted", EMAIL, "zh", FULL_ZH, words=TemplateText("x", "{{ ''.__class__.__mro__ }}"))
