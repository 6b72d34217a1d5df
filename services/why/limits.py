"""Which limit a clock was given at its start, and by what: a row of the policy, the rules of a rework, or a person."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

from rules.clocks import ClockKind
from rules.sla import STAGE, Said
from rules.sla import Row as SlaRow
from rules.worktime import Limit
from services.catalogue import Catalogue, Named
from services.moves.clockwork import BOUND_FROM_OUTSIDE, GIVEN, SUGGESTED
from services.why.explanation import Party, RowNamed, Rule
from services.why.history import History, Span
from services.why.picture import Entry, matter_of

_SUPERVISED: Final = ClockKind.RECTIFY


class File(Protocol):
    """What is looked at."""

    case: Mapping[str, Any]
    journal: Sequence[Entry]
    known: Catalogue
    history: History

    def party(self, entry: Entry) -> Party:
        """Who wrote an entry."""
        ...


def limit_of(file: File, clock: Mapping[str, Any], span: Span, start: Entry) -> tuple[Limit, Rule] | None:
    """The limit of a clock at its start, and where it comes from; None: the policy as stamped gives none."""
    version, demand = _version(file, clock, span, start), span.demand
    if demand.kind is _SUPERVISED and demand.supervision_seq is not None:
        return _of_supervision(file, demand.supervision_seq, version, start)
    if demand.affair_seq is not None:
        return _of_affair(file, clock, start)
    return _of_policy(file, demand.kind, demand.stage, version, start)


def rule_anew(file: File, span: Span, entry: Entry) -> Rule | None:
    """The row that gives the limit after an entry at which another version of the policy was applied to the clock."""
    data, demand = entry["data"], span.demand
    if data["why"] != "policy" or data["policy_version"] not in file.known.policies:
        return None
    found = _of_policy(file, demand.kind, demand.stage, data["policy_version"], entry)
    return found[1] if found is not None else None


def _version(file: File, clock: Mapping[str, Any], span: Span, start: Entry) -> int:
    """The version stamped at the start; one that was published later and applied to the clock has put its own stamp over it."""
    later = (e for e in file.journal if span.covers(e["seq"]) and e["seq"] > start["seq"] and e["action"] == "reprojected")
    own = any(e["data"].get("why") == "policy" and e["data"].get("clock_id") == clock["id"] for e in later)
    return file.history.standings[start["seq"]].version if own else int(clock["policy_version"])


def _of_policy(file: File, kind: ClockKind, stage: str | None, version: int, start: Entry) -> tuple[Limit, Rule] | None:
    standing, policy = file.history.standings[start["seq"]], file.known.policies[version]
    matter = matter_of(standing, file.case, file.known, start["at"])
    if stage is not None:
        return _of_stage(file.known, policy.said(STAGE, matter), stage, version)
    again = standing.round > 1 and kind in BOUND_FROM_OUTSIDE
    rework = policy.limit("rework", matter) if again and kind is ClockKind.HANDLE else None
    given = rework or policy.limit(kind.value, matter)
    if given is None:
        return None
    how = "rework" if rework is not None else "half" if again else "row"
    limit = given.limit.half() if how == "half" else given.limit
    return limit, _rule(file.known, given, (given.limit, limit), version, how)


def _of_stage(known: Catalogue, said: Said | None, code: str, version: int) -> tuple[Limit, Rule] | None:
    """A milestone of the row that has them."""
    found = next((stage for stage in said.row.stages if stage.code == code), None) if said else None
    return None if said is None or found is None else (found.limit, _rule(known, said, (found.limit, found.limit), version, "stage"))


def _of_affair(file: File, clock: Mapping[str, Any], start: Entry) -> tuple[Limit, Rule]:
    """The limit of an affair's clock as that has it: no change of policy touches one that runs, so none is looked up anew."""
    limit, version, line = Limit.parse(clock["limit"]), int(clock["policy_version"]), clock["source_row"]
    text = str(limit)
    if line is None:
        how = "moment" if clock["bound_by"] == GIVEN else "person"
        return limit, Rule(text, text, version, how, given_by=file.party(start))
    if line == SUGGESTED:
        return limit, Rule(text, text, version, "suggested", suggested=True)
    policy, kind = file.known.policies[version], clock["kind"]
    said = policy.limit(kind, matter_of(file.history.standings[start["seq"]], file.case, file.known, start["at"]))
    if said is not None and (said.row.line, str(said.limit)) == (line, text):
        return limit, _rule(file.known, said, (limit, limit), version, "row")
    row = next((row for row in policy.rows if (row.line, row.limits.get(kind)) == (line, text)), None)
    named = _named(file.known, row) if row is not None else RowNamed(line, ())
    basis, suggested = (row.basis, not row.confirmed_by) if row is not None else ("", False)
    return limit, Rule(text, text, version, "row", named, basis=basis, suggested=suggested)


def _of_supervision(file: File, seq: int, version: int, start: Entry) -> tuple[Limit, Rule] | None:
    """The limit on a signed order: who opened it, who signed it, or the policy has said it."""
    about = [e for e in file.journal if e["seq"] <= start["seq"] and e["thing"] == "supervision" and e["thing_no"] == seq]
    signed = next((e for e in reversed(about) if e["action"] == "sign"), start)
    opened = next((e for e in file.journal if e["seq"] == seq and e["action"] == "supervise"), None)
    given = _of_policy(file, _SUPERVISED, None, version, signed)
    text = signed["data"].get("limit")
    asked = opened["data"].get("limit") if opened is not None else None
    final = str(text or asked or "")
    if not final or (asked is None and given is not None and str(given[0]) == final):
        return given
    author = opened if opened is not None and final == asked else signed
    return Limit.parse(final), Rule(final, final, version, "person", given_by=file.party(author))


def _rule(known: Catalogue, said: Said, limits: tuple[Limit, Limit], version: int, how: str) -> Rule:
    row, (limit, given) = said.row, map(str, limits)
    beaten = tuple(_named(known, other) for other in said.beaten)
    return Rule(limit, given, version, how, _named(known, row), beaten, said.reason, row.basis, suggested=not row.confirmed_by)


def _named(known: Catalogue, row: SlaRow) -> RowNamed:
    return RowNamed(row.line, tuple((name, code, _name(known, name, code)) for name, code in row.names.items()))


def _name(known: Catalogue, dimension: str, code: str) -> Named | None:
    """The name of what a row names, from the reference data; urgencies are words of the locale."""
    if dimension == "category":
        return known.categories[code].name if code in known.categories else None
    if dimension == "area":
        return known.names.get(known.unit_ids.get(code, -1))
    return {"source": known.source_names, "special_group": known.groups}.get(dimension, {}).get(code)
