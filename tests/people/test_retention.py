"""Personal data leave cases that ended long ago; the journal, its hashes and what is counted stay."""

import re
from collections.abc import Mapping
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import func, select, update

from models import AdminEntry, Attachment, Case, CaseReporter, Evaluation, Message, Requester, Sealed, Visit, table
from rules.facts import Refused
from services.attachments.files import Kept, keep, place_of
from services.audit.journal import check_journal
from services.catalogue import catalogue
from services.intake import Report, requester_key, submit
from services.moves import Setting
from services.privacy import retention
from services.privacy.retention import NOBODY, Emptied, Retention, retention_of
from services.privacy.unmasking import unmask
from settings import Settings, get_settings
from tests.support.town import Town

PHONE, NAME, DAYS = "13812345678", "张三丰", 100
_case, _requester, _message, _admin = table(Case), table(Requester), table(Message), table(AdminEntry)
ROOT: Final = Path(__file__).parents[2]
PAPER: Final = b"%PDF-1.4\n%%EOF\n"


def hands_in(town: Town, phone: str = PHONE, *files: Kept) -> int:
    report = Report("下水道堵了", f"我家5号楼，请打{PHONE}", area="chenguang-1", requester=phone, name=NAME, phone=phone, files=files)
    with town.context.database.unit_of_work() as session:
        return submit(session, [report], Setting(town.now))[0].case_id


def ends(town: Town, case_id: int) -> None:
    """It is answered at once, which ends it."""
    town.turn()
    if town.state(case_id) in ("submitted", "accepted"):
        town.act(case_id, "answer", "centre.duty", result=f"已电话告知{PHONE}")
        return
    for order in [o for o in town.orders(case_id) if o.state != "recalled"]:
        town.order(case_id, "acknowledge", f"{order.code}.clerk", order.code)
        town.order(case_id, "finish", f"{order.code}.clerk", order.code, result=f"已疏通，已告知{PHONE}")
    town.turn()
    town.act(case_id, "pass_check", "centre.duty")
    town.turn()
    town.act(case_id, "rate", f"resident:{PHONE}", solved=True, score=5, words=f"谢谢，有事打{PHONE}")
    town.turn()
    assert town.state(case_id) == "closed"


def runs(town: Town, folder: Path, *, days: int = DAYS) -> Emptied:
    return Retention(town.context.database, folder / "files", days, "system").run(town.now, lambda _done, _whole: None)


def everything(town: Town) -> str:
    """All that is kept, but the journal."""
    tables = [t for t in Case.metadata.sorted_tables if t.name != "journal"]
    return " ".join(str(tuple(row)) for each in tables for row in town.rows(select(each)))


def counted(town: Town) -> Mapping[str, Any]:
    columns = ("id", "no", "state", "source", "urgency", "category", "solved", "score", "submitted_at", "reporters")
    return {row.no: tuple(row) for row in town.rows(select(*(_case.c[name] for name in columns)))}


def test_what_is_personal_goes_and_what_is_counted_stays(town: Town, tmp_path: Path) -> None:
    case_id = hands_in(town)
    ends(town, case_id)
    journal, before = town.journal(case_id), counted(town)
    town.now += timedelta(days=DAYS + 1)
    assert NAME in everything(town)
    done = runs(town, tmp_path)
    assert (done.cases, done.reporters) == (1, 1)
    kept = everything(town)
    assert NAME not in kept
    assert PHONE not in kept
    assert "我家5号楼，请打138****" in kept
    assert counted(town) == before
    assert town.journal(case_id) == journal
    with town.context.database.unit_of_work() as session:
        assert check_journal(session, [case_id]) == []
    assert town.rows(select(_requester.c.id).where(_requester.c.key == requester_key(PHONE))) == []
    residents = town.rows(select(_message.c.wording).where(_message.c.case_id == case_id, _message.c.staff_id.is_(None)))
    assert residents
    assert {row.wording for row in residents} == {None}
    rating = table(Evaluation)
    assert [(row.solved, row.score, row.words) for row in town.rows(select(rating))] == [(True, 5, "谢谢，有事打138****")]
    (entry,) = town.rows(select(_admin))
    assert (entry.action, entry.data["cases"], entry.data["days"]) == ("retention", 1, DAYS)


def test_a_second_run_finds_nothing_left_to_do(town: Town, tmp_path: Path) -> None:
    case_id = hands_in(town)
    ends(town, case_id)
    town.now += timedelta(days=DAYS + 1)
    runs(town, tmp_path)
    first, at = everything(town), town.case(case_id).anonymised_at
    assert runs(town, tmp_path) == Emptied()
    assert (everything(town), town.case(case_id).anonymised_at) == (first, at)


def test_what_has_not_ended_long_enough_is_left_alone(town: Town, tmp_path: Path) -> None:
    ended, going_on = hands_in(town), hands_in(town, "13700000000")
    ends(town, ended)
    town.now += timedelta(days=DAYS - 1)
    before = everything(town)
    assert runs(town, tmp_path) == Emptied()
    assert everything(town) == before
    town.now += timedelta(days=500)
    assert runs(town, tmp_path).cases == 1
    assert town.case(going_on).anonymised_at is None
    assert "13700000000" in everything(town)


def test_who_has_a_younger_case_is_still_known_for_that_one_only(town: Town, tmp_path: Path) -> None:
    old = hands_in(town)
    ends(town, old)
    town.now += timedelta(days=DAYS + 1)
    young = hands_in(town)
    assert runs(town, tmp_path).reporters == 0
    assert town.case(young).requester_id != town.case(old).requester_id
    (nobody,) = town.rows(select(_requester).where(_requester.c.id == town.case(old).requester_id))
    assert (nobody.key, nobody.name, nobody.phone) == (NOBODY, None, None)
    with town.context.database.unit_of_work() as session:
        assert unmask(session, town.case(young).no, "centre.duty", "核实", town.now) == [{"name": NAME, "phone": PHONE}]
        with pytest.raises(Refused, match="anonymised"):
            unmask(session, town.case(old).no, "centre.duty", "核实", town.now)


