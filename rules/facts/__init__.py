"""What a rule may know: states, levels, a frozen picture of a case, and who stands in which relation to it."""

from rules.facts.actors import STAFF, SYSTEM, Actor
from rules.facts.levels import Level
from rules.facts.picture import SENSOR, AffairFacts, Args, ExtensionFacts, Facts, OrderFacts, PartFacts, RequestFacts, SupervisionFacts
from rules.facts.refusing import Refused
from rules.facts.relations import RELATIONS, Who, is_centre
from rules.facts.states import (
    AUTOMATIC,
    FINAL,
    OPEN_ORDER,
    OPEN_SUPERVISION,
    STEP_OF,
    ExtensionState,
    OrderState,
    RequestKind,
    RequestState,
    State,
    Step,
    SupervisionState,
)
from rules.facts.things import Thing

__all__ = [
    "AUTOMATIC",
    "FINAL",
    "OPEN_ORDER",
    "OPEN_SUPERVISION",
    "RELATIONS",
    "SENSOR",
    "STAFF",
    "STEP_OF",
    "SYSTEM",
    "Actor",
    "AffairFacts",
    "Args",
    "ExtensionFacts",
    "ExtensionState",
    "Facts",
    "Level",
    "OrderFacts",
    "OrderState",
    "PartFacts",
    "Refused",
    "RequestFacts",
    "RequestKind",
    "RequestState",
    "State",
    "Step",
    "SupervisionFacts",
    "SupervisionState",
    "Thing",
    "Who",
    "is_centre",
]
