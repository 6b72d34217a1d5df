"""Affairs within cases on the command line: the page of a case, its clocks and journal, explanations, shift lists, the list of moves."""

import pytest


@pytest.fixture
def whistled(bihuan, monkeypatch):
    """A case with a whistle kept with it, and a second one that the whistle is further about; a screen on which nothing is folded."""
    monkeypatch.setenv("COLUMNS", "300")
    no, further = bihuan.submits(), bihuan.submits("晨光小区垃圾成堆，没有人清运")
    blown = bihuan("whistle", "blow", "现场联合处置", "--as", "hubin.clerk", "--call", "urban", "--case", no, "--case", further, "--json")
    assert blown.code == 0, blown.err
    return no, further, blown.json["no"]


def test_a_case_shows_its_affairs_and_whose_clocks_they_are(bihuan, whistled):
    no, further, whistle = whistled
    page = bihuan("case", "show", no).out
    assert "事项" in page
    assert f"报到、{whistle} 第 1 分项" in page, "the clock is named by the affair and the part"
    assert f"吹哨、{whistle}" in page, "so is the entry that opened it"
    assert "已吹哨" in page
    assert no in bihuan("case", "show", further).out, "the further case says where it is kept"
    (told,) = bihuan("case", "show", no, "--json").json["affairs"]
    assert (told["no"], told["state"]) == (whistle, "blown")
    why = bihuan("case", "why", no, "--clock", "report_in")
    assert f"{no} · 报到（{whistle} 第 1 分项）" in why.out
    assert bihuan("case", "why", no, "--clock", "report_in", "--json").json[0]["affair"] == whistle
    assert f"{whistle} part 1" in bihuan("--lang", "en", "case", "show", no).out


def test_what_waits_and_what_a_shift_hands_over_name_the_affair(bihuan, whistled):
    _, _, whistle = whistled
    assert f"报到、{whistle} 第 1" in bihuan("case", "list", "--mine", "--as", "urban.clerk").out
    prepared = bihuan("handover", "prepare", "--as", "urban.clerk", "--to", "urban.head")
    assert prepared.code == 0, prepared.err
    number = next(word for word in prepared.out.split() if word.strip("#。").isdigit()).strip("#。")
    assert f"报到、{whistle} 第 1 分项" in bihuan("handover", "show", number).out


def test_moves_of_affairs_are_listed_in_their_own_words(bihuan):
    shown = bihuan("show", "actions", "--action", "report_in").out
    assert all(word in shown for word in ("报到", "待报到", "已报到", "当事方"))
    opening = bihuan("show", "actions", "--action", "whistle").out
    assert opening.count("whistle") == 1
    assert "任一未结状态" in opening
    assert "已派单" not in opening
    whole = bihuan("--lang", "en", "show", "actions").out
    assert "any open state" in whole
