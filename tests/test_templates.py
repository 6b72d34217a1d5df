"""What every notice must say, and what an SMS must never say, in Chinese and in English."""

import re
from itertools import product
from pathlib import Path

import pytest
from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from notifications.notices import NOTICES, Audience

TEMPLATES = Path(__file__).parents[1] / "notifications" / "templates"
LANGUAGES = ("zh", "en")
BLOCKS = ("sms", "subject", "body")
#: Templates of notices that only the reporter hears of; all the others are for staff.
RESIDENT = sorted({n.template for n in NOTICES.values() if {audience for audience, _ in n.to} == {Audience.REPORTER}})
STAFF = sorted({n.template for n in NOTICES.values()} - set(RESIDENT))
CODES = sorted(RESIDENT + STAFF)

# What an SMS gateway of the public clouds refuses; docs of the gateways, 2026.
BANNED = ("党政", "调解", "法律维权", "问卷调查", "邀请好评", "积分", "装修", "做任务", "加群")
MARKS = "【】「」『』①②③★→！!"
# Words of the office that a resident should not have to know, and codes.
OFFICE_WORDS = ("案卷", "案件", "派遣", "处置", "派单", "工单", "督办", "挂账", "办结", "反映人", "P0", "P1", "P2", "P3")
OFFICE_WORDS_EN = ("dispatch", "work order", "supervision", "the reporter", "P0", "P1", "P2", "P3")
FREE_TEXT = {"title": "TITLE-SENTINEL", "reason": "REASON-SENTINEL", "result": "RESULT-SENTINEL", "demand": "DEMAND-SENTINEL"}
NO = "BH-20261119-0231"

# Typical lengths: number 16, category 10, place 6, unit 10, due 12.
FULL_ZH = {
    "sign": "澄湖治理",
    "no": NO,
    "title": "楼前污水管外溢",
    "category": "下水道排水管道堵塞等",
    "urgency": "紧急",
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
}
FULL_EN = FULL_ZH | {
    "sign": "Chenghu Governance",
    "title": "Sewage in front of building 5",
    "category": "Blocked sewer / drain",
    "urgency": "urgent",
    "place": "Chenguang community",
    "unit": "Water and Drainage Centre",
    "clock": "first contact",
    "limit": "3 working days",
    "due": "20 Nov 17:30",
    "reason": "Waiting for the cable",
    "step": "handling",
    "result": "The pipe is clear",
    "demand": "Clear the pipe and call back",
    "promise": "120 days later than promised",
}
FULL = {"zh": FULL_ZH, "en": FULL_EN}
MAY_BE_EMPTY = (
    *("category", "place", "unit", "clock", "limit", "due", "reason", "step", "result", "number", "demand"),
    *("rating_code", "promise", "count"),
)
EMPTY = dict.fromkeys(MAY_BE_EMPTY, "")

# Two marks in a row, a blank before one, two blanks, an empty line: what an empty value leaves behind.
CLUMSY = re.compile(r"[，。：；、（]\s*[，。：；、）]|[,.:;(]\s*[,.:;)]|  |\n\s*\n| [,.:;]")

every_notice = pytest.mark.parametrize("code", CODES)
both_languages = pytest.mark.parametrize("lang", LANGUAGES)


@pytest.fixture(scope="module")
def environment():
    return SandboxedEnvironment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@pytest.fixture(scope="module")
def render(environment):
    def render_block(lang, code, block, **changes):
        template = environment.get_template(f"{lang}/{code}.j2")
        values = FULL[lang] | changes
        return "".join(template.blocks[block](template.new_context(values)))

    return render_block


def utf16_units(text):
    return len(text.encode("utf-16-le")) // 2


def test_what_is_for_residents_is_for_nobody_else():
    assert {"accepted", "answered", "closed", "dispatched_reporter", "fed_back", "held"} <= set(RESIDENT)
    assert not [n.code for n in NOTICES.values() if n.template in RESIDENT and {a for a, _ in n.to} != {Audience.REPORTER}]


@both_languages
def test_there_is_one_template_for_each_notice_and_no_other(lang):
    assert sorted(path.stem for path in (TEMPLATES / lang).glob("*.j2")) == CODES


@both_languages
@every_notice
def test_a_template_has_exactly_the_three_blocks(environment, lang, code):
    assert sorted(environment.get_template(f"{lang}/{code}.j2").blocks) == sorted(BLOCKS)


@both_languages
@every_notice
def test_a_template_knows_no_logic_but_if_and_for(lang, code):
    source = (TEMPLATES / lang / f"{code}.j2").read_text(encoding="utf-8")
    tags = set(re.findall(r"{%-?\s*(\w+)", source))
    assert tags <= {"block", "endblock", "if", "elif", "else", "endif", "for", "endfor"}


