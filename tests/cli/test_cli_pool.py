"""`bihuan pool`, `errand`, `subject`: what a newcomer types from the pages, on an installation of its own."""

from pathlib import Path

from seeds import read

CLERK = ("--as", "chenguang.clerk")
HEAD = ("--as", "chenguang.head")


def numbered(answer):
    assert answer.code == 0, answer.err
    return answer.json["no"]


def test_an_order_is_posted_claimed_delivered_and_thanked_for(bihuan):
    lines = ("--line", "折叠椅:100把", "--line", "安装:2人:木工")
    no = numbered(bihuan("pool", "post", "社区议事厅要椅子", *lines, "--area", "chenguang", *CLERK, "--json"))
    assert "没有待认领的" not in bihuan("pool", "list", "--as", "urban.clerk").out
    assert [o["free"] for o in bihuan("pool", "list", "--as", "urban.clerk", "--json").json] == [100, 2]
    assert "认领" in bihuan("pool", "claim", no, "--want", "1", "--quantity", "30", "--as", "urban.clerk").out
    too_much = bihuan("pool", "claim", no, "--want", "1", "--quantity", "71", "--as", "market.clerk")
    assert (too_much.code, "只剩 70" in too_much.err) == (1, True)
    assert bihuan("pool", "deliver", no, "3", "--as", "urban.clerk").code == 0
    assert bihuan("pool", "confirm", no, "3", *CLERK).code == 0
    assert bihuan("pool", "thank", no, "3", "--words", "谢谢", *CLERK, "--json").json["action"] == "thank"
    assert bihuan("pool", "give-up", no, "3", "--reason", "晚了", "--as", "urban.clerk").code == 1
    assert bihuan("pool", "figures", no, "--json", *CLERK).json[0]["confirmed"] == 30
    assert "折叠椅" in bihuan("pool", "figures", no, *CLERK).out
    assert bihuan("pool", "post", "x", "--line", "x", *CLERK).code == 1


def test_units_are_paired_and_parted(bihuan):
    assert "还没有结对" in bihuan("pool", "pairs").out
    pair = bihuan("pool", "pair", "chenguang", "urban", "--as", "admin", "--json").json["pair"]
    assert bihuan("pool", "pair", "chenguang", "urban", "--until", "soon", "--as", "admin").code == 1
    assert [p["unit"] for p in bihuan("pool", "pairs", "--json").json] == ["urban"]
    assert "晨光社区" in bihuan("pool", "pairs").out
    assert "已结束" in bihuan("pool", "unpair", str(pair), "--as", "admin").out


def test_an_errand_is_begun_and_its_papers_ticked_off(bihuan, tmp_path: Path):
    assert len(bihuan("errand", "list", "--json").json["items"]) == 30
    assert "门诊慢特病认定" in bihuan("errand", "list").out
    assert len(bihuan("errand", "points", "--json").json) == len(read("errands.toml")["point"])
    assert "24小时" in bihuan("errand", "points").out
    wish = ("--phone", "10000080009", "--area", "chenguang-1", "--agent", "chenguang-1.worker", "--home")
    no = numbered(bihuan("errand", "begin", "util_pay", *wish, *CLERK, "--json"))
    assert bihuan("errand", "tick", no, "receipt", *CLERK).code == 0
    assert "办好待确认" in bihuan("errand", "step", no, "--words", "缴了", *CLERK).out
    assert bihuan("errand", "step", no, *CLERK).code == 1
    assert bihuan("affair", "act", no, "confirm_errand", "--as", "resident:10000080009").code == 0
    file = tmp_path / "list.toml"
    file.write_text("[[item]]\ncode = 1\n", encoding="utf-8")
    assert bihuan("errand", "import", file, "--since", "2999-01-01T00:00+08:00", "--as", "admin").code == 1
    assert "没有单位" in bihuan("errand", "late").out
    assert "已加长" in bihuan("errand", "extend", "hall", "17:30-20:00", "--as", "admin", "--confirm").out
    assert bihuan("errand", "late", "--json").json[0]["unit"] == "hall"
    assert "17:30-20:00" in bihuan("errand", "late").out
    for wrong in (("25:00-26:00",), ("17:30-20:00", "--days", "noday"), ("17:30-20:00", "--first", "soon")):
        assert bihuan("errand", "extend", "hall", *wrong, "--as", "admin").code == 1


