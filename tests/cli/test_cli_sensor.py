"""`bihuan sensor`: registered, listed, muted; a key that is shown once; and every page says what it does not replace."""

NOT_119 = "不能代替119、110、120"


def adds(bihuan, code, *more):
    return bihuan("sensor", "add", code, "--kind", "烟感", "--place", "3幢2单元楼道", "--area", "chenguang-1", "--as", "admin", *more)


def test_a_device_from_the_register_to_the_mute(bihuan):
    assert "没有设备" in bihuan("sensor", "list").out
    done = adds(bihuan, "YG-0001", "--escalate-to", "hubin.head", "--person", "chenguang-1.worker")
    for words in ("YG-0001", "晨光社区", "晨光小区物业", "区消防救援大队", "hubin.head"):
        assert words in done.out
    assert NOT_119 in done.err
    (listed,) = bihuan("sensor", "list", "--area", "hubin", "--kind", "smoke", "--json").json
    assert (listed["code"], listed["community"], listed["people"]) == ("YG-0001", "chenguang", ["chenguang-1.worker"])
    assert bihuan("sensor", "list", "--area", "nanpu", "--json").json == []
    muted = bihuan("sensor", "mute", "YG-0001", "--reason", "更换电池", "--until", "2999-01-01", "--as", "chenguang.clerk")
    assert (muted.code, "最多静默 72 小时" in muted.err) == (1, True)
    shown = bihuan("sensor", "show", "YG-0001")
    assert all(words in shown.out + shown.err for words in ("3幢2单元楼道", "hubin.head", "没有报警", NOT_119))
    for wrong in (adds(bihuan, "YG-0001"), adds(bihuan, "YG 2"), adds(bihuan, "YG-2", "--fire", "atlantis")):
        assert (wrong.code, wrong.out, wrong.err.count("\n")) == (1, "", 1)


def test_a_key_is_shown_once(bihuan):
    made = bihuan("sensor", "key", "acme", "--name", "安信烟感")
    secret = made.out.splitlines()[0].rpartition("：")[2]
    assert len(secret) == 43
    assert "/sensors/acme" in made.out
    rotated = bihuan("sensor", "key", "acme", "--rotate", "--overlap", "2")
    assert secret not in rotated.out
    (hook,) = bihuan("sensor", "key", "--json").json
    assert (hook["code"], hook["window_s"], hook["stopped_at"]) == ("acme", 300, None)
    assert secret not in str(hook)
    written = bihuan("sensor", "key", "bee", "--name", "蜂", "--json").json
    again = bihuan("sensor", "key", "bee", "--rotate", "--json").json
    assert (written["hook"], written["address"], len(again["secret"])) == ("bee", "/sensors/bee", 43)
    assert again["secret"] != written["secret"]
    assert bihuan("sensor", "key", "bee", "--off", "--json").json == {"hook": "bee", "stopped": True}
    assert bihuan("sensor", "key", "acme", "--rotate", "--off").code == 1
    assert "已停用" in bihuan("sensor", "key", "acme", "--off").out
    assert bihuan("sensor", "key", "nobody").code == 1
    assert "没有报警" in bihuan("sensor", "alarms", "--unknown").out


def test_a_table_with_a_bad_row_is_told_line_by_line(bihuan, tmp_path):
    file = tmp_path / "devices.csv"
    file.write_text("code,kind,place,area\nYG-1,smoke,1幢,chenguang-1\nYG-2,水枪,2幢,chenguang-1\n", encoding="utf-8")
    wrong = bihuan("sensor", "import", file, "--as", "admin")
    assert (wrong.code, wrong.out) == (1, "")
    assert "水枪" in wrong.err
    assert bihuan("sensor", "list", "--json").json == []
    file.write_text("编号,类型,地点,区域\nYG-1,烟感,1幢,chenguang-1\n", encoding="utf-8")
    assert "登记 1 台" in bihuan("sensor", "import", file, "--as", "admin").out


def test_a_device_is_linked_to_a_file_and_shown_with_it(bihuan):
    file = "晨光1-07-701"
    opened = bihuan("subject", "open", file, "--area", "chenguang-1", "--as", "chenguang.head", "--json").json
    assert f"关联档案 {opened['no']}" in adds(bihuan, "MC-1", "--file", opened["no"]).out
    again = bihuan("sensor", "link", "MC-1", "--file", opened["no"].lower(), "--as", "chenguang.clerk")
    assert f"已关联档案 {opened['no']}" in again.out
    assert NOT_119 in again.out
    (listed,) = bihuan("sensor", "list", "--json").json
    assert listed["file"] == opened["no"]
    assert "关联设备：MC-1" in bihuan("subject", "ledger", opened["no"], "--as", "chenguang.clerk").out
    other = bihuan("sensor", "unlink", "MC-1", "--as", "lianchi.clerk")
    assert (other.code, "不能给档案" in other.err) == (1, True)
    assert "已解除" in bihuan("sensor", "unlink", "MC-1", "--as", "chenguang.clerk").out
    none = adds(bihuan, "MC-2", "--file", "DA-20200101-0001")
    assert (none.code, [row["code"] for row in bihuan("sensor", "list", "--json").json]) == (1, ["MC-1"]), "both or neither"
