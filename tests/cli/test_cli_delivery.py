"""`bihuan notify limits | numbers | inbox`: what is shown, what may be changed and by whom."""

from tests.cli.conftest import Bihuan


def test_the_limits_are_shown_with_what_they_mean(bihuan: Bihuan) -> None:
    shown = bihuan("notify", "limits")
    assert shown.code == 0
    assert "per_day" in shown.out
    assert "每人每通道任意 24 小时内最多几条" in shown.out
    assert bihuan("notify", "limits", "--json").json == {
        "version": 0,
        "since": None,
        "changed_by": None,
        "numbers": bihuan("notify", "limits", "--json").json["numbers"],
    }
    assert bihuan("notify", "limits", "--json").json["numbers"]["quiet_from"] == "21:00"


def test_an_administrator_changes_limits_and_everybody_sees_by_whom(bihuan: Bihuan) -> None:
    done = bihuan("notify", "limits", "per_day=30", "channel_per_second=sms:20", "--as", "admin")
    assert done.code == 0
    assert "per_day：20 → 30" in done.out
    assert "第 1 版" in done.out
    now = bihuan("notify", "limits", "--json").json
    assert (now["version"], now["changed_by"], now["numbers"]["per_day"]) == (1, "admin", 30)
    assert now["numbers"]["channel_per_second"] == {"sms": 20}
    assert "第 1 版" in bihuan("notify", "limits").out
    assert bihuan("notify", "limits", "per_day=31", "--as", "admin", "--json").json["changed"] == {"per_day": [30, 31]}
    assert "没有变化" in bihuan("notify", "limits", "per_day=31", "--as", "admin").out


def test_limits_that_cannot_be_are_refused_in_words_and_nothing_changes(bihuan: Bihuan) -> None:
    for arguments, sentence in (
        (("per_day=30",), "--as"),
        (("per_day", "--as", "admin"), "键=值"),
        (("per_week=30", "--as", "admin"), "per_week"),
        (("per_day=lots", "--as", "admin"), "lots"),
        (("jitter_percent=95", "--as", "admin"), "0 到 90"),
        (("per_day=3", "--as", "admin"), "per_quarter_hour"),
        (("per_day=30", "--as", "water.head"), "管理员"),
    ):
        refused = bihuan("notify", "limits", *arguments)
        assert refused.code == 1, arguments
        assert sentence in refused.err, (arguments, refused.err)
    assert bihuan("notify", "limits", "--json").json["version"] == 0


def test_a_reissued_number_is_flagged_listed_and_cleared(bihuan: Bihuan) -> None:
    assert "没有" in bihuan("notify", "numbers").out
    flagged = bihuan("notify", "numbers", "flag", "water.clerk", "--as", "centre.clerk", "--json").json["flagged"]
    assert len(flagged) == 1
    assert "早已登记" in bihuan("notify", "numbers", "flag", "water.clerk", "--as", "centre.clerk").out
    listed = bihuan("notify", "numbers", "list", "--json").json
    assert [(f["recipient"], f["who"], f["reason"], f["code"]) for f in listed] == [
        (flagged[0], "water.clerk", "reissued", "by centre.clerk")
    ]
    assert "号码已换人" in bihuan("notify", "numbers").out
    assert bihuan("notify", "numbers", "clear", "water.clerk", "--as", "housing.head").code == 1
    assert flagged[0] in bihuan("notify", "numbers", "clear", "water.clerk", "--as", "water.head").out
    assert "没有登记过" in bihuan("notify", "numbers", "clear", "water.clerk", "--as", "water.head").out
    assert bihuan("notify", "numbers", "--json").json == []
    assert [f["cleared_by"] for f in bihuan("notify", "numbers", "--all", "--json").json] == ["water.head"]
    assert "water.clerk" in bihuan("notify", "numbers", "list", "--all").out


def test_the_unit_s_head_finds_the_alarm_in_the_inbox_and_marks_it_read(bihuan: Bihuan) -> None:
    bihuan("notify", "numbers", "flag", "water.clerk", "--as", "centre.clerk")
    shown = bihuan("notify", "inbox", "--as", "water.head")
    assert shown.code == 0
    assert "water.head 的站内信：1 件" in shown.out
    assert len(bihuan("notify", "inbox", "--as", "water.head", "--read", "--json").json) == 1
    assert "没有未看" in bihuan("notify", "inbox", "--as", "water.head").out
    (item,) = bihuan("notify", "inbox", "--as", "water.head", "--all", "--json").json
    assert (item["notice"], item["read"], item["arrived"]) == ("number_failing", True, False)
    assert bihuan("notify", "inbox", "--as", "nobody").code == 1


def test_all_of_it_speaks_english_too(bihuan: Bihuan) -> None:
    assert "messages to one person on one channel in any 24 hours" in bihuan("notify", "limits", "--lang", "en").out
    assert "Nothing unread" in bihuan("notify", "inbox", "--as", "water.head", "--lang", "en").out
    assert "No phone or mailbox fails" in bihuan("notify", "numbers", "--lang", "en").out
