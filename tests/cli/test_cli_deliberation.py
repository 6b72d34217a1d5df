"""`bihuan meeting`, `dispute`, `poll`: called, agreed, diverted, answered; numbers and next steps in every answer."""

from datetime import timedelta

from clock import utcnow

CLERK = ("--as", "chenguang.clerk")


def test_a_meeting_from_the_call_to_the_last_payment(bihuan):
    who = ("--who", "label:承租方=tenant", "--who", "label:出租方=landlord", "--who", "unit:chenguang-estate=property")
    said = bihuan("meeting", "call", "幼儿园后门排水沟", *CLERK, *who)
    assert said.code == 0, said.err
    no = bihuan("affair", "list", "--kind", "meeting", "--json").json[0]["no"]
    assert no in said.out
    held = bihuan("meeting", "hold", no, "油污堵塞，加装隔油池", *CLERK)
    assert (held.code, "已召开" in held.out) == (0, True), held.err
    wrong = bihuan("meeting", "agree", no, "三七", *CLERK, "--share", "1=30%", "--share", "2=60%", "--amount", "999.99")
    assert (wrong.code, "90%" in wrong.err, "Traceback" in wrong.err) == (1, True, False)
    shares = ("--share", "1=30%", "--share", "2=70%", "--amount", "999.99", "--term", "3=装隔油池@3wd", "--at-table")
    agreed = bihuan("meeting", "agree", no, "承租30%，出租70%", *CLERK, *shares)
    assert agreed.code == 0, agreed.err
    for words in ("履约中", "30%", "300.00 元", "699.99 元", "多0.3 分", "少0.3 分"):
        assert words in agreed.out, words
    terms = [p for p in bihuan("affair", "show", no, "--json").json["parts"] if p["thing"] == "term"]
    assert [t["amount_fen"] for t in terms] == [30_000, 69_999, None]
    for term in terms:
        done = bihuan("affair", "act", no, "fulfil-term", *CLERK, "--part", str(term["no"]), "--set", "result=收据")
        assert done.code == 0, done.err
    assert bihuan("affair", "show", no, "--json").json["affair"]["state"] == "fulfilled"
    assert "没有单位需要工单" in bihuan("meeting", "order", no, *CLERK).out
    for argument in ("2", "x=30%", "1=a third"):
        assert bihuan("meeting", "agree", no, "约定", *CLERK, "--share", argument).code == 1
    assert bihuan("meeting", "call", "议", *CLERK, "--who", "water").code == 1


def test_a_standing_meeting_and_what_people_bring(bihuan):
    said = bihuan("meeting", "series", "每周四居民议事会", *CLERK, "--day", "3", "--time", "19:30", "--json").json
    no, first = said["affair"], said["first"]
    assert bihuan("affair", "show", first, "--json").json["affair"]["state"] == "called"
    solved = bihuan("meeting", "matter", no, "门禁坏了", *CLERK, "--kind", "facilities", "--solved", "换了电池")
    assert "已当场解决" in solved.out
    part = bihuan("meeting", "matter", no, "下水道堵了", *CLERK, "--kind", "facilities", "--people", "3", "--json").json["part"]
    filed = bihuan("meeting", "file", no, str(part), *CLERK, "--json").json
    assert bihuan.state(filed["case"]) in ("submitted", "accepted")
    figures = bihuan("meeting", "figures", no, "--json").json
    assert (figures["visits"], figures["matters"], figures["solved"], figures["filed"]) == (4, 2, 1, 1)
    assert "来访 4 人次" in bihuan("meeting", "figures", no).out
    assert bihuan("meeting", "file", no, "99", *CLERK).code == 1


def test_a_dispute_and_a_poll(bihuan):
    sides = ("--who", "label:楼上=party", "--who", "label:楼下=party")
    opened = bihuan(
        "dispute",
        "open",
        "漏水争吵",
        "--as",
        "police-hubin.clerk",
        "--kind",
        "neighbours",
        *sides,
        "--unit",
        "chenguang",
        "--from",
        "police_110",
    )
    assert opened.code == 0, opened.err
    no = bihuan("affair", "list", "--kind", "dispute", "--json").json[0]["no"]
    assert bihuan("affair", "act", no, "take-up-dispute", *CLERK).code == 0
    assert "联采" not in bihuan("dispute", "joint", no, "collect", "水渍两处", *CLERK, "--with", "police-hubin").err
    assert "警情" in bihuan("dispute", "stand", no).out
    assert bihuan("dispute", "divert", no, "court", "已起诉", *CLERK).code == 0
    again = bihuan("dispute", "divert", no, "court", "再送", *CLERK)
    assert (again.code, "不在这里重复办理" in again.err) == (1, True)
    stand = bihuan("dispute", "stand", no, "--json").json
    assert (stand["with_body"], stand["one_sided"], stand["waits_for_us"]) == ("court", 1, ["police_110"])
    asked = bihuan(
        "poll",
        "open",
        "排水管怎么换",
        *CLERK,
        "--option",
        "换",
        "--option",
        "不换",
        "--closes",
        f"{utcnow() + timedelta(days=30):%Y-%m-%dT%H:%M+00:00}",
        "--households",
        "40",
    )
    assert asked.code == 0, asked.err
    poll = bihuan("affair", "list", "--kind", "poll", "--json").json[0]["no"]
    assert bihuan("poll", "answer", poll, "换", "--phone", "13800000001", "--household", "3-101").code == 0
    twice = bihuan("poll", "answer", poll, "换", "--phone", "13800000001")
    assert (twice.code, "一户只答一次" in twice.err) == (1, True)
    assert bihuan("poll", "record", poll, *CLERK, "--answer", "换=12", "--answer", "不换@5-502").code == 0
    shown = bihuan("poll", "show", poll).out
    for words in ("14/40 户", "35%", "换：13 户", "bihuan poll decide"):
        assert words in shown, words
    far = bihuan(
        "poll", "open", "太远", *CLERK, "--option", "换", "--option", "不换", "--closes", "2099-12-01T18:00+08:00", "--households", "9"
    )
    assert (far.code, "太远" in far.err) == (1, True), far.err
    early = bihuan("poll", "decide", poll, *CLERK, "--result", "换", "--amount", "1000", "--fund", "residents=100%")
    assert (early.code, "Traceback" in early.err) == (1, False)
