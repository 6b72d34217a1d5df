"""`bihuan supervise sign --all`: nobody signs a heap unseen; what would be signed is shown first, and asked about."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import typer

from commands.screen import errors, print_json, unit_name
from rules.facts import Refused
from wording import say

if TYPE_CHECKING:
    from services.catalogue import Catalogue
    from services.supervision import Waiting

SHOWN: Final = 10  #: lines shown before the question


@dataclass(frozen=True, slots=True)
class SignAll:
    """What is asked: as whom, whether orders of cases that have ended are signed too, whether only to look, whether asked already."""

    user: str
    with_closed: bool
    dry_run: bool
    sure: bool


def to_sign(asked: SignAll, *, as_json: bool) -> list[str] | None:
    """Show what waits for this person's signature, and ask.

    Returns:
        The names of those to be signed; None: only a look was asked for, or there is nothing.

    Raises:
        Refused: `not_confirmed`; `sign_all_unasked`, there is no terminal to ask on and `--yes` was not given.
    """
    from commands.opening import unit_of_work
    from services.catalogue import catalogue
    from services.supervision import waiting_for

    with unit_of_work() as session:
        known = catalogue(session)
        every = waiting_for(session, known.actor(asked.user))
    found = [each for each in every if asked.with_closed or not each.closed]
    if as_json and (asked.dry_run or not found):
        print_json([_plain(each, known) for each in found])
        return None
    if not as_json:
        _show(found, len(every) - len(found), known)
    if asked.dry_run or not found:
        return None
    _confirm(len(found), sure=asked.sure)
    return [each.name for each in found]


def _plain(each: "Waiting", known: "Catalogue") -> dict[str, object]:
    return {"order": each.name, "unit": known.units[each.unit_id].code, "demand": each.demand, "case_closed": each.closed}


def _show(found: "Sequence[Waiting]", left_out: int, known: "Catalogue") -> None:
    out = errors()
    if not found:
        typer.echo(say("supervise.no_waiting"))
    else:
        out.print(say("supervise.to_sign", n=len(found)))
    for each in found[:SHOWN]:
        closed = say("supervise.of_closed") if each.closed else ""
        told = {"order": each.name, "unit": unit_name(known, each.unit_id), "demand": each.demand, "closed": closed}
        out.print(say("supervise.to_sign_line", None, **told))
    if len(found) > SHOWN:
        out.print(say("supervise.to_sign_more", n=len(found) - SHOWN))
    if left_out:
        out.print(say("supervise.closed_left_out", n=left_out))


def _confirm(count: int, *, sure: bool) -> None:
    if sure:
        return
    if not sys.stdin.isatty():
        raise Refused("sign_all_unasked", n=count)
    if not typer.confirm(say("supervise.sign_sure", n=count), err=True):
        raise Refused("not_confirmed")
