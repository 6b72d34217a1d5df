"""`bihuan daily`, `weekly` and `bulletin` as people type them."""

from datetime import timedelta

from python_calamine import CalamineWorkbook

from clock import utcnow
from services.rhythm import bulletins
from tests.support.pictures import photo


def test_a_list_is_made_shown_commented_on_and_checked(bihuan):
    no = bihuan.submits()
    bihuan.engine_turns(no)
    assert bihuan("daily", "list").out.strip() == "还没有清单。生成一份：bihuan daily make"
    made = bihuan("daily", "make", "--as", "centre.duty", "--json").json
    assert made["known"] is False
    assert "已经有了" in bihuan("daily", "make").out
    shown = bihuan("daily", "show", "--json").json
    assert {line["case"] for line in shown["lines"]} == {no}
    line = next(line for line in shown["lines"] if line["order_no"])
    assert no in bihuan("daily", "show", made["day"], "--for", "water").out
    assert "第 1 条" in bihuan("daily", "remark", made["day"], "上午到场", "--line", str(line["no"]), "--urge", "--as", "centre.duty").out
    assert "催办" in bihuan("daily", "remarks").out
    checked = bihuan("daily", "show", "--check", "--json")
    assert (checked.code, checked.json["wrong"], checked.json["missing"]) == (0, [], [])
    assert bihuan("daily", "remark", made["day"], "好", "--as", "water.clerk").code == 1
    assert bihuan("daily", "show", "2020-01-01").err.startswith("2020-01-01 没有清单")
    assert bihuan("daily", "show", "yesterday").code == 1
    assert bihuan("--lang", "en", "daily", "make", "--week").out.startswith("The list of ")


def test_a_sheet_is_filled_in_signed_and_appealed(bihuan, tmp_path):
    picture = tmp_path / "bin.jpg"
    picture.write_bytes(photo())
    where = ("--area", "chenguang-1", "--place", "湖滨路口")
    score = ("weekly", "score", "streets", "sanitation", *where, "--as", "centre.clerk")
    for wrong in (("--off", "garbage:x:散落"), ("--off", "garbage:5:散落"), ("--photo", f"garbage={picture}"), ("--case", "garbage")):
        assert bihuan(*score, *wrong).code == 1
    opened = bihuan(*score, "--off", "garbage:5:桶边有散落垃圾", "--photo", f"garbage={picture}", "--case", "garbage", "--json").json
    assert bihuan.state(opened["cases"][0]) == "submitted"
    assert "前申诉" in bihuan("weekly", "sign", opened["label"], "--as", "centre.clerk").out
    shown = bihuan("weekly", "show", "cp-1", "--as", "sanitation.clerk", "--json").json
    assert shown["score"] == 950
    assert [(i["code"], i["taken"], len(i["photos"])) for i in shown["items"] if i["taken"]] == [("garbage", 50, 1)]
    assert "已申诉" in bihuan("weekly", "appeal", "CP-1", "当日由街道作业", "--as", "sanitation.clerk").out
    assert "已退还" in bihuan("weekly", "decide", "CP-1", "属实", "--give-back", "garbage", "--as", "centre.head").out
    assert "95" not in bihuan("weekly", "show", "CP-1").out.splitlines()[0]
    assert "CP-1" in bihuan("weekly", "list").out
    assert bihuan("weekly", "publish", f"{utcnow():%Y-%m-%d}", "--as", "centre.head").code == 1, "the week is not over"
    assert "市容环境" in bihuan("weekly", "topics").out
    assert bihuan("weekly", "rules", "--json").json["version"] == 0
    assert bihuan("weekly", "show", "one").code == 1


def test_a_bulletin_is_drafted_written_and_published(bihuan, tmp_path):
    bihuan.submits()
    later = utcnow() + timedelta(days=40)
    month = f"{utcnow():%Y-%m}"
    assert bihuan("bulletin", "draft", month).code == 1, "the month is not over"
    with bihuan.database.unit_of_work() as session:
        bulletins.draft(session, month, "system", later)
    assert bihuan("bulletin", "show", month, "--json").json["tables"][0]["figures"][0] == {
        **{"code": "received", "n": 1, "hits": None, "rate": None, "low": None, "high": None, "small": False}
    }
    for suffix in ("xlsx", "txt", "json"):
        assert bihuan("bulletin", "write", month, tmp_path / f"b.{suffix}").code == 0
    assert bihuan("bulletin", "write", month, tmp_path / "b.doc").code == 1
    assert len(CalamineWorkbook.from_path(tmp_path / "b.xlsx").sheet_names) == 12
    assert "收到案件：1" in (tmp_path / "b.txt").read_text(encoding="utf-8")
    assert "已公示" in bihuan("bulletin", "open", month, "--as", "centre.clerk").out
    assert bihuan("bulletin", "objections", month).out.strip() == "没有异议。"
    assert "异议期到" in bihuan("bulletin", "approve", month, "--as", "centre.head").err
    assert bihuan("bulletin", "check", month, "--json").json["same"] == 1
    assert "没有开通" in bihuan("bulletin", "ranking", month).err
    assert month in bihuan("bulletin", "list").out
