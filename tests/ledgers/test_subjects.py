"""Subject files: what may stand in them, who names readers, notes are forgotten after the end, what is refused."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from models import SubjectNote, table
from rules import handling
from rules.facts import Refused
from services.moves import Setting
from services.privacy.retention import Retention
from services.subjects import Alert, Subject, alert, ledger, looks_at, open_subject, read_notes, write_note
from tests.support.beside import does, seen
from tests.support.sound import complaints
from tests.support.town import Town

FILE = Subject("household", "晨光2-01-101", area="chenguang-2", identity="某人")


def opened(town: Town, subject: Subject = FILE, user: str = "chenguang.clerk") -> str:
    with town.context.database.unit_of_work() as session:
        return open_subject(session, subject, town.actor(user), Setting(town.now)).no


@pytest.mark.parametrize(
    ("subject", "code"),
    [
        ({"form": "village", "code": "x"}, "unknown_subject_form"),
        ({"form": "household", "code": " "}, "subject_title_missing"),
        ({"form": "household", "code": "林家 13812345678"}, "file_names_person"),
        ({"form": "household", "code": "x", "tier": 5}, "tier_missing"),
        ({"form": "household", "code": "x", "kind": "独居 13812345678"}, "file_names_person"),
        ({"form": "household", "code": "x", "readers": ("chenguang.clerk",)}, "readers_named_by_head"),
        ({"form": "household", "code": "x", "readers": ("nobody",)}, "unknown_user"),
        ({"form": "enterprise", "code": "x", "phone": "y"}, "bad_phone"),
        ({"form": "household", "code": "x", "identity": "长" * 2001}, "text_too_long"),
    ],
)
def test_a_file_that_cannot_be_is_refused(sqlite_town: Town, subject: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused, match=code):
        opened(sqlite_town, Subject(**{"area": "chenguang-2", **subject}))


def test_a_tier_goes_up_by_anybody_and_down_by_its_owner_alone(sqlite_town: Town) -> None:
    town = sqlite_town
    no = opened(town)
    with town.context.database.unit_of_work() as session:
        with pytest.raises(Refused, match="alert_unknown"):
            alert(session, no, Alert("rumour"), Setting(town.now))
        assert alert(session, no, Alert("visitor"), Setting(town.now), town.actor("market.clerk")) == 3
        assert alert(session, no, Alert("visitor", tier=4), Setting(town.now), town.actor("market.clerk")) == 4
    with pytest.raises(Refused, match="not_yours"):
        does(town, no, "ask_lower", "market.clerk", tier=1, reason="看着没事")
    with pytest.raises(Refused, match="tier_not_lower"):
        does(town, no, "ask_lower", "chenguang.clerk", tier=4, reason="没事了")
    does(town, no, "ask_lower", "chenguang.clerk", tier=3, reason="好转")
    assert [c["kind"] for c in seen(town, no).clocks if c["part_no"] is None] == ["assent"], "somebody has to decide"
    does(town, no, "keep_tier", "chenguang.head", reason="还不稳")
    does(town, no, "ask_lower", "chenguang.clerk", tier=3, reason="好转")
    with town.context.database.unit_of_work() as session:
        assert alert(session, no, Alert("sos"), Setting(town.now)) == 4
        assert alert(session, no, Alert("call"), Setting(town.now)) == 4
    assert seen(town, no).affair["state"] == "kept", "an alert drops the lowering that was asked for"
    with pytest.raises(Refused, match="wrong_state"):
        does(town, no, "lower_tier", "chenguang.head", words="复看平稳")
    does(town, no, "ask_lower", "chenguang.clerk", tier=3, reason="好转")
    does(town, no, "lower_tier", "chenguang.head", words="复看平稳")
    assert (seen(town, no).affair["tier"], seen(town, no).affair["state"]) == (3, "kept")
    look = next(p["no"] for p in seen(town, no).parts if p["state"] == "due")
    with pytest.raises(Refused, match="visit_kind_unknown"):
        does(town, no, "look", "chenguang.clerk", look, words="去了", way="policy")
    with pytest.raises(Refused, match="look_words_missing"):
        does(town, no, "look", "chenguang.clerk", look)
    assert complaints(town.context.database, town.now) == []


def test_readers_are_named_by_a_head(sqlite_town: Town) -> None:
    town = sqlite_town
    no = opened(town)
    with pytest.raises(Refused, match="readers_named_by_head"):
        does(town, no, "name_readers", "chenguang.clerk", readers=(town.person_id("chenguang.clerk"),))
    with pytest.raises(Refused, match="unknown_reader"):
        does(town, no, "name_readers", "chenguang.head", readers=(10**6,))
    does(town, no, "name_readers", "chenguang.head", readers=(town.person_id("chenguang.clerk"),))
    with town.context.database.unit_of_work() as session:
        assert [n.text for n in read_notes(session, no, "chenguang.clerk", "上门前核对", town.now)] == ["某人"]
    with town.context.database.unit_of_work() as session:
        assert len(looks_at(session, no)) == 1
        for kind, text, code in (("rumour", "x", "note_kind_unknown"), ("other", " ", "note_empty")):
            with pytest.raises(Refused, match=code):
                write_note(session, no, kind, text, "chenguang.clerk", town.now)


def test_sealed_notes_are_forgotten_some_time_after_the_end(town: Town, tmp_path: Path) -> None:
    ended, kept = opened(town), opened(town, Subject("household", "晨光2-01-102", area="chenguang-2", identity="另一人"))
    does(town, ended, "end_subject", "chenguang.head", reason="搬走")
    with town.context.database.unit_of_work() as session, pytest.raises(Refused, match="subject_ended"):
        write_note(session, ended, "other", "补记", "chenguang.clerk", town.now)
    retention = Retention(town.context.database, tmp_path, 30, "system")
    notes = select(func.count()).select_from(table(SubjectNote))
    assert retention.run(town.now + timedelta(days=29), lambda *_: None).notes == 0
    assert retention.run(town.now + timedelta(days=31), lambda *_: None).notes == 1
    assert retention.run(town.now + timedelta(days=31), lambda *_: None).notes == 0
    assert town.rows(notes)[0][0] == 1
    assert seen(town, kept).affair["state"] == "kept"


def test_an_issue_is_handed_on_and_comes_back_until_who_asked_is_content(sqlite_town: Town) -> None:
    town = sqlite_town
    no = opened(town, Subject("enterprise", "QY-7", area="chenguang"))
    with pytest.raises(Refused, match="issue_title_missing"):
        does(town, no, "open_issue", "chenguang.clerk")
    does(town, no, "open_issue", "hubin.clerk", title="门口积水", unit=town.unit_id("urban"), limit="2wd")
    (issue,) = (p["no"] for p in seen(town, no).parts if p["thing"] == "issue")
    does(town, no, "hand_issue", "urban.clerk", issue, unit=town.unit_id("water"), reason="排水的事")
    with pytest.raises(Refused, match="not_yours"):
        does(town, no, "solve_issue", "urban.clerk", issue, result="办了")
    does(town, no, "solve_issue", "water.clerk", issue, result="疏通了")
    with pytest.raises(Refused, match="issue_asker_confirms"):
        does(town, no, "write_off_issue", "market.clerk", issue, reason="听说好了")
    does(town, no, "write_off_issue", "hubin.clerk", issue, reason="厂里电话说不积水了")
    does(town, no, "end_subject", "chenguang.head", reason="迁出")
    with town.context.database.unit_of_work() as session:
        assert (ledger(session, no).written_off, ledger(session, no).state) == (1, "ended")
    assert complaints(town.context.database, town.now) == []


@pytest.mark.parametrize(("form", "mechanism"), [("household", "households"), ("enterprise", "enterprises")])
def test_each_form_has_a_row_of_its_own(sqlite_town: Town, monkeypatch: pytest.MonkeyPatch, form: str, mechanism: str) -> None:
    monkeypatch.delitem(handling.HANDLING, mechanism)
    with pytest.raises(Refused, match="mechanism_off"):
        opened(sqlite_town, Subject(form, "x", area="chenguang-2"))
    other = "enterprise" if form == "household" else "household"
    assert opened(sqlite_town, Subject(other, "x", area="chenguang-2"))
