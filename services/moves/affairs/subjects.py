"""一户一档 · 一企一档: what the moves of a file change, which look comes next, who is told."""

from collections.abc import Callable, Mapping
from typing import Final, cast

from rules.facts import Actor, Refused, Thing
from rules.handling.subjects import TIERS, LookState, SubjectState
from services.moves.act import Act, Effect
from services.moves.affairs import subject_issues, subject_news
from services.moves.affairs.base import (
    add_part,
    affair_of,
    move_on,
    open_affair,
    part_of,
    remark,
    touch_affair,
    touch_part,
)
from services.moves.affairs.subject_tiers import MISSED, WAITING, looker, raised_by, tier_of, visit_kinds, waiting_look
from services.moves.affairs.subject_words import check_nameless, plain_words
from services.moves.draft import Draft, Row
from services.moves.proof import legible

_FORM: Final = {Thing.SUBJECT: "household", Thing.ENTERPRISE: "enterprise"}
_KINDS: Final = (Thing.SUBJECT, Thing.ENTERPRISE)


# opening --------------------------------------------------------------------------------------------------------------


def _open(thing: Thing) -> Effect:
    def effect(draft: Draft, act: Act) -> None:
        """A file: `title` (a code, never a name), `tier`, and where given `kind`, `place`, `asker`, `readers`. Its first look begins."""
        check_nameless(act)
        readers = _readers(draft, act)
        tier = cast(int, act.args["tier"])
        file = open_affair(
            draft,
            act,
            thing,
            SubjectState.KEPT,
            form=_FORM[thing],
            unit_id=_owner(draft, act.actor),
            asker_id=cast("int | None", act.args.get("asker")),
            tier=tier,
            data={"tier": tier, "readers": readers, "kind": legible("kind", act.text("kind"), 40)},
            **{name: act.text(name) for name in ("title", "body", "place")},
        )
        remark(draft, act, file, "affair_opened")
        _plan_look(draft, act, file)

    effect.__name__ = f"open_{thing}"
    return effect


def _owner(draft: Draft, actor: Actor) -> int | None:
    """Whose file it is: the unit that opens it; of a grid the community over it."""
    known = draft.catalogue
    if actor.unit_id is not None and known.units[actor.unit_id].kind == "GRID":
        return next((u for u in actor.unit_line if known.units[u].kind == "COMMUNITY"), actor.unit_id)
    return actor.unit_id


def _readers(draft: Draft, act: Act) -> list[int]:
    found = [i for i in cast(tuple[object, ...], act.args.get("readers") or ()) if isinstance(i, int)]
    unknown = [i for i in found if i not in draft.catalogue.by_id or draft.catalogue.by_id[i].left_at is not None]
    if unknown:
        raise Refused("unknown_reader", reader=unknown[0])
    return list(dict.fromkeys(found))


def _name_readers(draft: Draft, act: Act) -> None:
    file = affair_of(draft, act)
    file["data"] = {**file["data"], "readers": _readers(draft, act)}


# tiers ----------------------------------------------------------------------------------------------------------------


def _raise(draft: Draft, act: Act) -> None:
    """An alert, from whomever or whatever: `alert`, `words`, `case`; the highest of its tier, the one given and the present one holds.

    It is never refused, and nobody lowers the file any more without being asked anew.
    """
    check_nameless(act)
    file, given = affair_of(draft, act), act.args.get("tier")
    if given is not None and (isinstance(given, bool) or given not in TIERS):
        raise Refused("tier_missing")
    wanted = max(raised_by(act.text("alert")), given or 0, file["tier"])
    if wanted > file["tier"]:
        _set_tier(file, wanted, f"alert:{act.text('alert')}")
    else:
        _keep(draft, act)


def _heard(draft: Draft, act: Act) -> None:
    """Whoever looks next finds with the look what was heard; a look that waits keeps its moment where the tier is the same."""
    file = draft.affairs[cast(int, act.no)]
    look = waiting_look(draft, file["seq"])
    if look is None or look["data"].get("tier") != file["tier"]:
        _replan(draft, act)
        look = cast(Row, waiting_look(draft, file["seq"]))
    said = {"at": act.now.isoformat(), "by": act.actor.name, "alert": act.text("alert"), "words": plain_words(act, "words")}
    case = {"case": act.text("case")} if act.text("case") else {}
    touch_part(draft, look["no"], data={**look["data"], "alerts": [*look["data"].get("alerts", []), {**said, **case}]})


def _ask_lower(draft: Draft, act: Act) -> None:
    check_nameless(act)
    file = affair_of(draft, act)
    file["data"] = {**file["data"], "lowering": {"by": act.actor.name, "tier": act.args["tier"]}}


