"""Affairs beside the loop: opening them, finding them, reading them; what their moves do is in services/moves/affairs."""

from services.affairs.opening import Began, Plan, begin, open_on
from services.affairs.reading import AffairLine, AffairSheet, Ref, affairs, find, sheet

__all__ = ["AffairLine", "AffairSheet", "Began", "Plan", "Ref", "affairs", "begin", "find", "open_on", "sheet"]
