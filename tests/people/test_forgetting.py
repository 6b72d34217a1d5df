"""Replies, keys and digests of residents go along with the cases that are anonymised."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select

from models import AnswerCode, Message, Reply, Requester, table
from notifications.outcome import Inbound
from services import replies
from services.privacy.retention import Emptied, Retention
from tests.support.answered import keys_of
from tests.support.rated import FIRST, fed_back, resident
from tests.support.town import Town

DAYS = 100
STRANGER = "13900000009"
_reply, _answer, _message, _requester = table(Reply), table(AnswerCode), table(Message), table(Requester)


def runs(town: Town, folder: Path) -> Emptied:
    return Retention(town.context.database, folder / "files", DAYS, "system").run(town.now, lambda _done, _whole: None)


def writes(town: Town, text: str, phone: str, provider_id: str) -> None:
    with town.context.database.unit_of_work() as session:
        replies.take(session, "sms", [Inbound(provider_id, phone, text)], town.now)


def rated(town: Town) -> int:
    """A case that its reporter has called solved by short message, and that is closed."""
    case = fed_back(town)
    writes(town, "Y", FIRST, "up-1")
    town.turn()
    assert town.state(case) == "closed"
    return case


def kept(town: Town) -> list[Any]:
    return town.rows(select(_reply).order_by(_reply.c.id))


def digest(town: Town) -> int:
    """A message that spoke of several cases to the resident."""
    row = {
        "dedupe_key": "digest:r1",
        "notice": "digest",
        "channel": "sms",
        "requester_id": resident(town, FIRST),
        "recipient": f"r{resident(town, FIRST)}",
        "about": {"count": 3},
        "state": "accepted",
        "queued_at": town.now,
        "wording": "您有3件",
    }
    with town.context.database.unit_of_work() as session:
        return int(session.connection().execute(insert(_message).values(row).returning(_message.c.id)).scalar_one())


def test_replies_keys_and_digests_go_and_that_there_was_an_answer_stays(town: Town, tmp_path: Path) -> None:
    case = rated(town)
    keys_of(town, case, "fed_back")
    writes(town, "谢谢你们", FIRST, "up-2")
    writes(town, "有事", STRANGER, "up-3")
    carrier = digest(town)
    town.now += timedelta(days=DAYS + 1)
    assert runs(town, tmp_path).cases == 1
    assert [(r.provider_id, r.phone, r.text, r.requester_id, r.meaning, r.outcome) for r in kept(town)] == [
        ("up-1", "", "", None, "solved", "done"),
        ("up-2", "", "", None, "unclear", "reply_unclear"),
    ]
    assert town.rows(select(_answer)) == []
    (row,) = town.rows(select(_message).where(_message.c.id == carrier))
    assert (row.wording, row.about) == (None, {})
    assert [r.key for r in town.rows(select(_requester))] == ["nobody"], "the resident is forgotten"
    assert runs(town, tmp_path) == Emptied()


def test_what_is_younger_or_of_a_case_that_goes_on_stays(town: Town, tmp_path: Path) -> None:
    going_on = fed_back(town)
    keys = keys_of(town, going_on, "fed_back")
    town.now += timedelta(days=DAYS - 1)
    writes(town, "还在漏水", FIRST, "up-1")
    writes(town, "有事", STRANGER, "up-2")
    carrier = digest(town)
    town.now += timedelta(days=2)
    runs(town, tmp_path)
    assert [(r.phone, r.text) for r in kept(town)] == [(FIRST, "还在漏水"), (STRANGER, "有事")]
    assert keys_of(town, going_on, "fed_back") == keys
    assert town.rows(select(_message.c.wording).where(_message.c.id == carrier))[0].wording == "您有3件"


def test_a_resident_whose_only_reply_belongs_to_no_case_is_forgotten_all_the_same(town: Town, tmp_path: Path) -> None:
    case = fed_back(town)
    town.act(case, "rate", f"resident:{FIRST}", solved=True)
    town.turn()
    assert town.state(case) == "closed"
    town.now += timedelta(days=DAYS + 1)
    with town.context.database.unit_of_work() as session:
        row = {"channel": "sms", "provider_id": "1", "requester_id": resident(town, FIRST), "phone": FIRST, "text": "有事"}
        row |= {"received_at": town.now, "meaning": "unclear", "outcome": "reply_unclear"}
        session.connection().execute(insert(_reply).values(row))
    assert runs(town, tmp_path).reporters == 1
    assert [(r.phone, r.text, r.requester_id) for r in kept(town)] == [("", "", None)]
