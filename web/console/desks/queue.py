"""A desk with a queue: what waits on the left, the chosen thing in the middle, one form with its decisions on the right."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from rules.facts import Refused, Thing
from rules.lifecycle import ACTIONS
from services.attachments import attachments_of
from services.choices import Choice, choices, drafted
from services.desks.queues import DECISIONS, QUEUES, Waits
from services.desks.restricted import note_look
from services.moves import Draft
from services.privacy.showing import Shown, shown
from web.access.visitor import Sent, Visitor
from web.console.case_orders import orders_of
from web.console.desks.doing import refused
from web.console.desks.frame import check_desk, desk_page
from web.console.move_fields import Around, Field, fields_of, names_of, spans, typed_in
from web.console.moves import FOLLOWS, GRAVE, Asked, said_of, span_units
from web.console.shown import capital, short
from web.site import Site, case_number, language_of
from web.spoken import day_time, standing
from web.views import Words
from web.words import translated

_KEY: Final = re.compile(r"(BH-\d{8}-\d{4,8})\.([a-z_]{1,12})\.(\d{1,9})", re.ASCII)
_PICTURES: Final = "image/"


@dataclass(frozen=True, slots=True)
class Button:
    """One decision.

    Attributes:
        obstacle: Why it cannot be made now; empty: it can.
        lax: What another decision wants need not be filled in for this one.
    """

    action: str
    name: str
    grave: bool
    obstacle: str
    lax: bool
    follows: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a desk's own part of the page is made from."""

    session: Session
    waits: Waits
    draft: Draft
    seen: Shown
    words: Words
    now: datetime


