"""What the entries of a journal change of the picture of their case, each by its action."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from rules.facts import SYSTEM, OrderState, RequestKind
from services.why.picture import Entry, Outside, Picture, brought


def read(picture: Picture, entry: Entry) -> None:
    """Let a picture follow one entry."""
    picture.at = entry["at"]
    effect = _EFFECTS.get((entry["thing"], entry["action"]))
    if effect is not None:
        effect(picture, entry)
    picture.apply(entry)


def _submit(picture: Picture, entry: Entry) -> None:
    data = entry["data"]
    picture.now(version=picture.known.policy_at(entry["at"]), urgency=data.get("urgency") or picture.standing.urgency)
    if data.get("due_at"):
        picture.now(outside=Outside(datetime.fromisoformat(data["due_at"]), "upstream", entry))


def _accept(picture: Picture, entry: Entry) -> None:
    picture.now(urgency=entry["data"].get("urgency") or picture.standing.urgency)


def _file(picture: Picture, entry: Entry) -> None:
    data = entry["data"]
    picture.now(category=data["category"], urgency=data["urgency"], version=picture.known.policy_at(entry["at"]))
    picture.before = max(picture.orders, default=0)


def _self_handle(picture: Picture, entry: Entry) -> None:
    if picture.standing.category is None:
        _file(picture, entry)
    picture.add(entry["actor_unit_id"], OrderState.DONE, lead=True)


def _succeed(picture: Picture, entry: Entry) -> None:
    data = entry["data"]
    for no in data["orders"]:
        picture.order(no, unit_id=data["to"])
    if data["held"]:
        picture.holder = data["to"]


def _again(picture: Picture, _: Entry) -> None:
    picture.now(round=picture.standing.round + 1)


def _reopen(picture: Picture, entry: Entry) -> None:
    _again(picture, entry)
    picture.now(outside=None)
    picture.rechecks, picture.before = 0, max(picture.orders, default=0)


def _bind(picture: Picture, entry: Entry) -> None:
    data = entry["data"]
    picture.now(outside=Outside(datetime.fromisoformat(data["due_at"]), data["by"], entry))


def _brings(picture: Picture, entry: Entry) -> None:
    if "outside" in entry["data"]:
        picture.now(outside=brought(entry))


def _ask(picture: Picture, entry: Entry) -> None:
    picture.requests.append(entry["thing_no"])
    picture.order(entry["thing_no"], asks=True)


def _decided(picture: Picture, entry: Entry) -> None:
    picture.order(picture.requests[entry["thing_no"] - 1], asks=False)


def _asks(kind: RequestKind) -> Callable[[Picture, Entry], None]:
    return lambda picture, entry: picture.ask(kind, entry["thing_no"])


def _hold(picture: Picture, entry: Entry) -> None:
    """A hold that the centre orders itself is numbered like one that was asked for."""
    picture.asked += entry["actor"] != SYSTEM.name


def _answered(picture: Picture, entry: Entry) -> None:
    picture.asks.pop(entry["thing_no"], None)


def _upheld(picture: Picture, entry: Entry) -> None:
    """A co-handler's goes to the unit that was ruled, unless it is in the case already; the lead's with the move that follows."""
    _answered(picture, entry)
    request, picture.ruled = picture.ever[entry["thing_no"]], entry["data"]["unit"]
    if request.order_no is not None and not picture.orders[request.order_no].lead and not picture.handles(entry["data"]["unit"]):
        picture.add(entry["data"]["unit"], OrderState.SENT, lead=False)


def _redispatch(picture: Picture, _: Entry) -> None:
    if picture.ruled is not None:
        picture.add(picture.ruled, OrderState.SENT, lead=True)


def _close_up(picture: Picture, entry: Entry) -> None:
    picture.sensitive = entry["data"].get("kind")


def _recheck(picture: Picture, _: Entry) -> None:
    picture.rechecks += 1


def _report(picture: Picture, _: Entry) -> None:
    picture.reported = True


def _dispatch(picture: Picture, entry: Entry) -> None:
    picture.send((entry["data"]["lead"], *(entry["data"].get("co") or ())), OrderState.SENT)


def _marks(**values: bool) -> Callable[[Picture, Entry], None]:
    return lambda picture, entry: picture.order(entry["thing_no"], **values)


def _reach(picture: Picture, entry: Entry) -> None:
    picture.reached.add((entry["thing_no"], entry["data"]["stage"]))


_EFFECTS: Final[Mapping[tuple[str, str], Callable[[Picture, Entry], None]]] = {
    ("case", "submit"): _submit,
    ("case", "accept"): _accept,
    ("case", "file"): _file,
    ("case", "refile"): _file,
    ("case", "unit_succeeded"): _succeed,
    ("case", "policy_changed"): lambda picture, entry: picture.now(version=entry["data"]["to"]),
    ("case", "dispatch"): _dispatch,
    ("case", "reassign"): _dispatch,
    ("case", "add_co"): lambda picture, entry: picture.add(entry["data"]["unit"], OrderState.SENT, lead=False),
    ("case", "redispatch"): _redispatch,
    ("case", "self_handle"): _self_handle,
    ("case", "hold"): _hold,
    ("case", "merge"): lambda picture, _: picture.asks.clear(),
    **{
        ("case", action): _asks(kind)
        for action, kind in (
            ("ask_hold", RequestKind.HOLD),
            ("ask_void", RequestKind.VOID),
            ("ask_terminate", RequestKind.TERMINATE),
            ("appeal", RequestKind.APPEAL),
        )
    },
    **{("case", action): _close_up for action in ("closed_up", "restrict", "unrestrict")},
    ("case", "report_statutory"): _report,
    ("case", "recheck"): _recheck,
    ("order", "ask_return"): _asks(RequestKind.RETURN),
    **{
        ("request", f"{how}_{kind}"): _answered
        for how, kind in (
            *(("reject", "return"), ("approve", "hold"), ("refuse", "hold")),
            *(("confirm", "end"), ("refuse", "end"), ("uphold", "appeal"), ("reject", "appeal")),
        )
    },
    ("request", "uphold_return"): _upheld,
    ("case", "handle_here"): lambda picture, entry: picture.send((entry["ball_unit_id"],), OrderState.WORKING),
    ("case", "fail_check"): _again,
    ("case", "rework"): _again,
    ("case", "reopen"): _reopen,
    ("case", "bind"): _bind,
    ("case", "absorb"): _brings,
    ("case", "released"): _brings,
    ("order", "acknowledge"): _marks(deemed=False),
    ("order", "deem_acknowledged"): _marks(deemed=True),
    ("order", "contact"): _marks(contacted=True),
    ("order", "control"): _marks(controlled=True),
    ("order", "reach"): _reach,
    ("order", "ask_extension"): _ask,
    ("order", "finish"): _marks(asks=False),
    ("order", "recall"): _marks(asks=False),
    ("extension", "grant"): _decided,
    ("extension", "refuse"): _decided,
}
