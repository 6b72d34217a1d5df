from datetime import UTC, datetime, timedelta
from services.why import explain, lines, Which
import pytest
@pytest.mark.parametrize("K",["handle","hold_cap","overall","accept","contact"])
def test_it(sqlite_town, K):
    town = sqlite_town
    town.now = datetime(2026, 9, 28, 2, 42, tzinfo=UTC)
    case = town.reports("5号楼前下水道堵了，污水外溢")
    town.turn()
    for o in town.orders(case):
        town.order(case, "acknowledge", f"{o.code}.clerk", o.code)
    town.fast_forward(until=datetime(2026, 9, 29, 7, 0, tzinfo=UTC))
    town.act(case, "hold", "centre.duty", reason="等设备")
    town.fast_forward(until=datetime(2026, 10, 8, 1, 30, tzinfo=UTC))
    town.act(case, "resume", "centre.duty")
    town.turn()
    with town.context.database.unit_of_work() as s:
        for e in explain(s, town.case(case).no, town.now, Which(stopped=True, kind=K)):
            for l in ("zh","en"):
                print("\n".join(lines(e, l))); print()
