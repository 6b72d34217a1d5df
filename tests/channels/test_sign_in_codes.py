"""One-time codes by short message: six digits to the phone on record, ten minutes, five tries, once, and a session for links only."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from models import Message, SignInCode, Staff, begin_write, table
from rules.facts import Refused
from services.accounts import codes, sessions
from tests.support.delivering import deliver
from tests.support.in_hand import refused
from tests.support.moody import REFUSED, Moody, moody
from tests.support.town import Town

_message, _code, _staff = table(Message), table(SignInCode), table(Staff)
CLERK = "water.clerk"


def sends(town: Town) -> None:
    with town.context.database.unit_of_work() as session:
        codes.send(session, town.person_id(CLERK), town.now)


def enters(town: Town, given: str, who: str = CLERK) -> str:
    """A session's secret, or the code of the refusal."""
    with town.context.database.unit_of_work() as session:
        found = codes.check(session, town.person_id(who), given, "phone", town.now)
    return found.code if isinstance(found, Refused) else found


def arrives(town: Town, channels: Moody) -> str:
    """The code in the short message that came last."""
    deliver(town)
    return re.search(r"登录码(\d{6})", channels.sent[-1].text)[1]  # type: ignore[index]


def letters(town: Town) -> list[object]:
    return town.rows(select(_message).where(_message.c.notice == codes.NOTICE).order_by(_message.c.id))


def test_a_code_comes_by_sms_opens_one_short_session_and_stands_nowhere(town: Town) -> None:
    channels = moody(town)
    sends(town)
    code = arrives(town, channels)
    assert channels.ways() == ["sms"]
    (letter,) = letters(town)
    kept = town.rows(select(_code))[0]
    assert (letter.haste, letter.useful_until - letter.queued_at) == (0, codes.LASTS)
    assert [code in str(value) for value in (*letter, *kept)] == [False] * (len(letter) + len(kept)), (
        "neither code nor words with it are kept"
    )
    assert "登录码******" in letter.wording
    assert enters(town, code, who="water.head") == "sms_code_gone", "somebody else's code is no code"
    secret = enters(town, f" {code[:3]} {code[3:]} ")
    with town.context.database.unit_of_work() as session:
        assert sessions.signed_in(session, secret, town.now) is None, "it opens no console"
        assert sessions.signed_in_by_code(session, secret, town.now) == town.person_id(CLERK)
        assert sessions.signed_in_by_code(session, secret, town.now + codes.SESSION) is None
    assert enters(town, code) == "sms_code_gone", "once"


def test_after_five_wrong_tries_or_ten_minutes_the_right_one_is_none(town: Town) -> None:
    channels = moody(town)
    sends(town)
    code = arrives(town, channels)
    wrong = "000000" if code != "000000" else "000001"
    assert [enters(town, wrong) for _ in range(6)] == ["sms_code_wrong"] * 5 + ["sms_code_gone"]
    assert enters(town, code) == "sms_code_gone"
    town.now += timedelta(minutes=1)
    sends(town)
    newer = arrives(town, channels)
    town.now += codes.LASTS
    assert enters(town, newer) == "sms_code_gone"


def test_a_newer_code_ends_the_one_before_and_nobody_is_flooded(town: Town) -> None:
    channels = moody(town)
    sends(town)
    first = arrives(town, channels)
    assert refused("code_too_often", lambda: sends(town)).details == {"minutes": 2}
    for _ in range(4):
        town.now += timedelta(minutes=1)
        sends(town)
    assert arrives(town, channels) != first
    assert enters(town, first) == "sms_code_wrong"
    town.now += timedelta(minutes=1)
    refused("code_too_often", lambda: sends(town))
    assert len(letters(town)) == 5


def test_without_a_phone_there_is_no_code_and_no_other_way_is_taken(town: Town) -> None:
    channels = moody(town)
    channels.says("sms", REFUSED)
    sends(town)
    deliver(town)
    deliver(town, seconds=3600)
    assert (channels.ways(), len(letters(town))) == (["sms"], 1), "no deputy, no voice and no e-mail ever has it"
    with town.context.database.unit_of_work() as session:
        begin_write(session)
        session.connection().execute(update(_staff).where(_staff.c.name == CLERK).values(phone=None))
    town.now += timedelta(hours=1)
    with pytest.raises(Refused, check=lambda refusal: refusal.code == "code_no_phone"):
        sends(town)