def test_a_merged_case_waits_for_the_one_it_is_part_of(town: Town, tmp_path: Path) -> None:
    first, second = hands_in(town), hands_in(town, "13700000000")
    town.turn()
    with town.context.database.unit_of_work() as session:
        session.execute(update(_case).where(_case.c.id == second).values(state="merged", merged_into_id=first))
        requester = town.case(second).requester_id
        row = {"case_id": first, "via_case_id": second, "requester_id": requester, "since": town.now}
        session.execute(table(CaseReporter).insert().values(row))
    town.now += timedelta(days=DAYS + 1)
    assert runs(town, tmp_path).cases == 0
    with town.context.database.unit_of_work() as session:
        session.execute(update(_case).where(_case.c.id == first).values(state="closed"))
    done = runs(town, tmp_path)
    assert (done.cases, done.reporters) == (2, 2)
    assert town.rows(select(func.count()).select_from(table(CaseReporter)))[0][0] == 1, "how many reported it is still counted"


def test_files_of_reporters_go_unless_something_kept_names_them(town: Town, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    own, shared = keep(folder, PAPER, f"{PHONE}.pdf"), keep(folder, PAPER + b"\n", "b.pdf")
    old = hands_in(town, PHONE, own, shared)
    ends(town, old)
    town.now += timedelta(days=DAYS + 1)
    hands_in(town, "13700000000", shared)
    assert runs(town, tmp_path).files == 1
    assert not place_of(folder, own.sha256).exists()
    assert place_of(folder, shared.sha256).exists()
    rows = town.rows(select(table(Attachment)).where(table(Attachment).c.case_id == old).order_by(table(Attachment).c.no))
    assert [row.sha256 for row in rows] == [own.sha256, shared.sha256], "what the journal names is still named"
    assert rows[0].name == "138****.pdf"


def test_a_run_that_was_broken_off_goes_on_where_it_stood(town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 1)
    cases = [hands_in(town, f"1370000000{n}") for n in range(3)]
    town.turn()
    with town.context.database.unit_of_work() as session:
        session.execute(update(_case).values(state="closed"))
    town.now += timedelta(days=DAYS + 1)
    run = Retention(town.context.database, tmp_path / "files", DAYS, "system")

    def tired(_done: int, _whole: int) -> None:
        raise KeyboardInterrupt

    assert run.preview(town.now).cases == 3
    with pytest.raises(KeyboardInterrupt):
        run.run(town.now, tired)
    assert [town.case(i).anonymised_at is None for i in cases] == [False, True, True]
    assert run.run(town.now, lambda _done, _whole: None).cases == 2


def test_notes_of_old_visits_lose_their_numbers(town: Town, tmp_path: Path) -> None:
    visit = table(Visit)
    with town.context.database.unit_of_work() as session:
        grid, person = catalogue(session).unit_ids["chenguang-1"], catalogue(session).people["chenguang-1.worker"].id
        row = {"visited_at": town.now, "staff_id": person, "area_unit_id": grid, "place": "5号楼", "note": f"独居，女儿电话{PHONE}"}
        session.execute(visit.insert().values(row))
    assert runs(town, tmp_path).visits == 0
    town.now += timedelta(days=DAYS + 1)
    assert runs(town, tmp_path).visits == 1
    assert [row.note for row in town.rows(select(visit))] == ["独居，女儿电话138****"]
    assert runs(town, tmp_path).visits == 0


def test_only_administrators_run_it_under_their_name(town: Town, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, retention_days=DAYS)
    with pytest.raises(Refused, match="admins_only"):
        retention_of(town.context.database, settings, "centre.duty")
    assert retention_of(town.context.database, settings, "admin").actor == "admin"
    assert retention_of(town.context.database, settings, None).days == DAYS


def test_every_deployment_names_a_flow_that_is_there() -> None:
    text = (ROOT / "deployments" / "prefect.yaml").read_text(encoding="utf-8")
    entrypoints = re.findall(r"entrypoint: ([\w.]+)\.(\w+)$", text, re.MULTILINE)
    assert ("flows.retention", "retention") in entrypoints
    assert all(callable(getattr(import_module(module), name)) for module, name in entrypoints)


def test_the_nightly_flow_does_what_the_command_does(
    sqlite_town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encryption_key: bytes
) -> None:
    from flows.retention import retention as nightly

    (tmp_path / "secret.key").write_bytes(encryption_key)
    hands_in(sqlite_town)
    database = sqlite_town.context.database
    with database.unit_of_work() as session:
        session.execute(update(_case).values(state="closed"))
    for name, value in (("DATA_DIR", str(tmp_path)), ("DATABASE_URL", str(database.engine.url)), ("RETENTION_DAYS", "30")):
        monkeypatch.setenv(f"BIHUAN_{name}", value)
    monkeypatch.setattr("flows.retention.set_up_logging", lambda *_: None)
    monkeypatch.setattr("flows.retention.utcnow", lambda: sqlite_town.now + timedelta(days=31))
    get_settings.reset()
    try:
        assert nightly.fn() == {"cases": 1, "reporters": 1, "files": 0, "visits": 0}
        assert nightly.fn() == {"cases": 0, "reporters": 0, "files": 0, "visits": 0}
    finally:
        get_settings.reset()
        Sealed.use_keys([encryption_key])
