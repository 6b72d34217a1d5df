"""Polls on their own: the example of the demonstration."""

from sqlalchemy import select

from demo.mechanisms import polls as example
from models import Affair, table
from services.polls import poll_result
from tests.support.sound import complaints
from tests.support.town import Town


def test_the_example_is_made_once_and_sound(sqlite_town: Town) -> None:
    for _ in range(2):
        with sqlite_town.context.database.unit_of_work() as session:
            example.show(session, sqlite_town.now)
    (row,) = sqlite_town.rows(select(table(Affair).c.no).where(table(Affair).c.thing == "poll"))
    with sqlite_town.context.database.unit_of_work() as session:
        assert poll_result(session, row.no).n == 25
    assert complaints(sqlite_town.context.database, sqlite_town.now) == []
