"""`bihuan points`: an account, goods, redeeming, taking back; switched on by an administrator first."""

from services import mechanisms
from services.catalogue import catalogue
from tests.support.town import START

ANNA = "10000005001"


def test_the_commands(bihuan, tmp_path):
    by = ("--as", "chenguang.clerk")
    refused = bihuan("points", "goods", "list")
    assert refused.code == 1
    with bihuan.database.unit_of_work() as session:
        mechanisms.switch(session, "points", catalogue(session).actor("admin"), START, on=True)
    account = bihuan("points", "account", "open", "--name", "安娜", "--phone", ANNA, *by, "--json").json["account"]
    assert bihuan("points", "account", "give", ANNA, "voluntary_work", "--key", "walk", *by).out.startswith("发放 2 分")
    names = ("--zh", "商城", "--en", "Mall", *by)
    assert bihuan("points", "goods", "partner", "mall", *names).code == 0
    assert bihuan("points", "goods", "add", "soap", "--partner", "mall", "--price", "1", "--stock", "2", *names).code == 0
    assert bihuan("points", "goods", "list", "--json").json[0]["stock"] == 2
    box, more = (bihuan("points", "redeem", str(account), "soap", "--phone", ANNA, "--json").json for _ in range(2))
    assert bihuan("points", "confirm", str(box["number"]), box["code"], "--partner", "mall").code == 0
    assert bihuan("points", "cancel", str(more["number"]), "--phone", ANNA, "--json").json["balance"] == 1
    shown = bihuan("points", "account", "show", str(account))
    assert "余额 1 分" in shown.out
    assert all(words in shown.out for words in ("志愿服务一次", "商城")), "names, not codes"
    assert "voluntary_work" not in shown.out
    assert box["code"] not in shown.out
    entry = min(each["id"] for each in bihuan("points", "account", "show", ANNA, "--json").json["entries"])
    taken = bihuan("points", "reverse", str(entry), "--reason", "error", "--as", "centre.head")
    assert "余额低于零" in taken.out
    file = tmp_path / "points.toml"
    file.write_text("不是 TOML", encoding="utf-8")
    assert "不是 TOML 文件" in bihuan("points", "rules", "--publish", file, "--as", "admin").err
    assert "20" in bihuan("points", "rules").out
    assert [board["board"] for board in bihuan("points", "board", "--json").json] == ["civic", "service"]
    assert bihuan("points", "account", "close", str(account), *by).code == 0
    assert bihuan("points", "account", "list", "--json").json[0]["closed_at"] is not None
