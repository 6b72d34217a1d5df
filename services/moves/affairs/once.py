"""Nobody hears the same news of one move twice by one channel, however many posts and parts make him or her a recipient."""

from typing import Final

from services.moves.draft import Draft, Row

#: Notices of affairs, those that ask for most first.
_WEIGHT: Final = ("affair_asked", "affair_resident", "affair_told", "affair_news")


def once(draft: Draft, row: Row) -> None:
    """Of several notices with the same news of the newest move of an affair keep the one that asks for most. May run twice."""
    mine = [
        m for m in draft.messages if m["seq"] == draft.case["seq"] and m["about"].get("affair") == row["seq"] and m["notice"] in _WEIGHT
    ]
    best: dict[tuple[object, ...], Row] = {}
    for message in sorted(mine, key=lambda m: _WEIGHT.index(m["notice"])):
        best.setdefault((message["recipient"], message["channel"], message["about"].get("news")), message)
    kept, looked_at = {id(m) for m in best.values()}, {id(m) for m in mine}
    draft.messages[:] = [m for m in draft.messages if id(m) in kept or id(m) not in looked_at]
