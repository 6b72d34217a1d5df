"""Reports of a line with a photo (随手拍): handed in under the member's name, so that every answer of the loop goes back to him or her."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from models import Case, PatrolReport, connection_of, table
from rules.facts import SYSTEM, Actor, Refused
from services.attachments import Kept
from services.catalogue import Catalogue, catalogue
from services.intake import Report, Submitted, Where, alone, submit
from services.mechanisms import require
from services.moves import Setting
from services.patrols.fates import fates, standing
from services.patrols.kinds import kind_of
from services.patrols.members import member, with_reporter
from services.patrols.places import MECHANISM, check_keeper

LINE_MAX: Final = 200  #: characters of a line
KEY_MAX: Final = 80  #: characters
MEMBER: Final = "member"  #: in `patrol_report.by`: handed in by the member
_report, _case = table(PatrolReport), table(Case)


@dataclass(frozen=True, slots=True)
class Line:
    """One report of a member.

    Attributes:
        member: The member's number.
        text: One line.
        area: Code of the grid or community it lies in; None: the group's community.
        place: The address in words.
        where: The point, if known.
        files: Photos, kept already.
        key: Idempotency key within the member's reports: the same key twice is one case.
    """

    member: int
    text: str
    area: str | None = None
    place: str = ""
    where: Where | None = None
    files: tuple[Kept, ...] = field(default=(), repr=False)
    key: str | None = None


def report(session: Session, lines: Sequence[Line], setting: Setting, actor: Actor = SYSTEM) -> list[Submitted]:
    """Open a case for each line, all of them or none; the loop does the rest, and its notices go to the member.

    With a key a line handed in again gives back its case.

    Args:
        session: The unit of work; photos lie on disk already.
        lines: What was seen.
        setting: The instant.
        actor: Who of ours writes it down for the members, e.g. at the station; they themselves by default.

    Raises:
        Refused: `mechanism_off`, `unknown_member`, `member_left`, `patrol_group_closed`, `not_your_patrol`, `patrol_line_long`,
            `patrol_key_long`, and what `services.intake.submit` says.
    """
    require(session, MECHANISM)
    alone(session)
    known = catalogue(session)
    rows = connection_of(session).execute(with_reporter({line.member for line in lines})).mappings()
    members = {row["number"]: dict(row) for row in rows}
    reports = [_as_report(line, members, known, actor) for line in lines]
    done = submit(session, reports, setting, actor)
    by = MEMBER if actor.system else actor.name
    new = [
        {"case_id": case.case_id, "member_id": line.member, "at": setting.now, "by": by, **_belongs(members[line.member])}
        for line, case in zip(lines, done, strict=True)
        if not case.known
    ]
    if new:
        connection_of(session).execute(insert(_report), new)
    return done


def _belongs(row: Mapping[str, Any]) -> dict[str, Any]:
    """Group and station as they are now: a member who moves on leaves what was reported with the old ones."""
    return {"group_id": row["group_id"], "station_id": row["station_id"]}


def _as_report(line: Line, members: Mapping[int, Mapping[str, Any]], known: Catalogue, actor: Actor) -> Report:
    row = members.get(line.member)
    if row is None:
        raise Refused("unknown_member", member=line.member)
    if row["left_at"] is not None:
        raise Refused("member_left", member=line.member)
    if row["group_closed_at"] is not None:
        raise Refused("patrol_group_closed", given=row["group"])
    if not actor.system:
        check_keeper(known, row["area_unit_id"], actor)
    text = " ".join(line.text.split())
    if len(text) > LINE_MAX:
        raise Refused("patrol_line_long", most=LINE_MAX)
    if line.key is not None and len(line.key) > KEY_MAX:
        raise Refused("patrol_key_long", most=KEY_MAX)
    return Report(
        "",
        text,
        kind_of(row["kind"]).source,
        line.area or known.units[row["area_unit_id"]].code,
        line.place,
        row["found_by"],
        row["name"],
        row["phone"],
        f"patrol:{line.member}:{line.key}" if line.key else None,
        where=line.where,
        files=line.files,
    )


def reports_of(session: Session, number: int, *, since: datetime | None = None, until: datetime | None = None) -> list[Mapping[str, Any]]:
    """What a member has reported and what became of it, the newest first: number, line, state, standing, result, when, by whom written.

    Of a report that was merged it is told what became of the case that it is part of. Of a sensitive case only the number is told.
    Also while the mechanism is off.

    Args:
        session: The unit of work.
        number: The member's.
        since: From this moment on, aware.
        until: Before this moment, aware.

    Raises:
        Refused: `unknown_member`.
    """
    member(session, number)
    fate, last = fates(select(_report.c.case_id).where(_report.c.member_id == number)), _case.alias("last")
    columns = (_case.c.no, _case.c.subject, last.c.state, last.c.no.label("part_of"), last.c.result, _report.c.at, _report.c.by)
    more = (standing(last).label("standing"), _case.c.sensitive, last.c.sensitive.label("last_sensitive"))
    joined = fate.join(last, last.c.id == fate.c.at_id).join(_case, _case.c.id == fate.c.case_id)
    wanted = select(*columns, *more).select_from(joined.join(_report, _report.c.case_id == fate.c.case_id))
    wanted = wanted.where(last.c.merged_into_id.is_(None), *within(since, until))
    return [_told(dict(row)) for row in connection_of(session).execute(wanted.order_by(_case.c.id.desc())).mappings()]


def within(since: datetime | None, until: datetime | None) -> list[Any]:
    """Conditions on when something was reported."""
    return [*([_report.c.at >= since] if since else []), *([_report.c.at < until] if until else [])]


def _told(row: Mapping[str, Any]) -> dict[str, Any]:
    told = {name: row[name] for name in ("no", "subject", "state", "standing", "result", "at", "by")}
    told["part_of"] = row["part_of"] if row["part_of"] != row["no"] else None
    closed = {"subject": None, "result": None}
    return told | (closed if row["sensitive"] or row["last_sensitive"] else {})
