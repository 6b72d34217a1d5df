"""Campaigns, task forces, inspections and records on the command line: what is printed, what comes next, what is refused."""

import re


def number(text: str, prefix: str) -> str:
    found = re.search(rf"{prefix}-\d{{8}}-\d{{4}}", text)
    assert found, text
    return found[0]


def test_a_campaign_from_its_draft_to_its_end(bihuan):
    assert "没有专项" in bihuan("campaign", "list").out
    assert "撤留改替增" in bihuan("campaign", "templates").out
    opened = bihuan(
        *("campaign", "open", "--as", "hubin.clerk", "--title", "空中缆线整治", "--area", "hubin", "--target", "60wd"),
        *("--convention", "谁的线谁整理", "--operator", "telecom", "--rate", "500", "--most", "1000", "--measure", "处"),
    )
    no = number(opened.out, "ZX")
    listed = bihuan.folder / "spots.csv"
    listed.write_text("名称,单位,数量,计量单位,协办单位\n点位一,telecom,1,处,utility\n点位二,telecom,一,处,\n", encoding="utf-8")
    wrong = bihuan("campaign", "import", no, listed, "--as", "hubin.clerk")
    assert (wrong.code, "第 3 行" in wrong.err, "quantity" in wrong.err) == (1, True, True)
    listed.write_text(
        listed.read_text(encoding="utf-8").replace("一,处,\n", "1,处,\n").replace("点位二,telecom,一", "点位二,telecom,1"), encoding="utf-8"
    )
    assert "2 条" in bihuan("campaign", "import", no, listed, "--as", "hubin.clerk").out
    for arguments in (
        ("start", no, "--as", "hubin.clerk"),
        ("sign-convention", no, "--as", "telecom.head"),
        ("retarget", no, "--as", "hubin.clerk", "--target", "2027-12-31", "--reason", "雨季"),
        ("share", no, "1", "--as", "utility.clerk"),
        ("record", no, "1=1", "--as", "telecom.clerk"),
        ("task", no, "2", "--as", "telecom.clerk", "--result", "已入管", "--before", "低垂", "--after", "净空"),
        ("send-back", no, "2", "--as", "hubin.clerk", "--reason", "还有一股"),
        ("task", no, "2", "--as", "telecom.clerk", "--result", "已入管"),
        ("check", no, "1", "2", "--as", "hubin.clerk"),
        ("claim", no, "--as", "telecom.head", "--quantity", "2", "--amount", "1000"),
        ("claim-check", no, "3", "--as", "hubin.clerk", "--result", "属实"),
        ("claim-pay", no, "3", "--as", "hubin.head", "--result", "已拨付"),
    ):
        assert bihuan("campaign", *arguments).code == 0, arguments
    assert bihuan("campaign", "claim", no, "--as", "telecom.head", "--quantity", "1", "--amount", "1.234").code == 1
    shown = bihuan("campaign", "show", no, "--all").out
    assert all(words in shown for words in ("完成 100.0%", "2/2处", "已拨付 1000.00", "点位一"))
    assert bihuan("campaign", "show", no, "--json").json["progress"]["quantities"] == {"处": [2, 2]}
    assert bihuan("campaign", "finish", no, "--as", "hubin.clerk", "--result", "全部序化").code == 0
    assert [line["state"] for line in bihuan("campaign", "list", "--json").json] == ["done"]