def test_a_catalogue_is_imported_from_a_file(bihuan, tmp_path: Path):
    file = tmp_path / "list.toml"
    text = (Path(__file__).parents[2] / "seeds" / "errands.toml").read_text(encoding="utf-8")
    file.write_text(text.replace('code = "util_pay"\n', 'code = "bill"\n').replace('"util_pay"', '"bill"'), encoding="utf-8")
    done = bihuan("errand", "import", file, "--since", "2999-01-01T00:00+08:00", "--as", "admin", "--json").json
    assert (done["version"], done["items"]) == (1, 30)
    assert "已导入" in bihuan("errand", "import", file, "--since", "2999-01-02T00:00+08:00", "--as", "admin").out


def test_a_file_is_opened_looked_after_and_read_by_few(bihuan):
    about = ("--tier", "2", "--area", "chenguang-1", "--identity", "某某，82 岁", "--reader", "chenguang.head")
    assert bihuan("subject", "open", "晨光1-03-502", *about, "--as", "chenguang-1.worker").code == 1, "readers are named by a head"
    no = numbered(bihuan("subject", "open", "晨光1-03-502", *about, "--as", "chenguang.head", "--json"))
    assert no in bihuan("subject", "open", "晨光1-03-502", *about, "--as", "chenguang.head").out
    assert bihuan("subject", "look", no, "--words", "在家", "--way", "care", "--as", "chenguang-1.worker").code == 0
    assert bihuan("subject", "alert", no, "sos", *CLERK, "--json").json["tier"] == 4
    assert "4 级" in bihuan("subject", "alert", no, "call", *CLERK).out
    assert bihuan("subject", "note", no, "health", "--text", "高血压", *CLERK).code == 0
    assert bihuan("subject", "notes", no, "--reason", "看看", *CLERK).code == 1
    assert "还没有人看过" in bihuan("subject", "looks", no, *HEAD).out
    assert bihuan("subject", "looks", no, *CLERK).code == 1
    assert "高血压" in bihuan("subject", "notes", no, "--reason", "核对", "--as", "chenguang.head").out
    assert [n["kind"] for n in bihuan("subject", "notes", no, "--reason", "核对", "--as", "chenguang.head", "--json").json] == [
        "identity",
        "health",
    ]
    assert [each["user"] for each in bihuan("subject", "looks", no, *HEAD, "--json").json] == ["chenguang.head"] * 2
    assert "核对" in bihuan("subject", "looks", no, *HEAD).out
    assert "一键呼叫" in bihuan("subject", "ledger", no, *CLERK).out
    assert bihuan("subject", "ledger", no, *CLERK, "--json").json["tier"] == 4


def test_an_enterprise_has_a_ledger_and_an_issue_becomes_a_case(bihuan):
    no = numbered(bihuan("subject", "open", "QY-0013", "--form", "enterprise", "--area", "chenguang", *CLERK, "--json"))
    assert bihuan("affair", "act", no, "open_issue", "--set", "title=门口积水", "--set", "way=service", *CLERK).code == 0
    part = bihuan("subject", "ledger", no, *CLERK, "--json").json["issues"][0]["part"]
    assert bihuan("affair", "act", no, "make_case", "--part", str(part), "--set", "into=999", *CLERK).code == 1
    case = bihuan("subject", "to-case", no, str(part), *CLERK, "--json").json["case"]
    assert bihuan("subject", "to-case", no, str(part), *CLERK).code == 1
    assert case in bihuan("subject", "ledger", no, *CLERK).out
    assert bihuan.state(case) == "submitted"
