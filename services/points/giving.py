"""Points given by hand (志愿服务): by somebody of ours, under a rule that says how many, once for each thing that was done."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from rules.facts import Actor, Refused
from services.catalogue import catalogue
from services.mechanisms import require
from services.moves.proof import legible
from services.people.rights import on_record
from services.points import ledger
from services.points.accounts import account, check_keeper, check_no_staff
from services.points.booking import Caps
from services.points.scheme import GIVEN, MECHANISM, NOTE_MAX, in_force, schemes

KEY_MAX: Final = 30  #: characters


def give(session: Session, number: int, rule: str, key: str, note: str, actor: Actor, now: datetime) -> dict[str, Any]:
    """Give points under a rule; the same key again for this account gives back what was given then.

    Args:
        session: The unit of work.
        number: The account.
        rule: Code of a rule whose outcome is `given`.
        key: What it is for, e.g. `2026-11-20 canal`: once for an account.
        note: What was done.
        actor: Somebody of ours.
        now: The instant.

    Returns:
        Its points (fewer, or none, where the day's cap is reached), `known`, and the balance.

    Raises:
        Refused: `mechanism_off`, `points_staff_only`, `points_not_for_staff`, `unknown_points_account`, `points_account_closed`,
            `unknown_points_rule`, `points_key_wrong`, `text_too_long`, `text_unprintable`.
    """
    require(session, MECHANISM)
    check_keeper(actor)
    if not key.strip() or len(key) > KEY_MAX:
        raise Refused("points_key_wrong", most=KEY_MAX)
    ledger.alone(session)
    row, scheme = account(session, number), in_force(schemes(session), now)
    if row.closed_at is not None:
        raise Refused("points_account_closed", account=number)
    check_no_staff(session, row.requester_id, row.guardian_id)
    by_code = {each.code: each for each in scheme.rules if each.outcome == GIVEN}
    if rule not in by_code:
        raise Refused("unknown_points_rule", given=rule, known=", ".join(by_code))
    full = f"given:{number}:{key.strip()}"
    earlier = ledger.known(session, full)
    if earlier is not None:
        return {"points": earlier.points, "known": True, "balance": ledger.balance(session, number)}
    chosen, day = by_code[rule], now.astimezone(catalogue(session).zone).date()
    points, capped = Caps.of(session, [number]).take(number, day, chosen, scheme)
    said = " · ".join(part for part in (legible("note", note, NOTE_MAX), capped) if part)
    about = {"board": chosen.board, "rule": chosen.code, "scheme": scheme.version, "note": said}
    ledger.write(session, [ledger.entry(session, number, full, GIVEN, points, now, actor.name, **about)])
    on_record(session, actor.name, "points_given", str(number), {"rule": rule, "points": points}, now)
    return {"points": points, "known": False, "balance": ledger.balance(session, number)}
