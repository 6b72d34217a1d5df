"""`bihuan case why` through the command line."""

from datetime import timedelta

from sqlalchemy import select, update

from models import Clock, table
from tests.cli.conftest import Bihuan

_clock = table(Clock)


def test_it_prints_every_open_clock_and_its_code_says_whether_they_agree(bihuan: Bihuan) -> None:
    no = bihuan.submits()
    bihuan.engine_turns(no)
    fine = bihuan("case", "why", no, "--clock", "handle", "--order", "1")
    assert (fine.code, fine.err) == (0, "")
    assert "→ 到期" in fine.out
    clocks = bihuan("case", "why", no, "--json").json
    assert bihuan("case", "why", no, "--lang", "en").out.count("→ due ") == len(clocks)
    assert len(bihuan("case", "why", no, "--all", "--json").json) > len(clocks)
    assert {clock["agrees"] for clock in clocks} == {True}


def test_a_moved_due_moment_is_said_and_ends_with_one(bihuan: Bihuan) -> None:
    no = bihuan.submits()
    with bihuan.database.unit_of_work() as session:
        run = session.connection().execute
        clock = run(select(_clock)).one()
        run(update(_clock).values(due_at=clock.due_at + timedelta(minutes=1)))
    wrong = bihuan("case", "why", no)
    assert (wrong.code, wrong.out.splitlines()[-1][0]) == (1, "✗")
    assert bihuan("case", "why", no, "--json").code == 1


def test_what_is_asked_for_amiss_is_said(bihuan: Bihuan) -> None:
    no = bihuan.submits()
    assert bihuan("case", "why", no, "--order", "99").out == f"{no} 没有这样的时限；已停止的加 --all 查看。\n"
    unknown = bihuan("case", "why", no, "--clock", "nothing")
    assert (unknown.code, "handle" in unknown.err) == (1, True)
    assert bihuan("case", "why", "BH-20200101-0001").code == 1
