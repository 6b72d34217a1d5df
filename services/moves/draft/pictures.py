"""What guards may know, drawn from a draft: the case as it stands in it, its orders, requests and affairs."""

from typing import TYPE_CHECKING, Any

from rules.facts import (
    SENSOR,
    AffairFacts,
    ExtensionFacts,
    ExtensionState,
    Facts,
    Level,
    OrderFacts,
    OrderState,
    PartFacts,
    RequestFacts,
    RequestKind,
    RequestState,
    State,
    SupervisionFacts,
    SupervisionState,
    Thing,
)
from services.moves.draft.rows import Row

if TYPE_CHECKING:
    from services.moves.draft.draft import Draft


def case_facts(draft: "Draft", orders: tuple[OrderFacts, ...], **about: Any) -> Facts:  # noqa: ANN401 - fields of `Facts`
    """A frozen picture of the case; `about` are the things that a move is about, by their fields of `Facts`."""
    case, known = draft.case, draft.catalogue
    return Facts(
        state=State(case["state"]),
        urgency=case["urgency"],
        category=case["category"],
        level=Level(case["level"]) if case["level"] else None,
        authority=Level(case["authority"]) if case["authority"] else None,
        holder_unit_id=case["holder_unit_id"],
        area_line=draft.area_line,
        reporter_id=case["requester_id"],
        orders=tuple(o for o in orders if o.no > case["orders_before"]),
        tried=frozenset(unit for o in orders if o.state is not OrderState.RECALLED for unit in (o.unit_id, known.present(o.unit_id))),
        needs_check=case["needs_check"],
        solved=case["solved"],
        score=case["score"],
        **about,
        asks=waiting_requests(draft),
        rights=known.routing.rights(case["level"], case["category"]),
        hops=case["hops"],
        reporters=draft.reporter_ids(),
        rated=case["solved"] is not None,
        rechecks=case["rechecks"],
        upstream=case["upstream_no"] is not None and case["upstream_replied_at"] is None,
        sensed=case["source"] == SENSOR,
        **(_restricted(draft) if case["sensitive"] else {}),
    )


def order_facts(draft: "Draft") -> tuple[OrderFacts, ...]:
    """What guards may know of the work orders."""
    stages = _stages(draft) if draft.orders else ()
    return tuple(
        OrderFacts(
            no,
            o["unit_id"],
            o["assigned_unit_id"],
            o["lead"],
            OrderState(o["state"]),
            o["contacted_at"] is not None,
            o["controlled_at"] is not None,
            o["deemed"],
            tuple(code for code in stages if code not in o["stages"]) if o["lead"] else (),
            o["extension_no"] is not None,
            o["returnable"],
            tries=o["tries"],
            gentle=o["unit_id"] in draft.catalogue.gentle,
        )
        for no, o in draft.orders.items()
    )


def _stages(draft: "Draft") -> tuple[str, ...]:
    """Codes of the milestones that the lead has to reach one after the other, under the policy stamped on the case."""
    policy = draft.catalogue.policies[draft.case["policy_version"]]
    return tuple(stage.code for stage in policy.stages(draft.matter()))


def _restricted(draft: "Draft") -> Row:
    """What guards know of a sensitive case besides."""
    case = draft.case
    kind = draft.catalogue.sensitive[case["sensitive"]]
    return {
        "sensitive": case["sensitive"],
        "readers": frozenset(case["readers"]),
        "statutory": kind.report_to is not None and case["statutory_at"] is None,
    }


def waiting_requests(draft: "Draft") -> tuple[RequestFacts, ...]:
    """Requests that wait for a decision."""
    return tuple(
        RequestFacts(no, RequestKind(kind), RequestState.ASKED, order_no, unit_id, by)
        for no, kind, order_no, unit_id, by in draft.case["asks"]
    )


def request_facts(draft: "Draft", no: int | None) -> RequestFacts | None:
    """What guards may know of a request; None where there is no such request."""
    row = draft.requests.get(no) if no is not None else None
    if row is None:
        return None
    kind, state = RequestKind(row["kind"]), RequestState(row["state"])
    return RequestFacts(row["no"], kind, state, row["order_no"], row["unit_id"], row["asked_by"])


def extension_facts(draft: "Draft", no: int | None) -> ExtensionFacts | None:
    """What guards may know of a request for more time; None where there is none."""
    row = draft.extensions.get(no) if no is not None else None
    if row is None:
        return None
    return ExtensionFacts(ExtensionState(row["state"]), row["order_no"], draft.orders[row["order_no"]]["unit_id"])


def supervision_facts(draft: "Draft", seq: int | None) -> SupervisionFacts | None:
    """What guards may know of a supervision order; None where there is none."""
    row = draft.supervision.get(seq) if seq is not None else None
    return None if row is None else SupervisionFacts(SupervisionState(row["state"]), row["unit_id"], row["rank"] == "listed")


def beside(draft: "Draft", affair_seq: int | None, part_no: int | None) -> Row:
    """The affair that a move is about, or the part with its affair."""
    part = draft.parts.get(part_no) if part_no is not None else None
    affair = affair_facts(draft, part["seq"] if part is not None else affair_seq)
    return {"affair": affair, "part": next((p for p in affair.parts if p.no == part_no), None) if affair is not None else None}


def affair_facts(draft: "Draft", seq: int | None) -> AffairFacts | None:
    """What guards may know of an affair and its parts; None where there is no such affair."""
    row = draft.affairs.get(seq) if seq is not None else None
    if row is None:
        return None
    return AffairFacts(
        row["seq"],
        Thing(row["thing"]),
        row["state"],
        row["unit_id"],
        row["asker_id"],
        row["opened_by"],
        row["quantity"],
        tuple(_part_facts(p) for p in draft.parts_of(row["seq"])),
        row["data"],
        row["staff_id"],
    )


def _part_facts(row: Row) -> PartFacts:
    who = (row["unit_id"], row["staff_id"], row["requester_id"])
    return PartFacts(row["no"], Thing(row["thing"]), row["state"], *who, row["quantity"], row["done"], row["data"])
