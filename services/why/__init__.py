"""Why is it due then? Clocks explained from the journal, the calendar and the policy alone (docs/why.md)."""

from services.why.explaining import Which, explain, explain_read
from services.why.explanation import Explanation, as_json, for_public
from services.why.telling import lines

__all__ = ["Explanation", "Which", "as_json", "explain", "explain_read", "for_public", "lines"]