def test_projects_with_task_forces_come_from_a_table_and_a_line_becomes_a_case(bihuan):
    no = number(bihuan("campaign", "open", "--as", "centre.duty", "--title", "市场整治", "--unit", "market").out, "ZX")
    listed = bihuan.folder / "markets.csv"
    listed.write_text("名称,方案,专班代码,专班名称,完成期限\n一号市场,一场一策,force-1,一号市场专班,2028-03-31\n", encoding="utf-8")
    assert bihuan("campaign", "projects", no, listed, "--as", "centre.duty").code == 1
    made = bihuan("campaign", "projects", no, listed, "--as", "centre.duty", "--admin", "admin")
    assert "1 个项目" in made.out
    assert "force-1" in bihuan("campaign", "force", "list").out
    project = bihuan("campaign", "show", no, "--json").json["projects"][0]
    rows = bihuan.folder / "rows.csv"
    rows.write_text("名称,单位,整治前\n后门占道,urban,摊位外摆\n", encoding="utf-8")
    assert bihuan("campaign", "import", project, rows, "--as", "force-1.clerk").code == 0
    assert "BH-" in bihuan("campaign", "case", project, "1", "--as", "force-1.clerk").out
    assert bihuan("campaign", "case", project, "1", "--as", "force-1.clerk").code == 1
    added = bihuan(
        *("campaign", "force", "add", "renewal", "--as", "admin", "--zh", "改造专班", "--en", "Renewal", "--parent", "hubin"),
        *("--until", "2028-12-31", "--successor", "hubin-works"),
    )
    assert "renewal.clerk" in added.out
    assert bihuan("campaign", "force", "end", "renewal", "--as", "admin", "--until", "now").code == 0
    assert bihuan("campaign", "force", "end", "renewal", "--as", "admin", "--until", "soon").code == 1
    plan = ("--template", "remake", "--action", "remove=urban:1000m²", "--action", "add=garden")
    half = bihuan("campaign", "project", no, "--as", "centre.duty", "--title", "只增不替", *plan)
    assert (half.code, "成对" in half.err) == (1, True)
    whole = bihuan("campaign", "project", no, "--as", "centre.duty", "--title", "撤留改替增", *plan, "--action", "replace=hubin-works")
    assert whole.code == 0
    shown = bihuan("campaign", "show", number(whole.out, "ZX"), "--all").out
    assert ("替与增" in shown, "space" in shown) == (True, False)


def test_an_inspection_and_records_of_organisations(bihuan):
    assert "店外经营" in bihuan("inspection", "checklists").out
    plan = ("--inspector", "chenghu.leader", "--inspector", "centre.head", "--site", "urban@湖滨路")
    planned = bihuan("inspection", "plan", "--as", "chenghu.leader", "--name", "暗访一号", *plan)
    no = number(planned.out, "XJ")
    assert "没有您可以看的" in bihuan("inspection", "list", "--as", "urban.head").out
    assert bihuan("inspection", "show", no, "--as", "urban.head").code == 1
    assert "暗访一号" in bihuan("inspection", "list", "--as", "chenghu.leader").out
    bihuan("inspection", "begin", no, "--as", "centre.head")
    what = ("--problem", "店外经营", "--place", "湖滨路", "--unit", "urban", "--item", "overflow", "--area", "hubin", "--quantity", "15540")
    found = bihuan("inspection", "find", no, "--as", "chenghu.leader", *what, "--measure", "处").out
    assert ("下一步" in found, "待办：澄湖区" in found, "待办：区城管执法局" in found) == (True, True, False), "whose clock it is"
    assert bihuan("inspection", "find", no, "--as", "chenghu.leader", *what[:6], "--item", "overflow").code == 0
    assert "问题 2 个，共 15540处；" in bihuan("inspection", "show", no, "--as", "chenghu.leader").out
    handed = bihuan("inspection", "hand-out", no, "1", "--as", "chenghu.leader", "--due", "5wd", "--area", "hubin")
    assert "新立案件 BH-" in handed.out
    order = bihuan("inspection", "find", no, "--as", "chenghu.leader", *what, "--due", "3wd", "--how", "order")
    assert "督办单" in order.out or "已有案件" in order.out
    assert "15540处" in bihuan("inspection", "show", no, "--as", "chenghu.leader").out
    bihuan("inspection", "release", no, "--as", "chenghu.leader")
    assert bihuan("inspection", "corrected", no, "1", "--as", "urban.clerk", "--result", "已规范", "--after", "归店").code == 0
    assert bihuan("inspection", "recheck", no, "1", "--as", "chenghu.leader", "--passed", "好").code == 1
    assert bihuan("inspection", "recheck", no, "1", "--as", "centre.head", "--passed", "好").code == 0
    assert bihuan("inspection", "show", no, "--as", "urban.clerk", "--json").json["figures"]["written_off"] == 1
    bad = ("--form", "bad_record", "--organisation", "某某物业公司", "--reason", "拒不整改", "--basis", "信用评价办法")
    assert bihuan("outside", "record", "--as", "housing.head", *bad).code == 1
    record = number(bihuan("outside", "record", "--as", "housing.head", *bad, "--until", "2028-12-31").out, "JL")
    assert bihuan("outside", "object", record, "--as", "housing.clerk", "--reason", "来函", "--on-behalf").code == 0
    assert bihuan("outside", "decide", record, "--as", "centre.head", "--reason", "属实", "--upheld").code == 0
    assert "已撤销" in bihuan("outside", "list").out
    assert bihuan("outside", "figures", "--json").json["bad_record"] == {"made": 1, "counts": 0, "lifted": 1}
