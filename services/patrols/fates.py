"""What became of reports: of one that was merged, what became of the case that it is part of."""

from typing import Any, Final

from sqlalchemy import CTE, ColumnElement, FromClause, Select, and_, case, false, literal, select

from models import Case, table
from rules.facts import FINAL, State

#: Solved: the result was verified and told to the reporter, or answered at once, and nobody has said that it is not solved.
SOLVED: Final = "solved"
#: In coordination: it is open: not told yet, or told and said to be not solved.
COORDINATING: Final = "coordinating"
#: Ended otherwise: declined, diverted, withdrawn, voided, terminated, or closed although not solved.
OTHER: Final = "other"
_TOLD: Final = sorted(s.value for s in (State.FED_BACK, State.EVALUATED, State.CLOSED, State.ANSWERED))
_ENDED: Final = sorted(state.value for state in FINAL)
_case = table(Case)


def fates(ids: Select[Any]) -> CTE:
    """Follow these cases into the cases that they were merged into.

    Args:
        ids: One column, ids of cases.

    Returns:
        Rows of `case_id` and `at_id`, one for each case on the way; the last one is the one that was not merged itself.
    """
    start = ids.subquery("wanted")
    own = start.c[0]
    way = select(own.label("case_id"), own.label("at_id")).cte("fate", recursive=True)
    following = select(way.c.case_id, _case.c.merged_into_id).join_from(way, _case, _case.c.id == way.c.at_id)
    return way.union(following.where(_case.c.merged_into_id.is_not(None)))


def is_solved(of: FromClause) -> ColumnElement[bool]:
    """Whether a case counts as solved."""
    return and_(of.c.state.in_(_TOLD), of.c.solved.is_not(false()))


def standing(of: FromClause) -> ColumnElement[str]:
    """`solved`, `coordinating` or `other`: each case is exactly one of them."""
    return case((is_solved(of), literal(SOLVED)), (of.c.state.in_(_ENDED), literal(OTHER)), else_=literal(COORDINATING))
