"""`bihuan policy dry-run`: what a version would do to open cases and would have made of the past."""

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from commands.policy.looking import kind_word
from wording import say

if TYPE_CHECKING:
    from rich.console import Console

    from services.catalogue import Catalogue
    from services.policies.history import History
    from services.policies.stored import Treatment
    from services.policies.treating import Change
    from services.policies.trial import DryRun

SHOWN: Final = 20  #: clocks named on the screen; `--json` has them all


def try_version(version: int, treatment: "Treatment", days: int, *, as_json: bool) -> None:
    """Try a version and print what would happen; nothing is written."""
    from clock import utcnow
    from commands.opening import unit_of_work
    from commands.progress import bar
    from commands.screen import errors, print_json, screen
    from services.catalogue import catalogue
    from services.policies.history import history
    from services.policies.trial import dry_run

    now = utcnow()
    with unit_of_work() as session, bar(say("policy.trying"), errors()) as progress:
        found = dry_run(session, version, treatment, now, progress)
        past = history(session, version, now - timedelta(days=days), now) if days else None
        known = catalogue(session)
    if as_json:
        print_json(_as_json(found, past, known))
        return
    out = screen()
    _show(found, known, out)
    if past is not None:
        _show_past(past, days, out)


def _as_json(found: "DryRun", past: "History | None", known: "Catalogue") -> dict[str, Any]:
    whole: dict[str, Any] = {
        "version": found.version,
        "treatment": found.treatment.value,
        "cases": found.cases,
        "clocks": found.clocks,
        "changes": [_change(c, known) for c in found.changes],
        "breaches": [_change(c, known) for c in found.breaches],
        "notices": dict(sorted(found.notices.items())),
    }
    if past is not None:
        names = ("clocks", "late_then", "late_under_it")
        judged = {
            name: [
                {"case": j.no, "clock": j.kind, "order": j.order_no, "stopped": j.stopped.isoformat(), "due_then": j.due_then.isoformat()}
                | {"due_under_it": j.due_under_it.isoformat(), "unit": _unit(j.unit_id, known)}
                for j in getattr(past, name)
            ]
            for name in ("appear", "vanish")
        }
        whole["history"] = {"since": past.since.isoformat(), **{n: dict(getattr(past, n)) for n in names}, **judged}
    return whole


def _unit(unit_id: int | None, known: "Catalogue") -> str | None:
    return None if unit_id is None else known.units[unit_id].code


def _change(change: "Change", known: "Catalogue") -> dict[str, Any]:
    moments = {"from": change.before and change.before.isoformat(), "to": change.after and change.after.isoformat()}
    about = {"case": change.no, "clock": change.kind, "stage": change.stage, "order": change.order_no, "unit": _unit(change.unit_id, known)}
    limits = {"limit_before": change.limit_before, "limit_after": change.limit_after}
    return {**about, **limits, **moments, "paused": change.paused, "provisional": change.provisional, "rungs": list(change.rungs)}


def _show(found: "DryRun", known: "Catalogue", out: "Console") -> None:
    from commands.screen import joined, print_table

    out.print(say("policy.tried", version=found.version, treatment=say(f"policy.treatment_{found.treatment}")))
    out.print(say("policy.as_if_now"))
    out.print(say("policy.looked_at", cases=found.cases, clocks=found.clocks))
    if not found.changes:
        out.print(say("policy.nothing_moves"))
        return
    rows = ((kind_word(kind), *(sum(test(c) for c in own) for test in _TESTS)) for kind, own in _by_kind(found).items())
    columns = ("clock", "moves", "ends_earlier", "ends_later", "only_ladder", "started", "stopped")
    print_table(say("policy.moves"), columns, rows, on=out)
    out.print(say("policy.breaches", n=len(found.breaches)))
    if found.notices:
        out.print(say("policy.notices", what=joined(f"{say(f'notice.{code}')} {n}" for code, n in found.notices.most_common())))
    some = sorted(found.changes, key=lambda c: (c.before == c.after, not _breaks(found, c), c.no))[:SHOWN]
    print_table(say("policy.some", n=len(some), of=len(found.changes)), _COLUMNS, (_cells(c, known) for c in some), on=out)


_COLUMNS: Final = ("case", "clock", "unit", "limit_was", "limit_is", "due_was", "due_is")
_TESTS: Final = (
    lambda _: True,
    lambda c: c.before is not None and c.after is not None and c.after < c.before,
    lambda c: c.before is not None and c.after is not None and c.after > c.before,
    lambda c: c.before is not None and c.before == c.after,
    lambda c: c.before is None,
    lambda c: c.after is None,
)


def _breaks(found: "DryRun", change: "Change") -> bool:
    return change.after is not None and found.now is not None and change.after <= found.now


def _by_kind(found: "DryRun") -> "dict[str, list[Change]]":
    kinds: dict[str, list[Change]] = {}
    for change in found.changes:
        kinds.setdefault(change.kind, []).append(change)
    return kinds


def _cells(change: "Change", known: "Catalogue") -> tuple[object, ...]:
    from commands.screen import limit_word, local, unit_name

    limits = tuple(limit_word(text) if text else None for text in (change.limit_before, change.limit_after))
    mark = f" {say('cli.provisional')}" if change.provisional else ""
    moments = local(change.before, known.zone), change.after and f"{local(change.after, known.zone)}{mark}"
    held = say("policy.on_hold") if change.paused else ""
    return change.no, kind_word(change.kind) + held, unit_name(known, change.unit_id), *limits, *moments


def _show_past(past: "History", days: int, out: "Console") -> None:
    from commands.screen import print_table

    late: list[Counter[str]] = [past.clocks, past.late_then, past.late_under_it]
    rows = ((kind_word(kind), *(count[kind] for count in late)) for kind in past.clocks)
    print_table(say("policy.past", days=days), ("clock", "stopped_clocks", "late_then", "late_under_it"), rows, on=out)
    out.print(say("policy.past_difference", appear=len(past.appear), vanish=len(past.vanish)))
