"""一企一档 问题库·清单化·销号管理, 六上门 (row 9): six kinds of visit, a ledger of issues, one refused and done again, all written off."""

import pytest

from rules.facts import Refused
from services.moves import Setting
from services.moves.affairs.subject_tiers import visit_kinds
from services.subjects import Subject, issue_to_case, ledger, open_subject
from tests.support.beside import does, seen
from tests.support.sound import complaints
from tests.support.town import Town

PHONE = "13800000009"
FILE = Subject("enterprise", "QY-0012 湖滨食品厂", tier=2, area="chenguang", kind="食品加工", phone=PHONE, name="厂办")
ISSUES = (
    ("policy", "看不懂稳岗补贴的申报口径", "business"),
    ("service", "厂门口路灯不亮，夜班不安全", "chenguang"),
    ("finance", "流动资金周转不过来，想对接银行", "business"),
    ("labour", "缺 6 名包装工", "business"),
    ("safety", "消防栓压力不够", "fire"),
    ("law", "合同里的违约条款拿不准", "justice"),
)


def test_every_issue_is_written_off_only_when_the_enterprise_says_so(town: Town) -> None:
    town.turn()
    with town.context.database.unit_of_work() as session:
        no = open_subject(session, FILE, town.actor("chenguang.clerk"), Setting(town.now)).no
    assert no.startswith("QY-")
    for way, title, unit in ISSUES:
        look = next(p["no"] for p in seen(town, no).parts if p["state"] == "due")
        does(town, no, "look", "chenguang.clerk", look, words="上门走访，记问题一条", way=way)
        does(town, no, "open_issue", "chenguang.clerk", title=title, unit=town.unit_id(unit), way=way)
        town.fast_forward(days=1)
    assert any(no in text for text in town.heard("fire.clerk")), "who has to deal with it is asked"
    issues = [p for p in seen(town, no).parts if p["thing"] == "issue"]
    lamp = issues[1]["no"]
    with town.context.database.unit_of_work() as session:
        case_no = issue_to_case(session, no, lamp, town.actor("chenguang.clerk"), Setting(town.now))
    with pytest.raises(Refused, match="issues_open"):
        does(town, no, "end_subject", "chenguang.head", reason="搬走了")
    for issue, (_, _, unit) in zip(issues, ISSUES, strict=True):
        does(town, no, "solve_issue", f"{unit}.clerk", issue["no"], result="已办理，当面说明")
    with pytest.raises(Refused, match="issue_asker_confirms"):
        does(town, no, "write_off_issue", "fire.clerk", issues[4]["no"], reason="我们自己看过")
    with pytest.raises(Refused, match="issue_asker_confirms"):
        does(town, no, "write_off_issue", "chenguang.clerk", issues[4]["no"])
    does(town, no, "refuse_issue", f"resident:{PHONE}", issues[4]["no"], reason="压力还是不够，三楼出不来水")
    town.turn()
    assert any("没有办好" in text or no in text for text in town.heard("fire.clerk"))
    does(town, no, "solve_issue", "fire.clerk", issues[4]["no"], result="换了稳压泵，三楼 0.25 MPa")
    for issue in issues[:-1]:
        does(town, no, "write_off_issue", f"resident:{PHONE}", issue["no"])
    does(town, no, "write_off_issue", "chenguang.clerk", issues[-1]["no"], reason="电话确认：厂办说合同已改好")
    with town.context.database.unit_of_work() as session:
        told = ledger(session, no)
    assert (len(told.issues), told.written_off) == (6, 6)
    assert (set(told.ways), len(told.ways)) == (set(visit_kinds("enterprise")), 6), "六上门"
    assert [(i.refused, i.case) for i in told.issues] == [(0, None), (0, case_no), (0, None), (0, None), (1, None), (0, None)]
    assert [c["kind"] for c in seen(town, no).clocks] == ["look"], "nothing waits but the next visit"
    does(town, no, "reopen_issue", f"resident:{PHONE}", issues[0]["no"], reason="口径又变了")
    assert seen(town, no).parts[[p["no"] for p in seen(town, no).parts].index(issues[0]["no"])]["state"] == "open"
    assert complaints(town.context.database, town.now) == []
