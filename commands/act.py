"""`bihuan act`: make one move of a case as somebody, and say what can be done next."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rules.facts import FINAL, Actor, Level, OrderState, Refused, SupervisionState, Thing, Who
from rules.lifecycle import MOVES
from rules.routing import holder_at
from wording import say

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from services.moves import Draft, Intent, Moved


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asks for, before anything is looked up."""

    no: str
    action: str
    user: str
    order: int | None
    supervision: int | None
    args: Mapping[str, Any]


def add(app: typer.Typer) -> None:
    """Add the command to the program."""

    @app.command(help=say("cli.act"))
    def act(
        no: Annotated[str, typer.Argument(help=say("cli.no"))],
        action: Annotated[str, typer.Argument(help=say("cli.act_action"))],
        user: Annotated[str, typer.Option("--as", help=say("cli.act_as"))],
        order: Annotated[int | None, typer.Option(help=say("cli.act_order"))] = None,
        supervision: Annotated[int | None, typer.Option(help=say("cli.act_supervision"))] = None,
        reason: Annotated[str | None, typer.Option(help=say("cli.act_reason"))] = None,
        result: Annotated[str | None, typer.Option(help=say("cli.act_result"))] = None,
        category: Annotated[str | None, typer.Option(help=say("cli.act_category"))] = None,
        urgency: Annotated[str | None, typer.Option(help=say("cli.act_urgency"))] = None,
        lead: Annotated[str | None, typer.Option(help=say("cli.act_lead"))] = None,
        co: Annotated[list[str] | None, typer.Option(help=say("cli.act_co"))] = None,
        level: Annotated[str | None, typer.Option(help=say("cli.act_level"))] = None,
        into: Annotated[str | None, typer.Option(help=say("cli.act_into"))] = None,
        section: Annotated[str | None, typer.Option(help=say("cli.act_section"))] = None,
        solved: Annotated[bool | None, typer.Option("--solved/--unsolved", help=say("cli.act_solved"))] = None,
        score: Annotated[int | None, typer.Option(min=1, max=5, help=say("cli.act_score"))] = None,
        as_json: Annotated[bool, typer.Option("--json", help=say("cli.json"))] = False,
    ) -> None:
        texts = {"reason": reason, "result": result, "category": category, "urgency": urgency, "into": into, "level": level}
        others = {"lead": lead, "co": co, "section": section, "solved": solved, "score": score}
        _act(Asked(no, action.replace("-", "_"), user, order, supervision, texts | others), as_json=as_json)


def _act(asked: Asked, *, as_json: bool) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from services.choices import actor_of, drafted
    from services.moves import Setting, make_moves, one
    from services.reading import case_id_of

    with unit_of_work() as session:
        draft = drafted(session, case_id_of(session, asked.no))
        actor = actor_of(asked.user, draft)
        with _where_to_look(asked):
            intent = _intent(session, asked, draft, actor)
            moved = one(make_moves(session, [intent], Setting(utcnow())))
    with unit_of_work() as session:
        _report(drafted(session, intent.case_id), Done(moved, intent.thing, intent.no), actor, as_json=as_json)


@contextmanager
def _where_to_look(asked: Asked) -> Iterator[None]:
    """A refusal knows of which case and to whom, so that its sentence can say where to look what may be done."""
    try:
        yield
    except Refused as refusal:
        refusal.details = {"no": asked.no, "user": asked.user} | refusal.details
        raise


def _intent(session: "Session", asked: Asked, draft: "Draft", actor: Actor) -> "Intent":
    from services.moves import Intent

    thing, number = _about(asked, draft, actor)
    return Intent(draft.case["id"], asked.action, actor, thing, number, _looked_up(session, asked, draft))


# what the move is about -----------------------------------------------------------------------------------------------


def _about(asked: Asked, draft: "Draft", actor: Actor) -> tuple[Thing, int | None]:
    """The case, the work order or the supervision order: as named, else as the action says.

    Raises:
        Refused: `no_such_order`, `case_not_with_units`, and what the finders raise.
    """
    from services.choices import WITH_UNITS

    if asked.supervision is not None:
        return Thing.SUPERVISION, _named_supervision(draft, asked.supervision)
    if asked.order is not None and asked.order not in draft.orders:
        raise Refused("no_such_order", order=asked.order)
    things = {m.thing for m in MOVES if m.action == asked.action and not m.follows and m.who != {Who.SYSTEM}}
    if Thing.ORDER in things:
        if draft.state not in WITH_UNITS:
            raise Refused("case_not_with_units", action=asked.action, state=draft.state.value)
        return Thing.ORDER, asked.order or _order_of(draft, actor)
    if asked.order is not None:
        return Thing.ORDER, asked.order
    if Thing.SUPERVISION in things:
        return Thing.SUPERVISION, _proposed(draft)
    return Thing.CASE, None


