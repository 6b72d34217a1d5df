"""Rating, call-backs, paper slips and topics on the command line: what is printed where, which exit code."""

import pytest

from services.ratings.codes import code_of
from services.reading import case_id_of


@pytest.fixture
def fed_back(bihuan):
    """A case whose result was told to its reporter; its number and the code he was sent."""

    def make(body="晨光小区5号楼下水道堵了，污水外溢"):
        no = bihuan.submits(body)
        bihuan.engine_turns(no)
        for order in bihuan("case", "show", no, "--json").json["orders"]:
            for action, given in (("acknowledge", ()), ("finish", ("--result", "已疏通"))):
                assert bihuan("act", no, action, "--as", f"{order['unit']}.clerk", *given).code == 0
        bihuan.engine_turns(no)
        assert bihuan("act", no, "pass-check", "--as", "centre.duty").code == 0
        bihuan.engine_turns(no)
        return no, code(bihuan, no)

    return make


def code(bihuan, no):
    from models import Case, table

    with bihuan.database.unit_of_work() as session:
        case = table(Case)
        row = session.connection().execute(case.select().where(case.c.id == case_id_of(session, no))).one()
    return code_of(row.id, row.round, row.requester_id)


def closed(bihuan, fed_back):
    no, given = fed_back()
    assert bihuan("rate", no, given, "--solved", "--score", "5").code == 0
    bihuan.engine_turns(no)
    assert bihuan.state(no) == "closed"
    return no


def test_a_resident_rates_and_who_may_see_it(bihuan, fed_back):
    no, given = fed_back()
    wrong = bihuan("rate", no, "2222-2222", "--solved")
    assert (wrong.code, wrong.out, "评价码不对" in wrong.err) == (1, "", True)
    rated = bihuan("rate", no.lower(), given.lower(), "--unsolved", "--score", "2", "--words", "还在冒水", "--device", "d", "--json")
    assert (rated.code, rated.json["no"], rated.json["state"]) == (0, no, "evaluated")
    again = bihuan("rate", no, given, "--solved")
    assert (again.code, "已经评价过" in again.err) == (1, True)
    (centre,) = bihuan("ratings", no, "--as", "centre.duty", "--json").json
    assert {k: centre[k] for k in ("no", "solved", "score", "words", "reporter", "channel", "by", "by_unit", "counted")} == {
        **{"no": 1, "solved": False, "score": 2, "words": "还在冒水", "reporter": 1},
        **{"channel": "self", "by": "resident", "by_unit": None, "counted": True},
    }
    assert bihuan("ratings", no, "--as", "water.clerk", "--json").json == []
    assert "没有您可以看到的评价" in bihuan("ratings", no, "--as", "water.clerk").out
    shown = bihuan("ratings", no, "--as", "centre.duty").out
    assert all(words in shown for words in ("未解决", "还在冒水", "计入"))
    assert len(bihuan("ratings", no, "--as", "resident", "--json").json) == 1


def test_what_is_refused_says_what_to_do(bihuan, fed_back):
    no, given = fed_back()
    for arguments, words in (
        (("BH-19990101-0001", given, "--solved"), "没有这件案件"),
        ((no, "--solved"), "请填评价码"),
        ((no, given, "--solved", "--words", "好" * 501), "最多 500"),
        ((no, given, "--solved", "--channel", "visit"), "self, link"),
        ((no, given, "--solved", "--as", "water.clerk"), "不"),
        ((no, given, "--solved", "--as", "nobody"), "nobody"),
    ):
        answer = bihuan("rate", *arguments)
        assert (answer.code, answer.out, words in answer.err) == (1, "", True), (arguments, answer.err)
    assert bihuan("rate", no, given).code == 2, "solved or not has to be said"
    assert bihuan("rate", no, given, "--solved", "--score", "6").code == 2


def test_a_paper_slip_is_one_page_with_the_number_and_the_code_in_wide_letters(bihuan, fed_back):
    no, given = fed_back()
    slip = bihuan("callback", "paper", no, "--as", "chenguang-1.worker")
    wide = str.maketrans({chr(i): chr(i + 0xFEE0) for i in range(0x21, 0x7F)})
    assert slip.code == 0
    assert no.translate(wide) in slip.out
    assert given.translate(wide) in slip.out
    assert all(words in slip.out for words in ("解决了吗", "您满意吗", "很不满意", "已疏通", "12345"))
    assert slip.out.count("\n") <= 45
    assert "\f" not in slip.out
    assert bihuan("callback", "paper", no, "--as", "water.clerk").code == 1
    assert bihuan("rate", no, given, "--solved", "--as", "chenguang-1.worker", "--channel", "paper").code == 0


