"""`bihuan patrol`: a group with a member who reports and sees what became of it; the counter."""

from tests.support.pictures import photo

BEE = "10000004001"


def test_the_commands(bihuan, tmp_path):
    by = ("--as", "chenguang.clerk")
    places = ("--zh", "小蜜蜂", "--en", "Bees", "--area", "chenguang", *by)
    assert bihuan("patrol", "group", "add", "bees", "--kind", "courier", *places).code == 0
    assert bihuan("patrol", "station", "add", "hive", "--place", "东门", *places).code == 0
    who = ("--name", "骑手", "--phone", BEE, "--station", "hive", *by)
    number = bihuan("patrol", "member", "add", "bees", *who, "--json").json["member"]
    picture = tmp_path / "a.jpg"
    picture.write_bytes(photo())
    said = bihuan("patrol", "report", str(number), "路灯不亮，晚上看不见", "--photo", picture, "--place", "东门")
    assert said.out.startswith("已收到：BH-")
    shown = bihuan("patrol", "report", str(number))
    assert "共反映 1 件" in shown.out
    assert bihuan("patrol", "report", str(number), "--json").json["coordinating"] == 1
    line = {"scope": "group", "code": "bees", "zh": "小蜜蜂", "en": "Bees", "reported": 1, "solved": 0, "coordinating": 1, "other": 0}
    assert bihuan("patrol", "counter", "--scope", "group", "bees", "--json").json == [line]
    assert "小蜜蜂" in bihuan("patrol", "counter").out
    assert bihuan("patrol", "member", "list", "bees", "--json").json[0]["station"] == "hive"
    assert bihuan("patrol", "member", "leave", str(number), *by).code == 0
    assert "骑手" not in bihuan("patrol", "group", "list").out.replace("小蜜蜂（骑手）", "")
    refused = bihuan("patrol", "report", "99", "路灯不亮")
    assert (refused.code, "没有编号 99 的队员" in refused.err) == (1, True)
