"""A chat group pasted in: who said what, what is passed over and why, and the same paste twice opens nothing new."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from models import Case, Database, Requester, table
from rules.facts import Refused
from rules.triage import Urgent
from services.intake import LONGEST, submit
from services.intake.chat import TWICE, Chat, read_chat, reports_of_chat
from services.moves import Setting

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 20, 2, 42, tzinfo=UTC)  # 10:42 in Shanghai, a Friday
URGENT = (Urgent("no", ("怕起火",)), Urgent("P0", ("着火", "煤气泄漏")))

WECHAT = """张三 2026/11/20 08:31:05
大家早上好

张三 2026/11/20 08:31:40
3号楼2单元楼道灯坏了[捂脸]
晚上黑漆漆的

李阿姨 2026/11/20 08:33:00
[图片]

张三 2026/11/20 08:35:10
[图片]
地址：晨光小区3号楼

王五(5号楼) 2026/11/20 08:36:00
@网格员小李 楼下垃圾桶满了两天了

"赵六"加入了群聊
王五(5号楼) 2026/11/20 08:50:00
收到，谢谢[抱拳]
"""


def chat(text: str) -> Chat:
    return read_chat(text, NOW, ZONE, URGENT)


def told(text: str) -> list[tuple[int, str, str]]:
    return [(said.line, said.name, said.text) for said in chat(text).said]


def passed(text: str) -> list[tuple[int, str]]:
    return [(each.line, each.reason) for each in chat(text).passed]


def test_names_above_words_as_wechat_copies_them() -> None:
    assert told(WECHAT) == [
        (5, "张三", "3号楼2单元楼道灯坏了\n晚上黑漆漆的\n地址：晨光小区3号楼"),
        (16, "王五", "楼下垃圾桶满了两天了"),
    ]
    assert chat(WECHAT).said[0].at == datetime(2026, 11, 20, 8, 31, tzinfo=ZONE)


def test_what_reports_nothing_is_passed_over_with_the_reason() -> None:
    assert passed(WECHAT) == [(2, "greeting"), (9, "picture"), (12, "picture"), (18, "system"), (20, "greeting")]


@pytest.mark.parametrize(
    ("head", "at"),
    [
        ("张三 2026/11/20 08:31:05", (20, 8, 31)),
        ("张三 2026-11-20 8:31", (20, 8, 31)),
        ("张三 2026年11月20日 08:31", (20, 8, 31)),
        ("张三 11/20 08:31", (20, 8, 31)),
        ("张三  08:31", (20, 8, 31)),
        ("张三 23:31", (19, 23, 31)),
        ("张三 昨天 下午3:31", (19, 15, 31)),
        ("张三 星期三 08:31", (18, 8, 31)),
        ("张三 周五 凌晨0:05", (20, 0, 5)),
        ("张三 昨天 中午1:05", (19, 13, 5)),
        ("张三 昨天 中午11:50", (19, 11, 50)),
        ("张三 昨天 中午12:10", (19, 12, 10)),
        ("张三 下午12:10", (19, 12, 10)),
        ("张三 凌晨12:30", (20, 0, 30)),
        ("张三 晚上12:10", (20, 0, 10)),
        ("张三 AM 12:30", (20, 0, 30)),
        ("2026-11-20 8:31:05 张三(12345678)", (20, 8, 31)),
        ("【管理员】张三(12345678) 2026/11/20 8:31:05", (20, 8, 31)),
        ("张三<zhang@example.cn> 2026/11/20 8:31:05", (20, 8, 31)),
    ],
)
def test_the_forms_of_a_name_with_its_time(head: str, at: tuple[int, int, int]) -> None:
    (said,) = chat(f"{head}\n路灯不亮").said
    assert (said.name, said.text) == ("张三", "路灯不亮")
    assert said.at == datetime(2026, 11, *at, tzinfo=ZONE)


@pytest.mark.parametrize(("day", "date"), [("12月31日", (2025, 12, 31)), ("11-21", (2025, 11, 21)), ("11-20", (2026, 11, 20))])
def test_a_day_without_a_year_is_not_ahead_of_today(day: str, date: tuple[int, int, int]) -> None:
    assert chat(f"张三 {day} 8:31\n路灯不亮").said[0].at == datetime(*date, 8, 31, tzinfo=ZONE)


@pytest.mark.parametrize("line", ["[2026-11-20 08:31] 张三：路灯不亮", "[2026/11/20, 08:31:05] 张三: 路灯不亮", "(08:31) 张三：路灯不亮"])
def test_a_time_in_brackets_before_the_name(line: str) -> None:
    assert told(f"{line}\n还有三盏") == [(1, "张三", "路灯不亮\n还有三盏")]


def test_a_name_and_a_colon_where_no_line_has_a_time() -> None:
    text = "张三: 路灯不亮\n地址：晨光小区3号楼\n李四：井盖没了\n李四：快来人"
    assert told(text) == [(1, "张三", "路灯不亮\n地址：晨光小区3号楼"), (3, "李四", "井盖没了\n快来人")]


def test_a_colon_inside_a_message_begins_nobodys_speech_where_lines_have_times() -> None:
    assert told("张三 08:31\n物业说：不归他们管\n停水到 10点") == [(2, "张三", "物业说：不归他们管\n停水到 10点")]


def test_five_minutes_part_two_reports_and_somebody_else_in_between_does_too() -> None:
    assert len(told("张三 08:31\n路灯不亮\n张三 08:36\n三盏")) == 1
    assert len(told("张三 08:31\n路灯不亮\n张三 08:37\n井盖没了")) == 2
    assert len(told("张三 08:31\n路灯不亮\n李四 08:32\n井盖没了\n张三 08:33\n三盏")) == 3
    assert len(told("张三 08:31\n路灯不亮\n李四 08:32\n收到\n张三 08:33\n三盏")) == 1, "a greeting in between does not count"


def test_an_announcement_to_everybody_is_no_report() -> None:
    text = "社区 08:31\n@所有人 明天上午停水\n请大家提前储水\n张三 08:40\n为什么又停水"
    assert passed(text) == [(2, "everybody"), (3, "everybody")]
    assert told(text) == [(5, "张三", "为什么又停水")]


@pytest.mark.parametrize("line", ["@所有人 5号楼着火了", "【图片】着火", "[图片]5号楼煤气泄漏"])
def test_an_emergency_is_never_passed_over(line: str) -> None:
    assert len(told(f"张三 08:31\n{line}")) == 1
    assert len(told(f"5号楼着火了\n张三 08:31\n{line}")) == 2


def test_what_only_sounds_like_one_is_passed_over_like_the_rest() -> None:
    assert passed("社区 08:31\n@所有人 天干怕起火，请断电")[0][1] == "everybody"


def test_words_in_brackets_that_are_no_signs_stay() -> None:
    assert told("张三 08:31\n【3号楼】停水[捂脸]") == [(2, "张三", "【3号楼】停水")]


def test_every_line_is_told_of() -> None:
    text = "上面一句\n张三 08:31\n李四 08:32\n[语音]\n———— 2026-11-20 ————\n王五 08:40\n井盖没了"
    assert passed(text) == [(1, "nobody"), (2, "silent"), (4, "voice"), (5, "system")]
    assert told(text) == [(7, "王五", "井盖没了")]


@pytest.mark.parametrize("text", ["", "   \n\n", "今天天气不错\n是啊"])
def test_what_is_no_conversation_is_refused(text: str) -> None:
    with pytest.raises(Refused) as refusal:
        chat(text)
    assert refusal.value.code == "chat_unreadable"


@pytest.mark.parametrize("line", ["今天 7:30 着火", "家里 煤气泄漏 7:30", "煤气泄漏 8:20\n3号楼"])
def test_an_emergency_that_looks_like_somebodys_name_is_what_was_said(line: str) -> None:
    assert told(f"张三 08:31\n{line}\n李四 08:32\n路灯不亮") == [(2, "张三", line), (line.count("\n") + 4, "李四", "路灯不亮")]
    assert told("着火：3号楼")[0][2] == "着火：3号楼"


@pytest.mark.parametrize(
    "lines", ["昨天 21:00 停电\n今天 7:30 又停了", "3栋 8:30\n还没来水", "明天停水 8:30\n几时来", "停水到 8:30\n几时来"]
)
def test_a_time_in_what_somebody_says_begins_nobodys_speech(lines: str) -> None:
    assert told(f"张三 08:05\n水管爆了\n{lines}") == [(2, "张三", f"水管爆了\n{lines}")]


def test_somebody_who_is_heard_elsewhere_is_silent_where_nothing_stands_below() -> None:
    text = "张三 08:31\n路灯不亮\n李四 08:32\n王五 08:33\n井盖没了\n李四 08:34\n没水"
    assert told(text) == [(2, "张三", "路灯不亮"), (5, "王五", "井盖没了"), (7, "李四", "没水")]
    assert passed(text) == [(3, "silent")]


def test_what_is_too_long_for_one_report_becomes_several() -> None:
    most = LONGEST["body"]
    burst = "\n".join(f"张三 08:31\n{'灯' * 9_999}{no}" for no in range(3))
    assert [len(said.text) for said in chat(f"{burst}\n张三 08:32\n着火").said] == [10_000, 10_000, 10_003]
    found = chat(f"张三 08:31\n{'灯' * (most + 5)}\n着火").said
    assert [(said.line, len(said.text), said.name) for said in found] == [(2, most, "张三"), (2, TWICE + 8, "张三")]
    assert found[1].text.endswith("着火")
    assert any("着火" in said.text for said in chat(f"张三 08:31\n{'灯' * (most - 1)}着火了").said), "no word is cut in two"


@pytest.mark.parametrize("line", ["- " * 400_000 + "x", f"李四 1-1{' ' * 400_000}x"], ids=["dashes", "blanks"])
def test_a_line_made_to_hang_the_reader_does_not(line: str) -> None:
    first, *_, last = chat(f"张三 08:31\n{line}").said
    assert (line.startswith(first.text), line.endswith(last.text)) == (True, True)


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n", "\u2028"])
def test_lines_end_as_the_program_ends_them(end: str) -> None:
    assert [said.text for said in chat(f"张三 08:31{end}路灯不亮{end}李四 08:32{end}井盖没了").said] == ["路灯不亮", "井盖没了"]


@given(st.text(max_size=300))
def test_nothing_that_is_pasted_breaks_the_reader(text: str) -> None:
    try:
        found = chat(f"张三 08:31\n{text}")
    except Refused:
        return
    assert all(said.texts for said in found.said)


def reports(text: str, now: datetime = NOW) -> list:
    return list(reports_of_chat(read_chat(text, now, ZONE, URGENT).said, "晨光1群", "block_captain", "chenguang-1"))


def test_the_same_paste_twice_opens_nothing_new_and_names_are_not_kept(database: Database) -> None:
    for known in (False, True):
        with database.unit_of_work() as session:
            done = submit(session, reports(WECHAT), Setting(NOW))
        assert {each.known for each in done} == {known}
    with database.unit_of_work() as session:
        cases = session.connection().execute(select(table(Case))).all()
        people = session.connection().execute(select(table(Requester))).all()
    assert [case.source for case in cases] == ["block_captain"] * len(cases)
    assert len(people) == 2, "one of them spoke twice"
    assert {(who.name, who.phone) for who in people} == {(None, None)}
    assert all("张三" not in case.idempotency_key for case in cases)


def test_a_copy_without_days_may_be_pasted_tomorrow_too(encryption_key: bytes) -> None:
    tomorrow = datetime(2026, 11, 21, 2, 42, tzinfo=UTC)
    (today,), (later,) = (reports("张三 08:31\n路灯不亮", now) for now in (NOW, tomorrow))
    assert today.key == later.key
    (dated,), (other) = reports("张三 2026/11/20 08:31\n路灯不亮"), reports("张三 2026/11/21 08:31\n路灯不亮")
    assert dated.key != other[0].key
    (elsewhere,) = reports_of_chat(chat("张三 08:31\n路灯不亮").said, "晨光2群", "block_captain", None)
    assert elsewhere.key != today.key
    assert elsewhere.requester != today.requester
