"""Personal data on the command line: keys, retention, unmasking, and cases as somebody sees them."""

import pytest
from cryptography.fernet import Fernet

from models import Sealed
from settings import get_settings


@pytest.fixture(autouse=True)
def own_keys(encryption_key):
    """Other tests go on with the key of this run."""
    yield
    Sealed.use_keys([encryption_key])


def test_the_key_is_changed_and_looked_at(bihuan, tmp_path):
    no = bihuan.submits()
    (before,) = bihuan("keys", "status", "--json").json
    assert (before["seals"], before["hashes"], before["values"] > 0) == (True, True, True)
    assert "未作任何改动" in bihuan("keys", "rotate", "--dry-run").out
    done = bihuan("keys", "rotate", "--json").json
    assert (done["made"], done["values"], done["dry_run"]) == (True, before["values"], False)
    newest, old = bihuan("keys", "status", "--json").json
    assert (newest["name"], old["name"], old["values"]) == (done["key"], before["name"], 0)
    assert "查找用摘要" in bihuan("keys", "status").out
    assert bihuan("unmask", no, "--as", "centre.duty", "--reason", "核实", "--json").json["reporters"][0]["phone"] == "10000000001"
    young = bihuan("keys", "retire")
    assert (young.code, "稍后" in young.err) == (1, True)
    assert Fernet(bihuan("keys", "new").out.strip())


def test_keys_of_the_environment_are_said_how_to_change(bihuan, monkeypatch, encryption_key, tmp_path):
    (tmp_path / "secret.key").unlink()
    monkeypatch.setenv("BIHUAN_KEYS", encryption_key.decode())
    get_settings.reset()
    assert bihuan("doctor", "--json").json["checks"]
    refused = bihuan("keys", "rotate")
    assert (refused.code, "BIHUAN_KEYS" in refused.err, "重启" in refused.err) == (1, True, True)
    monkeypatch.setenv("BIHUAN_KEYS", "nonsense")
    get_settings.reset()
    assert "bihuan keys new" in bihuan("keys", "status").err
    assert not (tmp_path / "secret.key").exists(), "no key file is made beside the environment's keys"


def test_retention_counts_first(bihuan):
    bihuan.submits()
    assert bihuan("retention", "run", "--dry-run", "--json").json == {
        "cases": 0,
        "reporters": 0,
        "files": 0,
        "visits": 0,
        "notes": 0,
        "remarks": 0,
        "affairs": 0,
        "days": 1095,
        "dry_run": True,
    }
    assert "1095 天" in bihuan("retention", "run").out
    refused = bihuan("retention", "run", "--as", "centre.duty")
    assert refused.code == 1


def test_unmasking_is_refused_without_person_or_reason_and_listed(bihuan):
    no = bihuan.submits()
    for arguments, word in ((("--reason", "核实"), "--as"), (("--as", "centre.duty"), "--reason")):
        refused = bihuan("unmask", no, *arguments)
        assert (refused.code, word in refused.err) == (1, True)
    assert "10000000001" in bihuan("unmask", no, "--as", "centre.duty", "--reason", "核实地点").out
    assert [(row["user"], row["no"], row["reason"]) for row in bihuan("unmask", "log", "--json").json] == [("centre.duty", no, "核实地点")]
    assert "核实地点" in bihuan("unmask", "log").out


def test_a_case_is_shown_as_somebody_sees_it(bihuan):
    no = bihuan.submits("晨光小区5号楼下水道堵了，请打13812345678")
    bihuan.engine_turns(no)
    mine = bihuan("case", "show", no, "--as", "centre.duty", "--json").json
    assert (mine["no"], mine["case"]["contacts"]) == (no, [{"name": "", "phone": "100****0001"}])
    assert "13812345678" in mine["case"]["body"]
    plain = bihuan("case", "show", no, "--json").json
    assert (plain["contacts"], "13812345678" in plain["body"]) == ([], False)
    assert "100****0001" in bihuan("case", "show", no, "--as", "centre.duty").out
    assert "100****0001" not in bihuan("case", "show", no).out


def test_a_sensitive_case_is_a_line_to_others(bihuan):
    no = bihuan.submits()
    assert bihuan("act", no, "restrict", "--as", "centre.duty", "--kind", "minor", "--reason", "孩子受伤").code == 0
    for viewer in ((), ("--as", "hubin.clerk")):
        shown = bihuan("case", "show", no, *viewer)
        assert (shown.code, shown.out) == (0, f"{no}：敏感件，只有指定知悉人可以查看\n")
        listed = bihuan("case", "list", *viewer, "--json").json
        assert listed == [{"no": no, "sensitive": True, "subject": None}]
        assert "敏感件" in bihuan("case", "list", *viewer).out
    closed = bihuan("case", "show", no, "--as", "hubin.clerk", "--json").json
    assert (closed["moves"], closed["state"], closed["case"]) == ([], None, {"no": no, "sensitive": True})
    assert bihuan("case", "show", no, "--json").json == {"no": no, "sensitive": True}
    assert bihuan("case", "list", "--as", "centre.head", "--json").json[0]["state"] == "submitted"