@both_languages
@every_notice
def test_no_gap_shows_where_a_value_is_empty(render, lang, code):
    what_is_empty = [(), *((name,) for name in MAY_BE_EMPTY), MAY_BE_EMPTY]
    for block, empty, provisional in product(BLOCKS, what_is_empty, (False, True)):
        text = render(lang, code, block, provisional=provisional, **dict.fromkeys(empty, ""))
        assert text == text.strip()
        assert not CLUMSY.search(text), (block, empty, text)
        for line in text.split("\n"):
            assert line == line.strip()
            assert not re.match("[，。：；、,.:;]", line), (block, empty, line)
            assert not re.search("[：:，,]$", line), (block, empty, line)


@both_languages
@every_notice
def test_sms_and_subject_name_the_case_in_one_line(render, lang, code):
    for changes in ({}, EMPTY):
        for block in ("sms", "subject"):
            text = render(lang, code, block, **changes)
            assert NO in text
            assert "\n" not in text
        body = render(lang, code, "body", **changes).split("\n")
        assert len(body) >= 4
        assert any(NO in line for line in body)


@both_languages
@every_notice
def test_the_body_names_the_next_step(render, lang, code):
    assert {"zh": "\n下一步：", "en": "\nNext: "}[lang] in render(lang, code, "body", **EMPTY)


@both_languages
@every_notice
def test_an_sms_carries_no_free_text(render, lang, code):
    sms = render(lang, code, "sms", **FREE_TEXT)
    subject = render(lang, code, "subject", **FREE_TEXT)
    assert "SENTINEL" not in sms
    assert "SENTINEL" not in subject
    assert not re.search(r"https?:|www\.|\.cn|\.com", sms)
    assert not re.search(r"1\d{10}", sms)


@every_notice
@pytest.mark.parametrize("provisional", [False, True])
def test_a_chinese_sms_is_one_part(render, code, provisional):
    for changes in ({}, EMPTY):
        sms = render("zh", code, "sms", provisional=provisional, **changes)
        assert utf16_units(sms) <= 70, f"{utf16_units(sms)}: {sms}"


@every_notice
@pytest.mark.parametrize("provisional", [False, True])
def test_an_english_sms_is_one_part(render, code, provisional):
    for changes in ({}, EMPTY):
        sms = render("en", code, "sms", provisional=provisional, **changes)
        assert len(sms) <= 160, f"{len(sms)}: {sms}"
        assert sms.isascii()


@every_notice
def test_a_chinese_sms_is_signed_and_passes_the_gateways(render, code):
    sms = render("zh", code, "sms")
    assert sms.startswith("【澄湖治理】")
    text = sms.removeprefix("【澄湖治理】")
    assert not [word for word in BANNED if word in sms]
    assert not [mark for mark in MARKS if mark in text]


@both_languages
@every_notice
def test_nothing_is_shouted(render, lang, code):
    for block in BLOCKS:
        assert not re.search("[！!]", render(lang, code, block))


@pytest.mark.parametrize("code", RESIDENT)
def test_a_resident_reads_no_word_of_the_office(render, code):
    office = dict.fromkeys(("category", "clock", "step", "urgency"), "OFFICE-SENTINEL")
    for lang, words in (("zh", OFFICE_WORDS), ("en", OFFICE_WORDS_EN)):
        for block in BLOCKS:
            text = render(lang, code, block, **office)
            assert "SENTINEL" not in text
            assert not [word for word in words if word in text]
    assert "您" in render("zh", code, "sms") + render("zh", code, "body")


@pytest.mark.parametrize("code", STAFF)
def test_staff_are_told_without_courtesies_or_blame(render, code):
    for block in BLOCKS:
        text = render("zh", code, block)
        assert not [word for word in ("您", "请", "拖延", "推诿", "不力", "必须") if word in text]


@both_languages
@every_notice
def test_a_provisional_date_is_marked_wherever_it_is_shown(render, lang, code):
    tag = {"zh": "暂定", "en": "provisional"}[lang]
    for block in BLOCKS:
        assert tag not in render(lang, code, block)
        text = render(lang, code, block, provisional=True)
        assert (FULL[lang]["due"] in text) == (tag in text)


def test_the_result_and_the_rating_window_reach_the_reporter(render):
    for lang, window in (("zh", "7个工作日"), ("en", "7 working days")):
        assert window in render(lang, "fed_back", "sms", **EMPTY)
        assert window in render(lang, "fed_back", "body", **EMPTY)
        assert FULL[lang]["result"] in render(lang, "fed_back", "body")
        assert "12345" in render(lang, "fed_back", "sms"), "where the resident can say so today"
