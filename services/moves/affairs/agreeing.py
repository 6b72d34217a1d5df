"""What meetings and disputes agree on: the text, who carries which share, who does what by when, who has signed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, cast

from rules.facts import Refused, Thing
from rules.handling.agreeing import Phase, TermState, VoiceState
from rules.shares import check_whole, percent, split
from services.moves.act import Act, Effect
from services.moves.affairs.base import add_part, check_limits, legible_words, move_on, part_of, tell_unit, touch_affair, touch_part
from services.moves.affairs.fulfilling import complete
from services.moves.affairs.given import amount_of, numbers_of, rows_of, whole
from services.moves.affairs.reach import check_limit_reach
from services.moves.affairs.voices import ask, voices_of
from services.moves.affairs.watching import watch
from services.moves.draft import Draft, Row
from wording import say


def agree(draft: Draft, act: Act) -> None:
    """Write down what was agreed: `text`, and where given `shares`, `amount_fen`, `terms`, `sign`, `at_table`.

    Raises:
        Refused: `shares_not_whole`, `voice_twice`, `agreed_amount_missing`, `number_too_large`, `unknown_voice`, `term_incomplete`,
            `limit_unreadable`; nothing is changed then.
    """
    seq = cast(int, act.no)
    row, text = draft.affairs[seq], legible_words(act, "text")
    voices = {v["no"]: v for v in voices_of(draft, seq)}
    shares, terms = _shares(act, voices), _terms(draft, act, voices)
    signers = _signers(row, act, voices, shares, terms)
    data = {**row["data"], "signers": signers}
    if shares:
        data["split"] = _split(draft, act, shares)
        terms = [_share_term(voices[no], draft.parts[no]["share_bp"], draft.parts[no]["amount_fen"]) for no, _ in shares] + terms
    touch_affair(draft, seq, result=text, data=data, amount_fen=amount_of(act) or row["amount_fen"])
    for term in terms:
        add_part(draft, act, seq, Thing.TERM, TermState.DUE, **term)


def _shares(act: Act, voices: Mapping[int, Row]) -> list[tuple[int, int]]:
    """Who carries how much: number of the voice, basis points."""
    given = [(whole(each, "voice", "shares"), whole(each, "bp", "shares")) for each in rows_of(act, "shares")]
    if not given:
        return []
    for no, _ in given:
        _known(no, voices)
    if len({no for no, _ in given}) < len(given):
        raise Refused("voice_twice")
    check_whole([bp for _, bp in given])
    if amount_of(act) is None:
        raise Refused("agreed_amount_missing")
    return given


def _split(draft: Draft, act: Act, shares: Sequence[tuple[int, int]]) -> Row:
    """Give each voice its share and amount; who carries part of a fen more or less is told."""
    done = split(cast(int, act.args["amount_fen"]), [bp for _, bp in shares])
    for (no, bp), amount in zip(shares, done.amounts, strict=True):
        touch_part(draft, no, share_bp=bp, amount_fen=amount)
    rounded = {str(no): by for (no, _), by in zip(shares, done.rounded, strict=True) if by}
    return {"exact": done.exact, "rounded": rounded}


def _share_term(voice: Row, share_bp: int, amount_fen: int) -> Row:
    who = {name: voice[name] for name in ("unit_id", "staff_id", "requester_id", "role")}
    title = say("deliberation.share_term", "zh", share=percent(share_bp))
    return {**who, "title": title, "share_bp": share_bp, "amount_fen": amount_fen, "data": {"voice": voice["no"]}}


def _terms(draft: Draft, act: Act, voices: Mapping[int, Row]) -> list[Row]:
    found = []
    for each in rows_of(act, "terms"):
        title = str(each.get("title") or "").strip()
        if not title or (each.get("voice") is None and each.get("unit") is None and each.get("staff") is None):
            raise Refused("term_incomplete")
        limits = {"fulfil": str(each["limit"])} if each.get("limit") else {}
        check_limits(limits)
        check_limit_reach(act.now, limits.get("fulfil", ""))
        found.append({"title": title[:120], "limits": limits, **_debtor(draft, each, voices)})
    return found


def _debtor(draft: Draft, term: Mapping[str, Any], voices: Mapping[int, Row]) -> Row:
    """Whose obligation it is: somebody who takes part, or a unit, or one of the staff."""
    if term.get("voice") is not None:
        voice = _known(whole(term, "voice", "terms"), voices)
        return {**{name: voice[name] for name in ("unit_id", "staff_id", "requester_id", "role")}, "data": {"voice": voice["no"]}}
    if term.get("unit") is not None:
        draft.catalogue.check_present(whole(term, "unit", "terms"))
    elif whole(term, "staff", "terms") not in draft.catalogue.by_id:
        raise Refused("unknown_person", person=term["staff"])
    return {"unit_id": term.get("unit"), "staff_id": term.get("staff")}


def _known(no: int, voices: Mapping[int, Row]) -> Row:
    if no not in voices:
        raise Refused("unknown_voice", part=no)
    return voices[no]


def _signers(row: Row, act: Act, voices: Mapping[int, Row], shares: Sequence[tuple[int, int]], terms: Sequence[Row]) -> list[int]:
    """Who has to sign: whoever is named; else every side of a dispute, and at a meeting whoever takes something on."""
    if act.args.get("sign") is not None:
        return [int(_known(no, voices)["no"]) for no in numbers_of(act, "sign")]
    if row["thing"] == Thing.DISPUTE:
        return [no for no, voice in voices.items() if voice["data"].get("side")]
    bound = {no for no, _ in shares} | {term["data"]["voice"] for term in terms if "data" in term}
    return [no for no in voices if no in bound]


# signatures -----------------------------------------------------------------------------------------------------------


def ask_signatures(draft: Draft, act: Act) -> None:
    """Whoever has to sign is asked to; what was signed at the table is signed at once."""
    seq = cast(int, act.no)
    for no in draft.affairs[seq]["data"]["signers"]:
        move_on(draft, act.now, Thing.VOICE, no, "ask_to_sign")
        if act.args.get("at_table"):
            draft.parts[no].update(done_at=act.now, done_by=act.actor.name)
            move_on(draft, act.now, Thing.VOICE, no, "sign_at_table")
    settle_signatures(draft, seq, act.now)


def settle_signatures(draft: Draft, seq: int, now: datetime) -> None:
    """Once all have signed the agreement holds; once somebody declines it has fallen through, and all of it with it."""
    row = draft.affairs[seq]
    states = {draft.parts[no]["state"] for no in row["data"]["signers"]}
    if VoiceState.DECLINED in states:
        clear(draft, seq, now)
        move_on(draft, now, Thing(row["thing"]), seq, "fall_through")
    elif VoiceState.TO_SIGN not in states:
        move_on(draft, now, Thing(row["thing"]), seq, "all_signed")
        row["data"] = {**row["data"], "agreed_at": now.isoformat()}
        if row["thing"] == Thing.DISPUTE:
            watch(draft, row, now)
        complete(draft, seq, now)


def clear(draft: Draft, seq: int, now: datetime) -> None:
    """Nobody has to sign any more, and nothing of what was agreed is due."""
    for part in draft.parts_of(seq):
        if part["state"] == VoiceState.TO_SIGN and part["thing"] == Thing.VOICE:
            move_on(draft, now, Thing.VOICE, part["no"], "spare_signature")
        elif part["state"] == TermState.DUE and part["thing"] == Thing.TERM:
            move_on(draft, now, Thing.TERM, part["no"], "drop_term")


def sign(draft: Draft, act: Act) -> None:
    """Record a signature: who gave it, when, and where the paper is if somebody else records it."""
    part = part_of(draft, act)
    part.update(done_at=act.now, done_by=act.actor.name, words=legible_words(act, "paper"))


def decline(draft: Draft, act: Act) -> None:
    """Record that somebody does not sign, and why."""
    part_of(draft, act).update(words=legible_words(act, "reason"))


def _after_signature(draft: Draft, act: Act) -> None:
    settle_signatures(draft, draft.parts[cast(int, act.no)]["seq"], act.now)


def tell_signing(draft: Draft, row: Row, now: datetime) -> None:
    """Tell those who have still to sign, or, where all have, those who have something to do."""
    if row["state"] == Phase.SIGNING:
        for part in voices_of(draft, row["seq"]):
            if part["state"] == VoiceState.TO_SIGN:
                ask(draft, now, row, part, "agreement_to_sign")
        return
    for part in draft.parts_of(row["seq"], Thing.TERM):
        if part["state"] == TermState.DUE and row["state"] == Phase.AGREED:
            ask(draft, now, row, part, "term_due")


def _tell_signed(draft: Draft, act: Act) -> None:
    """Once the last one has signed, everybody hears what to do; who has declined is told to whoever called them together."""
    row = draft.affairs[draft.parts[cast(int, act.no)]["seq"]]
    if row["state"] in (Phase.AGREED, Phase.SIGNING):
        if row["state"] == Phase.AGREED:
            tell_signing(draft, row, act.now)
        return
    tell_unit(draft, "affair_told", act.now, row["unit_id"], row, news="agreement_fell")


Key = tuple[Thing, str]
EFFECTS: Final[Mapping[Key, Effect]] = {(Thing.VOICE, "sign_agreement"): sign, (Thing.VOICE, "decline_to_sign"): decline}
FOLLOWS: Final[Mapping[Key, Effect]] = dict.fromkeys(((Thing.VOICE, "sign_agreement"), (Thing.VOICE, "decline_to_sign")), _after_signature)
TOLD: Final[Mapping[Key, Effect]] = dict.fromkeys(((Thing.VOICE, "sign_agreement"), (Thing.VOICE, "decline_to_sign")), _tell_signed)
