"""What was said in lists of the day, score sheets and bulletins loses its numbers; photos of a sheet stay."""

from datetime import timedelta
from pathlib import Path

from sqlalchemy import insert, select

from models import DutyList, DutyRemark, Objection, ScoreItem, ScoreSheet, table
from services.attachments.files import Kept, keep, place_of
from services.privacy.retention import Emptied
from services.rhythm.bulletins import draft
from tests.people.test_retention import DAYS, PAPER, PHONE, ends, hands_in, runs
from tests.support.town import Town

SAID = f"请打{PHONE}"


def says(town: Town, case: int, photo: Kept) -> None:
    """A remark, a sheet with an item, and an objection, with a number in everything that was said."""
    unit, now, day = town.unit_id("urban"), town.now, "2026-11-20"
    sheet = {"week": day, "topic": "streets", "rules_version": 0, "area_unit_id": unit, "place": SAID, "unit_id": unit, "scorer": "admin"}
    stands = {"scored_at": now, "state": "settled", "full": 100, "appeal": SAID, "answer": SAID}
    with town.context.database.unit_of_work() as session:
        of_month, run = draft(session, "2026-10", "centre.head", now)["id"], session.connection().execute
        made = {"span": "day", "day": day, "made_at": now, "since": now, "until": now, "made_by": "admin"}
        of_list = run(insert(table(DutyList)).values(made).returning(table(DutyList).c.id)).scalar_one()
        run(insert(table(DutyRemark)).values(list_id=of_list, no=1, words=SAID, at=now, by="admin"))
        of_sheet = run(insert(table(ScoreSheet)).values({**sheet, **stands}).returning(table(ScoreSheet).c.id)).scalar_one()
        item = {"sheet_id": of_sheet, "no": 1, "code": "litter", "zh": "垃圾", "en": "Litter", "points": 10, "taken": 5, "reason": SAID}
        run(insert(table(ScoreItem)).values(**item, photos=[photo.as_evidence()]))
        about = {"family": "limits", "case_id": case, "item": 1, "unit_id": unit, "asked_at": now, "asked_by": "admin", "state": "upheld"}
        run(insert(table(Objection)).values(bulletin_id=of_month, no=1, reason=SAID, answer=SAID, **about))


def test_what_was_said_about_cases_loses_its_numbers_with_them_and_photos_of_sheets_stay(town: Town, tmp_path: Path) -> None:
    photo = keep(tmp_path / "files", PAPER, "a.pdf")
    case = hands_in(town, PHONE, photo)
    ends(town, case)
    says(town, case, photo)
    said = [(DutyRemark, "words"), (ScoreSheet, "place"), (ScoreSheet, "appeal"), (ScoreSheet, "answer"), (ScoreItem, "reason")]
    said += [(Objection, "reason"), (Objection, "answer")]

    def kept() -> set[str]:
        return {row[0] for of, name in said for row in town.rows(select(table(of).c[name]))}

    town.now += timedelta(days=DAYS - 1)
    assert runs(town, tmp_path) == Emptied()
    assert kept() == {SAID}
    town.now += timedelta(days=2)
    done = runs(town, tmp_path)
    assert (done.cases, done.remarks, done.files) == (1, 4, 0)
    assert kept() == {"请打138****"}
    assert place_of(tmp_path / "files", photo.sha256).exists(), "a sheet shows it"
    assert runs(town, tmp_path) == Emptied(), "a second run finds nothing"