def _named_supervision(draft: "Draft", number: int) -> int:
    if number not in draft.supervision:
        raise Refused("no_such_supervision", supervision=number)
    return number


def _order_of(draft: "Draft", actor: Actor) -> int:
    """The work order of the actor's unit; of several the one that is open.

    Raises:
        Refused: `no_order_of_unit`, `which_order`.
    """
    own = [o for o in draft.orders.values() if o["unit_id"] in actor.unit_line and o["state"] != OrderState.RECALLED]
    candidates = [o["no"] for o in own if o["state"] != OrderState.DONE] or [o["no"] for o in own]
    if not candidates:
        raise Refused("no_order_of_unit", user=actor.name)
    if len(candidates) > 1:
        raise Refused("which_order", orders=", ".join(map(str, candidates)))
    return int(candidates[0])


def _proposed(draft: "Draft") -> int:
    """The supervision order that waits for a signature.

    Raises:
        Refused: `no_supervision`, `which_supervision`.
    """
    waiting = [number for number, row in draft.supervision.items() if row["state"] == SupervisionState.PROPOSED]
    if not waiting:
        raise Refused("no_supervision")
    if len(waiting) > 1:
        raise Refused("which_supervision", orders=", ".join(map(str, waiting)))
    return waiting[0]


# what is handed in with it --------------------------------------------------------------------------------------------


def _looked_up(session: "Session", asked: Asked, draft: "Draft") -> dict[str, Any]:
    """What was handed in, as the door wants it: ids for codes and numbers, a level for its name."""
    from services.reading import case_id_of, unit_id_of

    args = {name: value for name, value in asked.args.items() if value is not None}
    for name in ("lead", "section"):
        if name in args:
            args[name] = unit_id_of(draft.catalogue, args[name])
    if "co" in args:
        args["co"] = tuple(unit_id_of(draft.catalogue, code) for code in args["co"])
    if "into" in args:
        args["into"] = case_id_of(session, args["into"])
    if "level" in args:
        args["level"] = _level(args["level"])
    if asked.action == "place" and "level" in args:
        args["holder"] = _holder(args["level"], draft)
    if asked.action in ("file", "refile") and "category" in args:
        args = {"urgency": _own_urgency(args["category"], draft)} | args
    return args


def _own_urgency(category: str, draft: "Draft") -> str:
    found = draft.catalogue.categories.get(category)
    if found is None:
        raise Refused("unknown_category", category=category)
    return found.urgency


def _level(text: str) -> Level:
    if text not in list(Level):
        raise Refused("unknown_level", given=text, known=", ".join(Level))
    return Level(text)


def _holder(level: Level, draft: "Draft") -> int:
    holder = holder_at(level, draft.area_line, draft.catalogue.units)
    if holder is None:
        raise Refused("no_unit_at_level", level=level.value)
    return holder


# what became of it ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Done:
    """A move that was made, and of what."""

    moved: "Moved"
    thing: Thing
    no: int | None

    @property
    def sentence(self) -> str:
        """Name of the sentence that tells of it."""
        return "cli.moved_order" if self.thing is Thing.ORDER else "cli.moved"


def _report(draft: "Draft", done: Done, actor: Actor, *, as_json: bool) -> None:
    from commands.screen import errors, joined, print_json, unit_name, word
    from services.choices import choices, engine_goes_on, waited_for

    action, goes_on, whose = done.moved.action, engine_goes_on(draft, done.moved.action), waited_for(draft)
    following = [] if goes_on else list(dict.fromkeys(c.action for c in choices(draft, actor) if c.obstacle is None))
    if as_json:
        code = None if whose is None else draft.catalogue.units[whose].code
        found = {"no": draft.case["no"], "action": action, "state": draft.state, "version": draft.case["version"]}
        print_json({**found, "waits_for": code, "next": following})
        return
    state = word("state", draft.state)
    typer.echo(say(done.sentence, None, no=draft.case["no"], order=done.no, action=word("action", action), state=state))
    out = errors()
    if goes_on:
        out.print(say("cli.engine_next"))
    elif draft.state not in FINAL:
        out.print(say("cli.waits_for", unit=unit_name(draft.catalogue, whose) or say("cli.resident")))
    if following:
        out.print(say("cli.next_for", user=actor.name, moves=joined(f"{m} {word('action', m)}" for m in following)))
