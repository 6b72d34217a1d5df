"""`bihuan duplicates` and `bihuan links`: what is printed, which exit code."""

import json

from clock import utcnow
from services.duplicates.proposing import propose
from services.reading import case_id_of

TABLE = """id,body,submitted_at
007,滨河夜市每天吵到凌晨两点睡不着,2026/11/20 23:10:00
008,滨河那边的夜宵摊半夜太闹,2026-11-21 00:20
009,建设路路灯不亮,2026-11-21T08:00:00+08:00
"""


def table_in(folder, text=TABLE):
    file = folder / "messages.csv"
    file.write_text(text, encoding="utf-8")
    return file


def test_clusters_go_to_standard_output_with_ids_as_they_stand(bare, tmp_path):
    answer = bare("duplicates", table_in(tmp_path), "--json", "-")
    assert (answer.code, answer.err) == (0, "")
    assert answer.json["clusters"] == [["007", "008"]]
    (pair,) = answer.json["pairs"]
    assert pair["ids"] == ["007", "008"]
    assert pair["score"] > 0.5
    assert "same_source:night_market" in pair["reasons"]


def test_clusters_go_to_a_file_and_people_read_a_table(bare, tmp_path):
    answer = bare("duplicates", table_in(tmp_path), "--json", tmp_path / "found.json")
    assert answer.code == 0
    assert "007" in answer.out
    assert "夜市" in answer.out
    assert json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))["clusters"] == [["007", "008"]]


def test_nothing_alike_is_no_clusters(bare, tmp_path):
    answer = bare("duplicates", table_in(tmp_path, "id,body,at\n1,路灯不亮,2026-11-20\n2,养老金怎么办,2026-11-20\n"), "--json", "-")
    assert answer.json["clusters"] == []


def test_a_bad_table_is_refused_with_line_and_field(bare, tmp_path):
    answer = bare("duplicates", table_in(tmp_path, "id,body,at\n1,路灯不亮,昨天\n"), "--json", "-")
    assert (answer.code, answer.out) == (1, "")
    assert "第 2 行" in answer.err
    assert "昨天" in answer.err
    assert bare("duplicates", tmp_path / "none.csv").code == 1


def test_links_are_listed_and_refused(bihuan):
    one, other = (
        bihuan.submits("滨河夜市每天吵到凌晨两点睡不着"),
        bihuan("submit", "--body", "滨河夜市半夜太吵", "--area", "chenguang-1").out.strip(),
    )
    with bihuan.database.unit_of_work() as session:
        propose(session, [case_id_of(session, other)], utcnow())
    (link,) = bihuan("links", "list", "--json").json
    assert (link["case_no"], link["other_no"], link["kind"], link["state"]) == (other, one, "duplicate", "proposed")
    assert other in bihuan("links", "list").out
    assert bihuan("links", "refuse", one, other, "--as", "centre.duty").code == 1
    assert bihuan("links", "refuse", one, other, "--as", "centre.duty", "--reason", "两处摊位").code == 0
    assert bihuan("links", "list", "--json").json == []
    assert [each["state"] for each in bihuan("links", "list", "--all", "--json").json] == ["refused"]
    assert bihuan("links", "confirm", one, other, "--as", "centre.duty").code == 1