def test_a_slip_of_who_is_not_known_does_not_ask_for_a_code():
    from commands.cases.callback import _slip
    from services.ratings.slips import Slip

    assert "评价码" not in _slip(Slip("BH-1", "路灯", "已修", None, None), None)
    assert "评价码" in _slip(Slip("BH-1", "路灯", "已修", "K7QM-2XPD", None), None)


def test_a_sample_is_drawn_proved_asked_and_recorded(bihuan, fed_back):
    no = closed(bihuan, fed_back)
    looked = bihuan("callback", "draw", "--as", "centre.duty", "--share", "5%", "--seed", "7", "--dry-run", "--json").json
    assert looked == {"draw": None, "seed": 7, "pool": {"water/A01": 1}, "taken": [{"no": no, "stratum": "water/A01"}]}
    drawn = bihuan("callback", "draw", "--as", "centre.duty", "--by", "unit", "--json").json
    assert (list(drawn["pool"]), drawn["taken"][0]["no"]) == (["water"], no)
    assert bihuan("callback", "prove", drawn["draw"], "--json").json["same"] is True
    assert drawn["draw"] in bihuan("callback", "prove", drawn["draw"]).out
    (waits,) = bihuan("callback", "list", "--as", "centre.duty", "--open", "--json").json
    assert (waits["no"], waits["draw"], waits["done_at"]) == (no, drawn["draw"], None)
    assert no in bihuan("callback", "list", "--as", "centre.duty").out
    missing = bihuan("callback", "record", no, "--as", "centre.duty", "--reached")
    assert (missing.code, "--solved" in missing.err) == (1, True)
    assert bihuan("callback", "record", no, "--as", "centre.duty", "--reached", "--unsolved", "--score", "1", "--note", "又堵了").code == 0
    assert bihuan("callback", "list", "--as", "centre.duty", "--open", "--json").json == []
    none = bihuan("callback", "draw", "--as", "centre.duty").err
    assert all(words in none for words in ("结案 1 件", "1 件已抽过"))
    for arguments in (("--share", "many"), ("--share", "nan"), ("--share", "200%"), ("--by", "street"), ("--from", "soon")):
        assert bihuan("callback", "draw", "--as", "centre.duty", *arguments).code == 1
    assert bihuan("callback", "prove", "20200101-1").code == 1


def test_topics_are_listed_shown_taken_and_closed(bihuan):
    from clock import utcnow
    from services.topics import detect

    assert "没有专题" in bihuan("topic", "list").out
    for n in range(3):
        no = bihuan("submit", "--body", "下水道堵了，污水外溢", "--area", "chenguang-1", "--phone", f"1000000000{n}").out.strip()
        bihuan.engine_turns(no)
    with bihuan.database.unit_of_work() as session:
        (topic,) = detect(session, utcnow())
    (listed,) = bihuan("topic", "list", "--json").json
    assert {k: listed[k] for k in ("no", "category", "area_unit", "state", "cases")} == {
        **{"no": topic, "category": "A01", "area_unit": "chenguang-1", "state": "open", "cases": 3}
    }
    assert "待定办法" in bihuan("topic", "list").out
    assert bihuan("topic", "take", topic, "--as", "traffic.head", "--unit", "traffic", "--plan", "改造").code == 1
    assert bihuan("topic", "take", topic, "--as", "water.head", "--unit", "water", "--plan", "整段管网改造").code == 0
    assert bihuan("topic", "return", topic, "--as", "centre.head", "--reason", "没有工期").code == 0
    assert "approve" in bihuan("topic", "take", topic, "--as", "water.head", "--unit", "water", "--plan", "整段管网改造，30 日").out
    assert bihuan("topic", "approve", topic, "--as", "water.head").code == 1
    assert bihuan("topic", "approve", topic, "--as", "centre.head").code == 0
    assert bihuan("topic", "choose", topic, "--as", "centre.head", "--month", "2026-12").code == 0
    shown = bihuan("topic", "show", topic)
    assert all(words in shown.out for words in ("整段管网改造", "治理中", "区水务排水中心", "2026-12", no))
    assert bihuan("topic", "show", topic, "--json").json["cases"][2]["no"] == no
    assert bihuan("topic", "confirm", topic, "--as", "centre.head", "--result", "早了").code == 1
    assert bihuan("topic", "close", topic, "--as", "centre.head", "--result", "已改造").code == 0
    assert bihuan("topic", "list", "--json").json == []
    assert "已改造" in bihuan("topic", "show", topic).out
    assert bihuan("topic", "reopen", topic, "--as", "centre.head", "--reason", "又堵了").code == 0
    assert bihuan("topic", "show", "99").code == 1
