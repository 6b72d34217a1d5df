"""Taking personal data out of cases that ended long ago; what is counted, the journal and its chain of hashes stay as they are."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import Table, insert, or_, select, text, update
from sqlalchemy.orm import Session

from models import (
    AdminEntry,
    Attachment,
    CallBack,
    Case,
    CaseReporter,
    Database,
    Evaluation,
    Evidence,
    Extension,
    Journal,
    Message,
    Request,
    Requester,
    SupervisionOrder,
    Visit,
    WorkOrder,
    begin_write,
    connection_of,
    table,
)
from rules.facts import FINAL, SYSTEM, State
from services.attachments.files import place_of
from services.catalogue import catalogue
from services.patrols import residents
from services.people.rights import administrator
from services.privacy import forgetting, of_affairs, of_rhythm
from services.privacy.blotting import blot
from services.recipients import recipient_of
from settings import Settings

_case, _journal, _requester, _message = table(Case), table(Journal), table(Requester), table(Message)
_attachment, _evidence, _evaluation, _admin = table(Attachment), table(Evidence), table(Evaluation), table(AdminEntry)
_visit, _reporter = table(Visit), table(CaseReporter)

BATCH: Final = 50  #: cases of one commit
#: Who stands where a reporter stood: that there was one is still counted, who it was is not known.
NOBODY: Final = "nobody"
#: Files that show or name the reporter, or that he or she handed in; photos of the work stay as evidence.
OF_REPORTERS: Final = ("report", "paper")
#: What people wrote, by table: phone and identity numbers are blotted out of it.
WORDS: Final[tuple[tuple[Table, tuple[str, ...]], ...]] = (
    (table(WorkOrder), ("result",)),
    (table(Extension), ("reason", "answer")),
    (table(Request), ("reason", "answer")),
    (_evaluation, ("words",)),
    (table(CallBack), ("note",)),
    (_attachment, ("name", "note")),
    (_evidence, ("name", "note")),
    (table(SupervisionOrder), ("demand", "reply")),
    (_message, ("wording",)),
)
_OF_CASE: Final = ("subject", "body", "place", "result", "outside_note")
#: What a resident's phone wrote into a photo, and what points at the reporter: emptied.
_TAKEN: Final = ("taken_at", "taken_lat", "taken_lon", "taken_accuracy_m")
_ENDED: Final = sorted(state.value for state in (*FINAL, State.BESIDE))
_ONE_INTAKE = text("SELECT pg_advisory_xact_lock(hashtext('bihuan intake'))")
Shown = Callable[[int, int], None]


@dataclass(slots=True)
class Emptied:
    """What was taken out, or would be.

    Attributes:
        cases: Anonymised.
        reporters: Forgotten, because no younger case knows them.
        files: Deleted.
        visits: Notes out of which numbers were blotted.
        notes: Sealed notes of subject files that were deleted.
        affairs: Emptied of what they knew of people.
        remarks: Remarks on lists, score sheets and objections to bulletins out of which numbers were blotted.
    """

    cases: int = 0
    reporters: int = 0
    files: int = 0
    visits: int = 0
    notes: int = 0
    affairs: int = 0
    remarks: int = 0

    def add(self, done: Counter[str]) -> None:
        """Count a batch."""
        for name, count in done.items():
            setattr(self, name, getattr(self, name) + count)


def due(session: Session, before: datetime, limit: int | None) -> list[int]:
    """Cases to be anonymised: ended, with nothing in their journal since; one merged into another only after that one.

    Of a case with affairs these must have ended as long ago, and so must those of a file that is kept for affairs alone.

    Args:
        session: The unit of work.
        before: Nothing happened since this instant, aware UTC.
        limit: At most so many; None: all.
    """
    target = _case.alias("target")
    newest = (_journal.c.case_id == _case.c.id) & (_journal.c.seq == _case.c.seq)
    joined = _case.join(_journal, newest).outerjoin(target, target.c.id == _case.c.merged_into_id)
    settled = or_(_case.c.merged_into_id.is_(None), target.c.anonymised_at.is_not(None))
    ended = (_case.c.state.in_(_ENDED), _case.c.anonymised_at.is_(None), _journal.c.at < before)
    wanted = select(_case.c.id).select_from(joined).where(*ended, settled, ~of_affairs.waits(before)).order_by(_case.c.id).limit(limit)
    return list(connection_of(session).execute(wanted).scalars())


@dataclass(frozen=True, slots=True)
class Retention:
    """One run.

    Attributes:
        database: The installation's.
        files: Where files are kept (`<data>/files`).
        days: How long after their end cases keep what is personal.
        actor: Who runs it, for the record.
    """

    database: Database
    files: Path
    days: int
    actor: str

    def preview(self, now: datetime) -> Emptied:
        """How many cases would be anonymised now; those that wait for a case they are part of are not counted."""
        with self.database.unit_of_work() as session:
            return Emptied(cases=len(due(session, now - timedelta(days=self.days), None)))

    def run(self, now: datetime, shown: Shown) -> Emptied:
        """Anonymise every case that is due, batch by batch; may be interrupted and run again, and then finds nothing left to do.

        Args:
            now: The instant, aware UTC.
            shown: Called with how many cases are done, of how many.
        """
        before, done = now - timedelta(days=self.days), Emptied()
        whole = self.preview(now).cases
        with self.database.unit_of_work() as session:
            _alone(session)
            forgetting.of_no_case(session, before, _nobody)
            known = residents.ended(session, before) | of_affairs.of_offices(session, before, _nobody)
            done.reporters += forgetting.people(session, known)
        self._affairs(before, done)
        while self._batch(before, now, done):
            shown(done.cases, max(whole, done.cases))
        with self.database.unit_of_work() as session:
            begin_write(session)
            done.visits, done.notes = _visits(session, before), forgetting.of_subjects(session, before)
            done.remarks = of_rhythm.blotted(session, before)
            if done != Emptied():
                _on_record(session, self, done, now)
        return done

    def _affairs(self, before: datetime, done: Emptied) -> None:
        """Empty the affairs that ended long enough ago, some in one commit, whatever has become of their cases."""
        after = of_affairs.START
        while True:
            with self.database.unit_of_work() as session:
                _alone(session)
                keys = of_affairs.ended(session, before, after)
                if not keys:
                    return
                changed, known = of_affairs.empty(session, keys, _nobody)
                done.affairs += changed
                done.reporters += forgetting.people(session, known)
                after = keys[-1]

    def _batch(self, before: datetime, now: datetime, done: Emptied) -> bool:
        """Anonymise some cases in one commit.

        Returns:
            Whether there were any.
        """
        with self.database.unit_of_work() as session:
            _alone(session)
            ids = due(session, before, BATCH)
            if not ids:
                return False
            counts = Counter(cases=len(ids), files=len(gone := _files(session, ids)))
            _words(session, ids)
            _answers(session, ids)
            forgetting.of_cases(session, ids)
            counts["reporters"] = _reporters(session, ids)
            connection_of(session).execute(update(_case).where(_case.c.id.in_(ids)).values(anonymised_at=now))
            for sha256 in gone:  # before the commit: what a broken-off run leaves is done again, for the case is still due
                place_of(self.files, sha256).unlink(missing_ok=True)
        done.add(counts)
        return True


def _alone(session: Session) -> None:
    """Keep intake out: nobody may be found as a known reporter while being forgotten."""
    begin_write(session)
    if connection_of(session).dialect.name == "postgresql":
        session.execute(_ONE_INTAKE)


def _words(session: Session, ids: Sequence[int]) -> None:
    """Blot numbers of people out of what was written, and empty what residents were told."""
    blot(session, _case, _OF_CASE, _case.c.id.in_(ids))
    for of, columns in WORDS:
        blot(session, of, columns, of.c.case_id.in_(ids))
    run = connection_of(session).execute
    to_residents = (_message.c.case_id.in_(ids), _message.c.requester_id.is_not(None))
    nobody = _nobody(session)
    run(update(_message).where(*to_residents).values(wording=None, requester_id=nobody, recipient=recipient_of(None, nobody)))
    run(update(_case).where(_case.c.id.in_(ids)).values(upstream_reply_to=None))


def _answers(session: Session, ids: Sequence[int]) -> None:
    """Ratings stay, without who gave them and from which device; photos without where and when a phone took them."""
    run, nobody = connection_of(session).execute, _nobody(session)
    run(update(_evaluation).where(_evaluation.c.case_id.in_(ids)).values(device=None))
    run(update(_evaluation).where(_evaluation.c.case_id.in_(ids), _evaluation.c.requester_id.is_not(None)).values(requester_id=nobody))
    of_reporters = (_attachment.c.case_id.in_(ids), _attachment.c.stage.in_(OF_REPORTERS))
    run(update(_attachment).where(*of_reporters).values(dict.fromkeys(_TAKEN)))


def _nobody(session: Session) -> int:
    """The id of nobody, who is written down when first needed."""
    run = connection_of(session).execute
    found = run(select(_requester.c.id).where(_requester.c.key == NOBODY)).scalar()
    if found is None:
        found = run(insert(_requester).values(key=NOBODY, name=None, phone=None).returning(_requester.c.id)).scalar_one()
    return int(found)


def _reporters(session: Session, ids: Sequence[int]) -> int:
    """Put nobody where reporters stood; those whom no younger case knows are forgotten, with the hash by which they were found.

    Returns:
        How many were forgotten.
    """
    run, nobody = connection_of(session).execute, _nobody(session)
    firsts, others = _case.c.id.in_(ids), _reporter.c.case_id.in_(ids) | _reporter.c.via_case_id.in_(ids)
    named = (select(_case.c.requester_id).where(firsts), select(_reporter.c.requester_id).where(others))
    known = {i for wanted in named for i in run(wanted).scalars()}
    run(update(_case).where(firsts, _case.c.requester_id.is_not(None)).values(requester_id=nobody))
    run(update(_reporter).where(others).values(requester_id=nobody))
    return forgetting.people(session, {i for i in known if i not in (None, nobody)})


def _files(session: Session, ids: Sequence[int]) -> list[str]:
    """Hashes of files that reporters handed in with these cases, and that nothing else names which is kept."""
    run = connection_of(session).execute
    mine = (_attachment.c.case_id.in_(ids), _attachment.c.stage.in_(OF_REPORTERS))
    hashes = set(run(select(_attachment.c.sha256).where(*mine)).scalars())
    emptied = _case.c.anonymised_at.is_not(None) | _case.c.id.in_(ids)
    kept = or_(~emptied, _attachment.c.stage.not_in(OF_REPORTERS))
    joined = _attachment.join(_case, _case.c.id == _attachment.c.case_id)
    hashes -= set(run(select(_attachment.c.sha256).select_from(joined).where(_attachment.c.sha256.in_(hashes), kept)).scalars())
    hashes -= of_rhythm.named(session, hashes)
    return sorted(hashes - set(run(select(_evidence.c.sha256).where(_evidence.c.sha256.in_(hashes))).scalars()))


def _visits(session: Session, before: datetime) -> int:
    """Blot numbers out of the notes of visits that are as old, unless a younger case came from them."""
    younger = select(_case.c.visit_id).where(_case.c.visit_id.is_not(None), _case.c.anonymised_at.is_(None))
    return blot(session, _visit, ("place", "note"), (_visit.c.visited_at < before) & _visit.c.id.not_in(younger))


def _on_record(session: Session, run: Retention, done: Emptied, now: datetime) -> None:
    counted = {name: getattr(done, name) for name in ("cases", "reporters", "files", "affairs", "notes")}
    data: Mapping[str, object] = {"days": run.days, **counted}
    row = {"at": now, "actor": run.actor, "action": "retention", "subject": "cases", "data": dict(data)}
    connection_of(session).execute(insert(_admin).values(row))


def retention_of(database: Database, settings: Settings, user: str | None) -> Retention:
    """A run on this installation.

    Args:
        database: The installation's.
        settings: How long personal data are kept, and where files are.
        user: An administrator; None: the machine's administrator, or a schedule.

    Raises:
        Refused: `unknown_user`, `left`, `admins_only`.
    """
    actor = SYSTEM.name
    if user is not None:
        with database.unit_of_work() as session:
            actor = administrator(catalogue(session), user).name
    return Retention(database, settings.data_dir / "files", settings.retention_days, actor)
