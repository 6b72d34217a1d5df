"""② Filing (立案): the category and urgency of a case, and what hangs on them."""

from typing import Final

from rules.facts import Refused
from services.moves.act import Act
from services.moves.draft import Draft

URGENCIES: Final = ("P0", "P1", "P2", "P3")


def urgency_given(act: Act) -> str:
    """The urgency that was handed in.

    Raises:
        Refused: `unknown_urgency`.
    """
    if act.text("urgency") not in URGENCIES:
        raise Refused("unknown_urgency", urgency=act.text("urgency"))
    return act.text("urgency")


def file_as(draft: Draft, act: Act) -> None:
    """Give the case its category and urgency, and stamp what follows: who may dispatch it, whether it is verified, which limits hold.

    Raises:
        Refused: `unknown_category`, `category_retired`, `unknown_urgency`.
    """
    category = draft.catalogue.categories.get(act.text("category"))
    if category is None:
        raise Refused("unknown_category", category=act.text("category"))
    if category.retired and category.code != draft.case["category"]:
        raise Refused("category_retired", category=category.code)
    draft.case.update(
        category=category.code,
        urgency=urgency_given(act),
        authority=category.authority.value,
        needs_check=category.verify,
        policy_version=draft.catalogue.policy_at(act.now),
        level=None,
        holder_unit_id=None,
    )
