"""一户一档 · 一企一档: who hears what of a file, its looks and its issues."""

from collections.abc import Callable, Mapping
from typing import Final, cast

from rules.facts import Thing
from rules.handling.subjects import IssueState
from services.moves.act import Act, Effect
from services.moves.affairs.base import tell_asker, tell_unit
from services.moves.affairs.subject_tiers import waiting_look
from services.moves.draft import Draft, Row


def tell_raised(draft: Draft, act: Act, file: Row) -> None:
    """Who has to look now, and whose file it is, at once."""
    _tell_all(draft, act, file, "file_raised")


def _tell_all(draft: Draft, act: Act, file: Row, news: str) -> None:
    """A look that begins now is asked for; of one that waits already its unit hears what is new. Who is both hears it once."""
    look = waiting_look(draft, file["seq"])
    if look is not None:
        notice = "affair_asked" if look["no"] in draft.new_parts else "affair_told"
        tell_unit(draft, notice, act.now, look["unit_id"], file, look, news=news, tier=file["tier"])
    tell_unit(draft, "affair_told", act.now, file["unit_id"], file, news=news, tier=file["tier"])


def _raised(draft: Draft, act: Act) -> None:
    """An alert is always told, also of a file that is at its tier already."""
    _tell_all(draft, act, draft.affairs[cast(int, act.no)], "file_alert")


def _to_owner(notice: str, news: str) -> Effect:
    def effect(draft: Draft, act: Act) -> None:
        file = draft.affairs[cast(int, act.no)]
        tell_unit(draft, notice, act.now, file["unit_id"], file, news=news, tier=file["tier"])

    return effect


def _to_solver(notice: str, news: str, part_no: Callable[[Draft, Act], int]) -> Effect:
    def effect(draft: Draft, act: Act) -> None:
        part = draft.parts[part_no(draft, act)]
        file = draft.affairs[part["seq"]]
        tell_unit(draft, notice, act.now, part["unit_id"], file, part, news=news, reason=act.text("reason") or None)

    return effect


def _newest(draft: Draft, _: Act) -> int:
    return max(draft.new_parts)


def _own(_: Draft, act: Act) -> int:
    return cast(int, act.no)


def _solved(draft: Draft, act: Act) -> None:
    part = draft.parts[cast(int, act.no)]
    file = draft.affairs[part["seq"]]
    tell_asker(draft, "affair_resident", act.now, file, news="issue_solved")
    tell_unit(draft, "affair_news", act.now, file["unit_id"], file, part, news="issue_solved")
    if part["state"] == IssueState.AT_DESK:
        tell_unit(draft, "affair_asked", act.now, draft.catalogue.desk_id, file, part, news="issue_solved")


_OF_FILES: Final[Mapping[str, Effect]] = {
    "raise_tier": _raised,
    "ask_lower": _to_owner("affair_asked", "file_lowering"),
    "lower_tier": _to_owner("affair_news", "file_lowered"),
    "open_issue": _to_solver("affair_asked", "issue_opened", _newest),
}
TOLD: Final[Mapping[tuple[Thing, str], Effect]] = {
    **{(thing, action): effect for thing in (Thing.SUBJECT, Thing.ENTERPRISE) for action, effect in _OF_FILES.items()},
    (Thing.ISSUE, "hand_issue"): _to_solver("affair_asked", "issue_opened", _own),
    (Thing.ISSUE, "refuse_issue"): _to_solver("affair_asked", "issue_again", _own),
    (Thing.ISSUE, "reopen_issue"): _to_solver("affair_asked", "issue_again", _own),
    (Thing.ISSUE, "write_off_issue"): _to_solver("affair_news", "issue_written_off", _own),
    (Thing.ISSUE, "solve_issue"): _solved,
}
