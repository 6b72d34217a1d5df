"""One case on the screen, and a list of cases."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from commands.affairs.words import action_word, affair_name, state_word, thing_word
from commands.screen import joined, lasting, limit_word, local, name_of, print_table, screen, unit_name, word
from rules.handling import PARTS
from services.affairs import of_case
from services.catalogue import Catalogue
from services.due_list import Listed
from services.milestones import milestones, stage_name
from services.reading import CaseStory, held_by, is_overdue, steps_of
from services.routing.explaining import why_of
from wording import say

if TYPE_CHECKING:
    from rich.console import Console

    from services.moves import Row


WAITING: Final = ("queued", "sending")  #: states of a message that is worded when its turn comes


def print_story(story: CaseStory, now: datetime) -> None:
    """Print everything about one case: facts, six steps, trail, work orders with their clocks, journal, messages."""
    out = screen()
    out.print(f"{story.case['no']}  {story.case['subject']}", style="bold")
    out.print(story.case["body"])
    print_table(say("cli.facts"), ("what", "value"), _facts(story), on=out)
    _print_steps(story, now, out)
    _print_trail(story, now, out)
    _print_orders(story, out)
    _print_stages(story, out)
    _print_clocks(story, now, out)
    _print_affairs(story, out)
    _print_supervision(story, out)
    _print_rest(story, out)


def _facts(story: CaseStory) -> Iterator[tuple[str, object]]:
    case, known = story.case, story.known
    category = known.categories.get(case["category"] or "")
    values: dict[str, object] = {
        "state": word("state", case["state"]),
        "urgency": f"{case['urgency']} {word('urgency', case['urgency'])}",
        "category": category and f"{category.code} {name_of(category.name)}",
        "area": joined((unit_name(known, case["area_unit_id"]), case["place"])),
        "source": name_of(known.source_names.get(story.source)),
        "submitted": local(case["submitted_at"], known.zone),
        "level": case["level"] and word("level", case["level"]),
        "holder": unit_name(known, case["holder_unit_id"]),
        "group": name_of(known.groups.get(case["special_group"] or "")),
        "outside_due": case["outside_due_at"] and _outside(case, known),
        "result": case["result"],
        "solved": case["solved"] is not None and say("cli.solved_yes" if case["solved"] else "cli.solved_no"),
        "score": case["score"],
        "version": case["version"],
    }
    return ((say(f"column.{name}"), value) for name, value in values.items() if value)


def _outside(case: "Row", known: Catalogue) -> str:
    """A limit that others have set: until when, who, and what it rests on."""
    return joined((local(case["outside_due_at"], known.zone), word("bound", case["outside_by"]), case["outside_note"]))


def _print_steps(story: CaseStory, now: datetime, out: "Console") -> None:
    zone = story.known.zone
    rows = [
        (f"{n} {word('step', s.step)}", local(s.since, zone), local(s.until, zone), s.since and lasting(s.spent))
        for n, s in enumerate(steps_of(story, now), start=1)
    ]
    print_table(say("cli.six_steps"), ("step", "since", "until", "lasted"), rows, on=out)


def _print_trail(story: CaseStory, now: datetime, out: "Console") -> None:
    known = story.known
    rows = [
        (
            unit_name(known, held.unit_id, held.since) or say("cli.resident"),
            word("step", held.step),
            local(held.since, known.zone),
            local(held.until, known.zone),
            lasting((held.until or now) - held.since),
        )
        for held in held_by(story)
    ]
    print_table(say("cli.trail"), ("unit", "step", "since", "until", "lasted"), rows, on=out)


def _print_orders(story: CaseStory, out: "Console") -> None:
    known = story.known

    def row(order: "Row") -> tuple[object, ...]:
        moments = (local(order[column], known.zone) for column in ("sent_at", "acknowledged_at", "finished_at"))
        role = say("cli.lead" if order["lead"] else "cli.co")
        unit = joined((unit_name(known, order["unit_id"]), unit_name(known, order["assigned_unit_id"])))
        return (order["no"], role, unit, word("state", order["state"]), *moments, order["result"])

    columns = ("order", "role", "unit", "state", "sent", "acknowledged", "finished", "result")
    print_table(say("cli.orders"), columns, map(row, story.orders), on=out)


def _print_stages(story: CaseStory, out: "Console") -> None:
    """Milestones and requests for more time, where there are any."""
    zone = story.known.zone
    stages = [
        (
            m.order_no,
            f"{m.code} {name_of(m.name)}",
            limit_word(m.limit),
            local(m.due_at, zone),
            local(m.reached_at, zone) or say("cli.not_reached"),
        )
        for m in milestones(story)
    ]
    print_table(say("cli.stages"), ("order", "stage", "limit", "due", "reached"), stages, on=out)
    asked = [
        (
            e["no"],
            e["order_no"],
            limit_word(e["amount"]),
            word("state", e["state"]),
            local(e["asked_at"], zone),
            e["reason"],
            local(e["decided_at"], zone),
            e["answer"],
        )
        for e in story.extensions
    ]
    print_table(say("cli.extensions"), ("seq", "order", "amount", "state", "since", "said", "decided", "answer"), asked, on=out)


def _print_clocks(story: CaseStory, now: datetime, out: "Console") -> None:
    zone, numbers = story.known.zone, {order["seq"]: order["number"] for order in story.supervision}

    def row(clock: "Row") -> tuple[object, ...]:
        about = clock["order_no"], _clock_name(clock, story.case, story.known), limit_word(clock["limit"])
        due = _due(clock, story.known)
        fired = joined(word("action", rung) for rung in clock["fired"])
        return (*about, local(clock["started_at"], zone), due, _standing(clock, now), local(clock["next_fire_at"], zone), fired)

    columns = ("order", "clock", "limit", "since", "due", "standing", "next_rung", "fired")
    clocks = (
        {**clock, "supervision_no": numbers.get(clock["supervision_seq"]), "affair_no": _affair_no(clock, story)} for clock in story.clocks
    )
    print_table(say("cli.clocks"), columns, map(row, clocks), on=out)


def _due(clock: "Row", known: Catalogue) -> str:
    """When a clock is due, marked where the official calendar is not out yet."""
    return joined((local(clock["due_at"], known.zone), clock["provisional"] and say("cli.provisional")))


def _clock_name(clock: "Row", case: "Row", known: Catalogue) -> str:
    """What a clock is called; one of several of its kind by the milestone, the supervision order or the affair it belongs to."""
    seq, affair = clock["supervision_seq"], clock["affair_no"]
    order = seq and (clock["supervision_no"] or f"#{seq}")
    beside = affair and affair_name(affair, clock["part_no"])
    return joined((word("clock", clock["kind"]), _stage(clock["stage"], case, known), order, beside))


def _affair_no(clock: "Row", story: CaseStory) -> str | None:
    affair = of_case.of_clock(clock, story.affairs)
    return None if affair is None else affair.no


def _stage(code: str | None, case: "Row", known: Catalogue) -> str | None:
    return code and (name_of(stage_name(case, known, code)) or code)


def _standing(clock: "Row", now: datetime) -> str:
    """How a clock stands, in one word or two."""
    late = is_overdue(clock, now)
    if clock["stopped_at"] is not None:
        return say("cli.clock_was_late" if late else "cli.clock_kept")
    if clock["running_since"] is None:
        return say("cli.clock_paused")
    left: timedelta = clock["due_at"] - now
    return say("cli.clock_late" if late else "cli.clock_left", time=lasting(abs(left)))


def _print_affairs(story: CaseStory, out: "Console") -> None:
    """The affairs kept with the case, and those that it is further part of, with where these are kept."""
    known = story.known
    rows = [
        (
            *(each.no, thing_word(each.thing), each.title, state_word(each.thing, each.state), unit_name(known, each.unit_id)),
            *(local(each.due, known.zone), None if each.kept else each.case_no),
        )
        for each in story.affairs
    ]
    print_table(say("beside.affairs"), ("no", "kind", "subject", "state", "unit", "due", "kept_in"), rows, on=out)


def _print_supervision(story: CaseStory, out: "Console") -> None:
    known, zone = story.known, story.known.zone

    def row(order: "Row") -> tuple[object, ...]:
        about = word("supervision", order["form"]), unit_name(known, order["unit_id"]), word("state", order["state"])
        return (order["number"] or f"#{order['seq']}", *about, local(order["proposed_at"], zone))

    print_table(say("cli.supervision"), ("supervision", "kind", "unit", "state", "since"), map(row, story.supervision), on=out)


def _print_rest(story: CaseStory, out: "Console") -> None:
    known, zone = story.known, story.known.zone
    aside = [(word("step", a["step"]), a["error"], a["tries"], local(a["last_at"], zone)) for a in story.aside]
    print_table(say("cli.aside"), ("step", "error", "tries", "when"), aside, on=out)
    journal = [
        (
            e["seq"],
            local(e["at"], zone),
            _deed(e, story),
            e["after"] and state_word(e["thing"], e["after"]),
            _who(e["actor"], known),
            _said(e, known),
        )
        for e in story.journal
    ]
    print_table(say("cli.journal"), ("seq", "when", "deed", "state", "actor", "said"), journal, on=out)
    _print_messages(story, out)


def _print_messages(story: CaseStory, out: "Console") -> None:
    """Each message with how far it has come: tries, and when it arrived or what the provider said of it."""
    known, zone = story.known, story.known.zone

    def row(m: "Row") -> tuple[object, ...]:
        said = m["wording"] or say("cli.not_worded_yet" if m["state"] in WAITING else "cli.not_worded")
        receipt = local(m["delivered_at"], zone) or joined(dict.fromkeys(r["status"] for r in m["receipts"]))
        told = (local(m["queued_at"], zone), _who(m["to"], known), word("channel", m["channel"]), word("delivery", m["state"]), said)
        return (*told, m["attempts"] or None, receipt, m["error"] and word("delivery_error", m["error"]))

    columns = ("when", "to", "channel", "state", "said", "tries", "receipt", "error")
    print_table(say("cli.messages"), columns, map(row, story.messages), on=out)


def _who(name: str, known: Catalogue) -> str:
    """An actor in words: the system, the resident, the source a case came from; people with their posts and user names."""
    if name in known.people:
        return say("affairs.person", title=name_of(known.people[name].title), user=name)
    found = word("actor", name)
    return found if found != name else name_of(known.source_names.get(name)) or name


def _deed(entry: "Row", story: CaseStory) -> str:
    action, data = word("action", entry["action"]), entry["data"]
    affair = of_case.about(entry, story.affairs)
    if entry["thing"] == "clock":
        beside = affair and affair_name(affair.no, data.get("part"))
        clock = joined((word("clock", data.get("clock")), _stage(data.get("stage"), story.case, story.known), beside))
        number = entry["thing_no"] or data.get("supervision")
        return say("cli.clock_deed", clock=f"{clock} #{number}" if number else clock, action=action)
    if affair is not None:
        part = entry["thing_no"] if entry["thing"] in PARTS else None
        return joined((action_word(affair.thing, entry["action"]), affair_name(affair.no, part)))
    return f"{action} #{entry['thing_no']}" if entry["thing_no"] is not None else action


def _said(entry: "Row", known: Catalogue) -> str:
    """What people wrote or chose, why it went there, of a limit that moved from when to when; what the clocks say is left out."""
    data: dict[str, Any] = entry["data"]
    moved = None
    if entry["thing"] == "clock" and "from" in data and "to" in data:
        moved = " → ".join(str(local(datetime.fromisoformat(data[end]), known.zone)) for end in ("from", "to"))
    why = why_of(entry["action"], data, known)
    return joined((moved, *(data.get(name) for name in ("reason", "result", "category", "urgency", "level", "error")), why))


def print_list(found: Sequence[Listed], known: Catalogue, now: datetime, *, orders: bool = False) -> None:
    """Print a list of cases, the soonest due first; with the number of the work order where somebody's own are listed."""
    out = screen()
    if not found:
        out.print(say("cli.no_cases"))
        return
    columns = [name for name in LISTED if orders or name != "order"]

    def row(each: Listed) -> tuple[object, ...]:
        case, clock = each.case, each.clock
        if not each.opened:
            return tuple({"no": case["no"], "subject": say("privacy.sensitive")}.get(name) for name in columns)
        category = known.categories.get(case["category"] or "")
        cells = {
            **{"no": case["no"], "urgency": case["urgency"], "state": word("state", case["state"]), "subject": case["subject"]},
            "category": category and name_of(category.name),
        }
        if clock:
            cells |= {"order": clock["order_no"], "clock": _clock_name(clock, case, known), "unit": unit_name(known, clock["unit_id"])}
            cells |= {"due": _due(clock, known), "standing": _standing(clock, now)}
        return tuple(cells.get(name) for name in columns)

    print_table("", columns, map(row, found), on=out)


#: Columns of the list.
LISTED: Final = ("no", "urgency", "state", "category", "subject", "order", "clock", "unit", "due", "standing")
