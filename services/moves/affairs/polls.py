"""意见征集: what the moves of a poll change, what follows, who is told."""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from rules.facts import Refused, Thing
from rules.handling.polls import SOURCES, AnswerState, FundState, PollState
from rules.shares import check_whole, split
from services.moves.act import Act, Effect, local
from services.moves.affairs.base import (
    add_part,
    affair_of,
    legible_words,
    link_cases,
    open_affair,
    part_of,
    remark,
    tell_person,
    tell_unit,
    when,
)
from services.moves.affairs.given import amount_of, rows_of, texts_of, whole
from services.moves.affairs.reach import check_reach
from services.moves.draft import Draft, Row

HOW: Final = ("online", "talk", "door")  #: how an answer came: by oneself, at a talk, at the door
OPTIONS_MOST: Final = 20
_BETWEEN: Final = re.compile(r"(?:号楼|单元|门牌|[栋幢座楼室户号#,、\s\-\u2010-\u2015_/])+")
HOUSEHOLDS_MOST: Final = 1_000_000


def _open(draft: Draft, act: Act) -> None:
    """Ask an estate: `title`, `options`, `closes`, `households`, and where given `body`, `place`, `cases`.

    Raises:
        Refused: `options_unclear`, `poll_in_past`, `households_unclear`, `moment_unreadable`.
    """
    options = [option[:120] for option in texts_of(act, "options")]
    if not 2 <= len(options) <= OPTIONS_MOST or len(set(options)) < len(options) or not all(options):
        raise Refused("options_unclear")
    closes, households = when(act, "closes"), act.args["households"]
    if closes is None or closes <= act.now:
        raise Refused("poll_in_past", at=act.text("closes"))
    check_reach(act.now, closes)
    if not isinstance(households, int) or not 1 <= households <= HOUSEHOLDS_MOST:
        raise Refused("households_unclear")
    texts = {name: act.text(name) for name in ("title", "body", "place")}
    limits, data = {"gather": closes.isoformat()}, {"options": options}
    values = {"unit_id": act.actor.unit_id, "until": closes, "quantity": households, "measure": "户", "limits": limits, "data": data}
    row = open_affair(draft, act, Thing.POLL, PollState.OPEN, **values, **texts)
    link_cases(draft, row["seq"], cast(tuple[int, ...], act.args.get("cases") or ()))
    remark(draft, act, row, "affair_opened")


def _answers(draft: Draft, seq: int) -> list[Row]:
    return draft.parts_of(seq, Thing.ANSWER)


def _answer(draft: Draft, act: Act) -> None:
    """A household answers itself: `choice`, and where given `words` and `household` (its number), by which it answers once.

    Raises:
        Refused: `poll_closed`, `too_many_answers`, `answered_already`.
    """
    seq, household, words = cast(int, act.no), door_number(act.text("household")), legible_words(act, "words")
    _check_room(draft, act, 1)
    for part in _answers(draft, seq):
        if part["requester_id"] == act.actor.resident_id or (household and part["title"] == household):
            raise Refused("answered_already")
    choice = act.text("choice")
    who = {"requester_id": act.actor.resident_id, "title": household, "quantity": 1}
    add_part(draft, act, seq, Thing.ANSWER, AnswerState.GIVEN, role="online", words=words, data={"choice": choice}, **who)


def _record(draft: Draft, act: Act) -> None:
    """The staff write down what was answered: `how` (talk, door), `answers`: each `choice`, and `household` or how many `households`.

    Raises:
        Refused: `talk_incomplete`, `choice_missing`, `answered_already`, `poll_closed`, `too_many_answers`; nothing is written then.
    """
    seq = cast(int, act.no)
    row, how = draft.affairs[seq], act.text("how")
    if how not in HOW[1:]:
        raise Refused("talk_incomplete")
    wanted = [_recorded(row, answer) for answer in rows_of(act, "answers")]
    there = [part["title"] for part in _answers(draft, seq)] + [each["title"] for each in wanted]
    named = [title for title in there if title]
    if len(set(named)) < len(named):
        raise Refused("answered_already")
    _check_room(draft, act, sum(each["quantity"] for each in wanted))
    affair_of(draft, act)
    words = legible_words(act, "words")
    for each in wanted:
        add_part(draft, act, seq, Thing.ANSWER, AnswerState.RECORDED, role=how, words=words, done_by=act.actor.name, **each)


def _check_room(draft: Draft, act: Act, more: int) -> None:
    """See to it that the poll still runs and that no more households answer than there are.

    Raises:
        Refused: `poll_closed`, `too_many_answers`.
    """
    row = draft.affairs[cast(int, act.no)]
    if row["until"] is not None and act.now >= row["until"]:
        raise Refused("poll_closed")
    answered = sum(part["quantity"] for part in _answers(draft, row["seq"])) + more
    if answered > row["quantity"]:
        raise Refused("too_many_answers", n=answered, of=row["quantity"])