@dataclass(frozen=True, slots=True)
class Queue:
    """How one desk is made.

    Attributes:
        key: Of `frame.DESKS` and `services.desks.queues.QUEUES`.
        template: File below web/templates/console.
        moves: What is decided in its form, the usual one first.
        more: Moves that have a form of their own, offered as links.
        about: What it tells of the chosen thing besides; keys are names in the template.
        offers: Values that its fields begin with.
    """

    key: str
    template: str
    moves: tuple[str, ...]
    more: tuple[str, ...]
    about: Callable[[Chosen], Mapping[str, Any]]
    offers: Callable[[Chosen], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Turn:
    """One request to a desk: which of what waits, and what was refused."""

    on: str = ""
    status: int = 200
    form: Sent | None = None
    said: str = ""


def show(queue: Queue, request: Request, who: Visitor, site: Site, now: datetime, turn: Turn) -> Response:
    """The desk, with what was chosen, else what is due first.

    Raises:
        Refused: `desk_for_others`; `unknown_case`.
    """
    check_desk(who, queue.key)
    lang = language_of(request)
    words = Words(who.known, lang)
    on = turn.on or request.query_params.get("on", "")
    with site.database.unit_of_work() as session:
        found = QUEUES[queue.key](session, who.actor)
        waits = next((each for each in found if each.key == on), found[0] if found and not on else None)
    if waits is not None and waits.case["sensitive"]:
        with site.database.unit_of_work() as session:
            note_look(session, waits.case["no"], who.actor, now)
    with site.database.unit_of_work() as session:
        chosen = _chosen(session, queue, waits, who, words, now, turn) if waits is not None else {}
    return desk_page(
        request,
        who,
        queue.template,
        queue.key,
        turn.status,
        lines=[_line(each, words, now) for each in found],
        on=waits.key if waits is not None else "",
        gone=bool(on) and waits is None,
        said=turn.said,
        done=_done(request, words),
        spans=spans(lang),
        **{"case": None, **chosen},
    )


def decide(queue: Queue, request: Request, form: Sent, who: Visitor, site: Site, now: datetime) -> Response:
    """Make the decision whose button was pressed; what the door refuses is said, with what was typed.

    Raises:
        Refused: `desk_for_others`; `unknown_case`.
    """
    check_desk(who, queue.key)
    on, action = form.fields.get("on", ""), form.fields.get("do", "")
    said = refused(lambda: _asked(on, action, queue), form, who, site, now, language_of(request))
    if said:
        return show(queue, request, who, site, now, Turn(on, 409, form, said))
    return RedirectResponse(f"/desks/{queue.key}?{urlencode({'did': action, 'of': on.partition('.')[0]})}", 303)


def _asked(on: str, action: str, queue: Queue) -> Asked:
    found = _KEY.fullmatch(on)
    if found is None or found[2] not in list(Thing) or action not in queue.moves:
        raise Refused("unknown_action", action=action)
    thing = Thing(found[2])
    return Asked(found[1], action, thing, int(found[3]) if thing is not Thing.CASE else None)


def _done(request: Request, words: Words) -> str:
    """What was done a moment ago, as the address says."""
    action, no = request.query_params.get("did", ""), request.query_params.get("of", "")
    return f"{case_number(no)} · {capital(words.word('action', action))}" if action in ACTIONS and no else ""


def _line(each: Waits, words: Words, now: datetime) -> dict[str, Any]:
    """One line of the queue."""
    known = words.known
    return {
        "key": each.key,
        "subject": each.case["subject"] if not each.case["sensitive"] else translated("敏感案件", words.lang),
        "urgency": each.case["urgency"],
        "short": short(each.case["no"], now, known),
        "clock": capital(words.word("clock", each.clock["kind"])),
        "area": words.unit(each.case["area_unit_id"])[1] or "",
        "standing": standing(each.clock, known, now, words.lang),
    }


# the chosen thing -----------------------------------------------------------------------------------------------------


def _chosen(session: Session, queue: Queue, waits: Waits, who: Visitor, words: Words, now: datetime, turn: Turn) -> dict[str, Any]:
    """Facts of the chosen thing, as far as the visitor may see them, and its form."""
    no = waits.case["no"]
    seen = shown(session, no, who.actor, now)
    chosen = Chosen(session, waits, drafted(session, waits.case["id"]), seen, words, now)
    mine = list(choices(chosen.draft, who.actor, now))
    order = DECISIONS.get(waits.clock["kind"], queue.moves)
    about = (c for c in mine if c.action in order and (c.thing, c.no) == (waits.thing, waits.no))
    decided = sorted(about, key=lambda c: order.index(c.action))
    return {
        **facts_of(chosen),
        **queue.about(chosen),
        "fields": fields_for(decided, chosen.draft, chosen.words, who, queue.offers(chosen), turn.form),
        "buttons": buttons_for(decided, words),
        "more": [(capital(words.word("action", c.action)), f"/cases/{no}/do/{c.action}") for c in mine if _elsewhere(c, queue)],
        "version": chosen.draft.case["version"],
        "span_units": span_units(turn.form) or {"amount": str(queue.offers(chosen).get("amount", "wd")).lstrip("0123456789")},
    }


def _elsewhere(choice: Choice, queue: Queue) -> bool:
    return choice.thing is Thing.CASE and choice.action in queue.more and choice.obstacle is None


def facts_of(chosen: Chosen) -> dict[str, Any]:
    """What every desk tells of a case."""
    case, words, seen, now = chosen.seen.story.case, chosen.words, chosen.seen, chosen.now
    category = words.known.categories.get(case["category"] or "")
    files = attachments_of(chosen.session, [case["id"]]).get(case["id"], ()) if seen.seen.opened else ()
    return {
        "case": case,
        "opened": seen.seen.opened,
        "state": capital(words.word("state", case["state"])),
        "category": f"{category.code} {words.named(category.name)}" if category else "",
        "urgency": capital(words.word("urgency", case["urgency"])),
        "source": words.named(words.known.source_names.get(seen.story.source)) or "",
        "area": words.unit(case["area_unit_id"])[1] or "",
        "at": day_time(case["submitted_at"], now, words.known.zone, words.lang),
        "photos": [row for row in files if row["media"].startswith(_PICTURES)],
        "orders": orders_of(seen.story, words, now) if seen.seen.opened else [],
        "clock_name": capital(words.word("clock", chosen.waits.clock["kind"])),
        "standing": standing(chosen.waits.clock, words.known, now, words.lang),
    }


def fields_for(
    decided: Sequence[Choice], draft: Draft, words: Words, who: Visitor, offered: Mapping[str, Any], form: Sent | None
) -> list[Field]:
    """What the decisions ask for, each once; of what only some of them want it is said which; options in `first` come first."""
    found: dict[str, Field] = {}
    first = set(offered.get("first", ()))
    for choice in (c for c in decided if c.obstacle is None):
        typed = typed_in(form, choice) if form is not None else offered
        for field in fields_of(Around(choice, draft, who.actor, words), typed):
            before = found.get(field.name)
            options = sorted(field.options, key=lambda option: option[0] not in first)
            required = field.required or (before is not None and before.required)
            found[field.name] = replace(before or field, options=options, required=required)
    return [_hinted(field, decided, words) for field in found.values()]


def _hinted(field: Field, decided: Sequence[Choice], words: Words) -> Field:
    asking = [c for c in decided if c.obstacle is None and field.name in names_of(c)]
    wanting = [c for c in asking if field.name in c.needs]
    if not field.required or len(wanting) == len([c for c in decided if c.obstacle is None]):
        return field
    names = (" / " if words.lang == "en" else "、").join(capital(words.word("action", c.action)) for c in wanting)
    return replace(field, hint=translated("“%(what)s”必填", words.lang, what=names))


def buttons_for(decided: Sequence[Choice], words: Words) -> list[Button]:
    """The decisions as buttons: those that can be made first, the usual one on top."""
    open_ = [c for c in decided if c.obstacle is None]
    wanted = {name for c in open_ for name in c.needs}
    return [_button(c, not wanted <= set(c.needs), words) for c in sorted(decided, key=lambda c: c.obstacle is not None)]


def _button(choice: Choice, lax: bool, words: Words) -> Button:
    obstacle = said_of(Refused(choice.obstacle, action=choice.action), words.lang) if choice.obstacle is not None else ""
    follows = tuple(translated(text, words.lang) for text in FOLLOWS.get(choice.action, ()))
    return Button(choice.action, capital(words.word("action", choice.action)), choice.action in GRAVE, obstacle, lax, follows)