def _lower(draft: Draft, act: Act) -> None:
    """Another person was there and says that it may be less: a look of its own."""
    file = affair_of(draft, act)
    part = add_part(draft, act, file["seq"], Thing.LOOK, LookState.DONE, unit_id=act.actor.unit_id, title="second_look")
    part.update(words=plain_words(act, "words"), done_at=act.now, done_by=act.actor.name)
    _set_tier(file, file["data"]["lowering"]["tier"], "lowered")


def _keep(draft: Draft, act: Act) -> None:
    check_nameless(act)
    file = affair_of(draft, act)
    file["data"] = {key: value for key, value in file["data"].items() if key != "lowering"}


def _set_tier(file: Row, tier: int, why: str) -> None:
    data = {key: value for key, value in file["data"].items() if key != "lowering"}
    history = [*data.get("tiers", []), {"from": file["tier"], "to": tier, "why": why}]
    file.update(tier=tier, data={**data, "tier": tier, "tiers": history})


# looks ----------------------------------------------------------------------------------------------------------------


def _plan_look(draft: Draft, act: Act, file: Row) -> None:
    """The next look: by whom and until when its tier says."""
    tier = tier_of(file["form"], file["tier"])
    unit = looker(draft, file["area_unit_id"], tier.by, file["unit_id"])
    add_part(draft, act, file["seq"], Thing.LOOK, LookState.DUE, unit_id=unit, limits={"look": tier.look}, data={"tier": file["tier"]})


def _replan(draft: Draft, act: Act) -> None:
    """The looks that were waited for are overtaken by another tier."""
    file = draft.affairs[cast(int, act.no)]
    _drop_looks(draft, act, file["seq"])
    _plan_look(draft, act, file)


def _drop_looks(draft: Draft, act: Act, seq: int) -> None:
    for look in draft.parts_of(seq, Thing.LOOK):
        if look["state"] in WAITING:
            move_on(draft, act.now, Thing.LOOK, look["no"], "drop_look")


def _look(draft: Draft, act: Act) -> None:
    """Somebody was there: `words`, and where given the kind of visit (`way`)."""
    part = part_of(draft, act)
    form, way = draft.affairs[part["seq"]]["form"], act.text("way")
    if way and way not in visit_kinds(form):
        raise Refused("visit_kind_unknown", given=way, known=", ".join(visit_kinds(form)))
    part.update(done_at=act.now, done_by=act.actor.name, words=plain_words(act, "words"), role=way)
    part["data"] = {**part["data"], "late": part["state"] == LookState.MISSED}


def _next_look(draft: Draft, act: Act) -> None:
    file = draft.affairs[draft.parts[cast(int, act.no)]["seq"]]
    _plan_look(draft, act, file)


def _missed(draft: Draft, act: Act) -> None:
    """A look that nobody made raises the tier where the tier says so."""
    look = draft.parts[cast(int, act.no)]
    file = draft.affairs[look["seq"]]
    wanted = tier_of(file["form"], file["tier"]).missed
    if wanted is None or wanted <= file["tier"]:
        return
    move_on(draft, act.now, Thing(file["thing"]), file["seq"], "raise_missed", tier=wanted, look=look["no"])
    _set_tier(touch_affair(draft, file["seq"]), wanted, MISSED)
    _drop_looks(draft, act, file["seq"])
    _plan_look(draft, act, file)
    subject_news.tell_raised(draft, act, file)


# the end -----------------------------------------------------------------------------------------------------------


def _end(draft: Draft, act: Act) -> None:
    check_nameless(act)
    file = affair_of(draft, act)
    file["result"] = plain_words(act, "reason")
    remark(draft, act, file)


def _ended(draft: Draft, act: Act) -> None:
    _drop_looks(draft, act, cast(int, act.no))


Key = tuple[Thing, str]
_OF_FILES: Final[Mapping[str, Effect]] = {
    "raise_tier": _raise,
    "ask_lower": _ask_lower,
    "lower_tier": _lower,
    "keep_tier": _keep,
    "name_readers": _name_readers,
    "open_issue": subject_issues.open_issue,
    "end_subject": _end,
}
EFFECTS: Final[Mapping[Key, Effect]] = {
    (Thing.CASE, "open_household"): _open(Thing.SUBJECT),
    (Thing.CASE, "open_enterprise"): _open(Thing.ENTERPRISE),
    **{(thing, action): effect for thing in _KINDS for action, effect in _OF_FILES.items()},
    (Thing.LOOK, "look"): _look,
    **subject_issues.EFFECTS,
}
FOLLOWS: Final[Mapping[Key, Callable[[Draft, Act], None]]] = {
    **{(thing, "raise_tier"): _heard for thing in _KINDS},
    **{(thing, "lower_tier"): _replan for thing in _KINDS},
    **{(thing, "end_subject"): _ended for thing in _KINDS},
    (Thing.LOOK, "look"): _next_look,
    (Thing.LOOK, "miss_look"): _missed,
    **subject_issues.FOLLOWS,
}
TOLD: Final[Mapping[Key, Effect]] = subject_news.TOLD