def _recorded(row: Row, answer: Mapping[str, Any]) -> Row:
    if answer.get("choice") not in row["data"]["options"]:
        raise Refused("choice_missing")
    household, number = door_number(str(answer.get("household") or "")), answer.get("households", 1)
    if not isinstance(number, int) or number < 1 or (household and number != 1):
        raise Refused("talk_incomplete")
    return {"title": household, "quantity": number, "data": {"choice": answer["choice"]}}


def door_number(text: str) -> str:
    """A household's number in one way of writing, whoever wrote it: 3栋1单元201室, 3－1－201 and 3-1-201 are one household."""
    plain = unicodedata.normalize("NFKC", text).upper()
    return _BETWEEN.sub("-", plain).strip("-")[:40]


def _close(draft: Draft, act: Act) -> None:
    """Its moment has come: count, by option and by how the answers came, households that answered of all."""
    row = affair_of(draft, act)
    row["data"] = {**row["data"], "counted": counted(row, _answers(draft, row["seq"]))}


def counted(row: Row, answers: Sequence[Row]) -> Row:
    """How the answers stand.

    Returns:
        `n` households that answered, of `households`; by `options` and by `how`; `part_bp`, their share in basis points, rounded down.
    """
    options, how = Counter[str](), Counter[str]()
    for part in answers:
        options[part["data"]["choice"]] += part["quantity"]
        how[part["role"]] += part["quantity"]
    n = options.total()
    by_option = {option: options[option] for option in row["data"]["options"]}
    return {"n": n, "households": row["quantity"], "part_bp": 10_000 * n // row["quantity"], "options": by_option, "how": dict(how)}


def _decide(draft: Draft, act: Act) -> None:
    """What is done: `result`, and where it costs money `amount_fen` and `funding`, each with `source` and `bp`, 100 % exactly.

    Raises:
        Refused: `unknown_source_of_money`, `source_twice`, `shares_not_whole`, `agreed_amount_missing`, `number_too_large`;
            nothing is written then.
    """
    result = legible_words(act, "result")
    funding = [(str(each.get("source")), whole(each, "bp", "funding")) for each in rows_of(act, "funding")]
    unknown = next((source for source, _ in funding if source not in SOURCES), None)
    if unknown is not None:
        raise Refused("unknown_source_of_money", given=unknown, known=", ".join(SOURCES))
    if len({source for source, _ in funding}) < len(funding):
        raise Refused("source_twice")
    amount = amount_of(act)
    if funding:
        check_whole([bp for _, bp in funding])
        if amount is None:
            raise Refused("agreed_amount_missing")
    row = affair_of(draft, act)
    row["result"] = result
    if funding:
        _fund(draft, act, row, funding, cast(int, amount))
    remark(draft, act, row)


def _fund(draft: Draft, act: Act, row: Row, funding: Sequence[tuple[str, int]], amount: int) -> None:
    done = split(amount, [bp for _, bp in funding])
    for (source, bp), fen in zip(funding, done.amounts, strict=True):
        add_part(draft, act, row["seq"], Thing.FUND, FundState.PLEDGED, role=source, share_bp=bp, amount_fen=fen)
    rounded = {source: by for (source, _), by in zip(funding, done.rounded, strict=True) if by}
    row.update(amount_fen=amount, data={**row["data"], "split": {"exact": done.exact, "rounded": rounded}})


def _pay_in(draft: Draft, act: Act) -> None:
    result = legible_words(act, "result")
    part_of(draft, act).update(done_at=act.now, done_by=act.actor.name, words=result)


# who is told ----------------------------------------------------------------------------------------------------------


def _tell_opened(draft: Draft, act: Act) -> None:
    row = draft.affairs[max(draft.new_affairs)]
    tell_unit(draft, "affair_news", act.now, row["unit_id"], row, news="poll_opened", at=local(draft, row["until"])[5:])


def _tell_counted(draft: Draft, act: Act) -> None:
    row = draft.affairs[cast(int, act.no)]
    found = row["data"]["counted"]
    tell_unit(draft, "affair_told", act.now, row["unit_id"], row, news="poll_counted", n=found["n"], of=found["households"])


def _tell_decided(draft: Draft, act: Act) -> None:
    """Every resident who answered hears that it is decided."""
    row = draft.affairs[cast(int, act.no)]
    for part in _answers(draft, row["seq"]):
        tell_person(draft, "affair_resident", act.now, row, requester_id=part["requester_id"], news="poll_decided")


Key = tuple[Thing, str]
EFFECTS: Final[Mapping[Key, Effect]] = {
    (Thing.CASE, "open_poll"): _open,
    (Thing.POLL, "answer_poll"): _answer,
    (Thing.POLL, "record_answers"): _record,
    (Thing.POLL, "close_poll"): _close,
    (Thing.POLL, "decide_poll"): _decide,
    (Thing.FUND, "pay_in"): _pay_in,
}
TOLD: Final[Mapping[Key, Effect]] = {
    (Thing.CASE, "open_poll"): _tell_opened,
    (Thing.POLL, "close_poll"): _tell_counted,
    (Thing.POLL, "decide_poll"): _tell_decided,
}
