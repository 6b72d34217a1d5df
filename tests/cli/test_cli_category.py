"""`bihuan category`: kept by an administrator on the command line, as on the page."""

from tests.cli.conftest import Bihuan

NEW = ("--zh", "共享雨伞", "--en", "Shared umbrellas", "--kind", "component", "--urgency", "p3", "--lead", "municipal")
BODY = "小区门口的共享雨伞架倒了，雨伞撒了一地"


def test_a_category_is_kept_from_its_first_to_its_last_day(bihuan: Bihuan) -> None:
    added = bihuan("category", "add", "h01", *NEW, "--co", "PROPERTY,VOLUNTEER", "--closing", "photo_after", "--as", "admin")
    assert (added.code, "H01" in added.out) == (0, True)
    row = bihuan("category", "show", "H01", "--json").json
    assert (row["co"], row["closing"], row["urgency"], row["open_cases"]) == (["PROPERTY", "VOLUNTEER"], ["photo_after"], "P3", 0)
    assert (row["own_limits"], row["routes"], row["retired"]) == ([], [], None)
    assert bihuan("triage", "rules", "add", "H01", "--words", "共享雨伞,雨伞架", "--as", "admin").code == 0
    no = bihuan.submits(BODY)
    bihuan.engine_turns(no)
    assert bihuan("case", "show", no, "--json").json["category"] == "H01"
    said = bihuan("category", "show", "h01").out
    assert ("用默认时限" in said, "没有单独的派单行" in said, "未办结 1 件，研判用语 1 条" in said) == (True, True, True)

    changed = bihuan("category", "change", "H01", "--zh", "共享雨伞架", "--co", "", "--no-verify", "--as", "centre.head", "--json").json
    assert (changed["zh"], changed["co"], changed["verify"], changed["lead"]) == ("共享雨伞架", [], False, "MUNICIPAL")
    assert "没有改动" in bihuan("category", "change", "H01", "--zh", "共享雨伞架", "--as", "admin").out

    assert "已停用 H01" in bihuan("category", "retire", "H01", "--reason", "没有这种设施了", "--as", "admin").out
    assert "早已停用" in bihuan("category", "retire", "H01", "--reason", "没有这种设施了", "--as", "admin").out
    assert "没有这种设施了" in bihuan("category", "show", "H01").out
    assert {each["code"] for each in bihuan("category", "list", "--json").json if each["retired"]} == {"H01"}
    assert "H01" not in {each["code"] for each in bihuan("show", "categories", "--json").json}
    later = bihuan.submits(BODY + "，请处理")
    bihuan.engine_turns(later)
    assert bihuan("case", "show", later, "--json").json["category"] is None
    assert bihuan("case", "show", no, "--json").json["category"] == "H01"
    assert "已恢复 H01" in bihuan("category", "restore", "H01", "--as", "admin").out
    assert "没有停用" in bihuan("category", "restore", "H01", "--as", "admin").out


def test_what_cannot_be_is_refused_in_words(bihuan: Bihuan) -> None:
    for arguments, said in (
        (("add", "雨伞", *NEW, "--as", "admin"), "例如 H01"),
        (("add", "A03", *NEW, "--as", "admin"), "已经有类别 A03"),
        (("add", "H01", *NEW[:-1], "DISTRICT", "--as", "admin"), "--lead不能是"),
        (("add", "H01", *NEW, "--as", "water.clerk"), "不能添加或更改类别"),
        (("change", "A03", "--as", "admin"), "没有说要改什么"),
        (("change", "Z99", "--zh", "什么", "--as", "admin"), "Z99"),
        (("show", "Z99"), "Z99"),
        (("retire", "A03", "--reason", "停", "--as", "admin"), "为什么停用"),
    ):
        answer = bihuan("category", *arguments)
        assert (answer.code != 0, said in answer.err, answer.out) == (True, True, ""), (arguments, answer)
    assert "H01" not in bihuan("category", "list").out
