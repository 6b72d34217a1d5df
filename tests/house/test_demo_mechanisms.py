"""The demonstration district: one live example of each mechanism, made once, and sound."""

from datetime import timedelta

from sqlalchemy import func, select

from demo.showing import examples, show_all
from models import Affair, Case, Journal, table
from rules.handling import AFFAIRS, HANDLING
from tests.support.sound import complaints
from tests.support.town import Town

#: What every case of the district shows anyway, or the law wants switched off.
SHOWN_ANYWAY = {"levels", "supervision", "smart_dispatch", "ranking"}


def _counts(town: Town) -> list[int]:
    with town.context.database.unit_of_work() as session:
        run = session.connection().execute
        return [run(select(func.count()).select_from(table(model))).scalar_one() for model in (Affair, Case, Journal)]


def test_every_mechanism_has_a_live_example_that_is_made_once(town: Town) -> None:
    assert set(examples()) == set(HANDLING) - SHOWN_ANYWAY
    assert show_all(town.context.database, town.now) == []
    counts = _counts(town)
    assert show_all(town.context.database, town.now) == []
    assert _counts(town) == counts, "the second time makes nothing"
    with town.context.database.unit_of_work() as session:
        shown = set(session.connection().execute(select(table(Affair).c.thing)).scalars())
    assert shown == {thing.value for thing in AFFAIRS}
    town.turn()
    assert complaints(town.context.database, town.now) == []
    town.fast_forward(until=town.now + timedelta(days=1))
    assert complaints(town.context.database, town.now) == []
