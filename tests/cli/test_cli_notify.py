"""`bihuan notify test|status|dead|resend`: one real message, how the channels stand, what did not arrive, and sending it again."""

from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update

from clock import utcnow
from models import AdminEntry, Attempt, ChannelState, Message, table
from services.messages.testing import NOTICE
from tests.cli.conftest import Bihuan
from tests.cli.test_cli_channels import adds, aliyun, mail
from tests.support.sim import SimServer

_message, _attempt, _state, _admin = table(Message), table(Attempt), table(ChannelState), table(AdminEntry)
PHONE = "10012345678"


def rows(bihuan: Bihuan, what: object) -> list[object]:
    with bihuan.database.unit_of_work() as session:
        return list(session.connection().execute(what).all())  # type: ignore[call-overload]


def lose(bihuan: Bihuan, **values: object) -> int:
    """A message of a real case that its channel has refused for good; gives back its number."""
    bihuan.engine_turns(bihuan.submits())
    lost = {"state": "failed_perm", "attend_at": None, "attempts": 1, "error": "isv.MOBILE_NUMBER_ILLEGAL", **values}
    with bihuan.database.unit_of_work() as session:
        found = session.connection().execute(select(_message.c.id).order_by(_message.c.id.desc()).limit(1)).scalar_one()
        session.connection().execute(update(_message).where(_message.c.id == found).values(**lost))
        begun = {"begun_at": utcnow(), "ended_at": utcnow(), "outcome": "permanent", "code": "isv.MOBILE_NUMBER_ILLEGAL", "words": ""}
        session.connection().execute(insert(_attempt).values(message_id=found, no=1, asked=False, **begun))
        session.connection().execute(update(_message).where(_message.c.id != found).values(state="accepted", attend_at=None))
    return int(found)


def test_a_test_message_really_arrives_and_is_on_record(bihuan: Bihuan, sim: SimServer) -> None:
    adds(bihuan, "email", mail(sim))
    sent = bihuan("notify", "test", "email", "--to", "duty@example.cn", "--as", "admin")
    assert (sent.code, "已收下" in sent.out) == (0, True)
    (arrived,) = sim.messages(vendor="mail", to="duty@example.cn")
    assert "测试" in arrived["text"]
    (row,) = rows(bihuan, select(_message).where(_message.c.notice == NOTICE))
    assert (row.state, row.attempts, row.attend_at, row.provider_id is not None) == ("accepted", 1, None, True)
    assert "duty@example.cn" not in str(row), "whom it went to is nobody's business"
    ((outcome,),) = rows(bihuan, select(_attempt.c.outcome).where(_attempt.c.message_id == row.id))
    assert outcome == "accepted"
    assert str(row.provider_id) in sent.out


def test_a_test_message_that_is_refused_says_so(bihuan: Bihuan, sim: SimServer) -> None:
    adds(bihuan, "email", mail(sim))
    sim.fault("mail", "refuse", code="550")
    refused = bihuan("notify", "test", "email", "--to", "gone@example.cn", "--as", "admin", "--json")
    assert (refused.code, refused.json["outcome"], refused.json["code"][:3]) == (1, "permanent", "550")
    (row,) = rows(bihuan, select(_message).where(_message.c.notice == NOTICE))
    assert (row.state, row.attend_at) == ("failed_perm", None)
    assert bihuan("notify", "dead", "--json").json == [], "a test is for who makes it"
    assert "测试消息" in bihuan("notify", "resend", str(row.id), "--as", "admin").err


@pytest.mark.parametrize(("code", "to"), [("sms", "12345"), ("sms", "0512-66668888"), ("email", "nobody"), ("im", "a b"), ("pigeon", "x")])
def test_a_test_to_nowhere_is_refused_before_anything_is_sent(bihuan: Bihuan, code: str, to: str) -> None:
    for each in ("sms", "email", "im"):
        adds(bihuan, each, "record://")
    refused = bihuan("notify", "test", code, "--to", to, "--as", "admin")
    assert (refused.code, refused.err.count("\n")) == (1, 1)
    assert rows(bihuan, select(_message)) == []
    assert bihuan("notify", "test", "sms", "--to", PHONE, "--as", "water.head").code == 1


def test_a_public_gateway_without_an_approved_template_sends_no_test(bihuan: Bihuan, sim: SimServer) -> None:
    adds(bihuan, "sms", aliyun(sim))
    refused = bihuan("notify", "test", "sms", "--to", PHONE, "--as", "admin")
    assert (refused.code, "还没有审核通过的模板" in refused.err) == (1, True)
    assert sim.messages() == []


def test_the_standing_of_each_channel(bihuan: Bihuan) -> None:
    adds(bihuan, "sms", "record://")
    lost = lose(bihuan, channel="sms")
    until = utcnow() + timedelta(minutes=5)
    with bihuan.database.unit_of_work() as session:
        session.connection().execute(insert(_state).values(code="sms", failures=6, trips=1, open_until=until, reason="credentials"))
    found = {each["channel"]: each for each in bihuan("notify", "status", "--json").json}
    assert (found["sms"]["recent"]["failed_perm"], found["sms"]["breaker"]["open"]) == (1, True)
    assert found["sms"]["waiting"] == {}
    shown = bihuan("notify", "status").out
    assert ("账号或密钥不对" in shown.replace("\n", ""), "站内信" in shown) == (True, True)
    doctor = {check["name"]: check for check in bihuan("doctor", "--json").json["checks"]}
    assert (doctor["breakers"]["ok"], doctor["messages"]["ok"], doctor["replies"]["ok"]) == (False, False, True)
    assert lost in {letter["id"] for letter in bihuan("notify", "dead", "--json").json}


def test_a_channel_that_somebody_puts_right_is_tried_at_once(bihuan: Bihuan) -> None:
    adds(bihuan, "sms", "record://")
    until = utcnow() + timedelta(hours=1)
    waiting = lose(bihuan, channel="sms", state="queued", attend_at=until)
    with bihuan.database.unit_of_work() as session:
        session.connection().execute(insert(_state).values(code="sms", failures=6, trips=1, open_until=until, reason="credentials"))
    adds(bihuan, "sms", "record://", "--replace")
    ((open_until,),) = rows(bihuan, select(_state.c.open_until))
    ((attend_at,),) = rows(bihuan, select(_message.c.attend_at).where(_message.c.id == waiting))
    assert open_until == attend_at
    assert attend_at <= utcnow()


def test_a_dead_letter_is_listed_and_sent_again_once(bihuan: Bihuan) -> None:
    lost = lose(bihuan)
    (letter,) = bihuan("notify", "dead", "--json").json
    assert (letter["id"], letter["state"], letter["code"], letter["instead"]) == (lost, "failed_perm", "isv.MOBILE_NUMBER_ILLEGAL", None)
    assert letter["no"] in bihuan("notify", "dead").out
    assert bihuan("notify", "dead", "--channel", "pigeon", "--json").json == []
    assert bihuan("notify", "dead", "--since", "2099-01-01", "--json").json == []
    assert bihuan("notify", "resend", str(lost), "--as", "water.head").code == 1
    assert bihuan("notify", "resend", str(lost), "--as", "admin").code == 0
    (row,) = rows(bihuan, select(_message).where(_message.c.id == lost))
    assert (row.state, row.attend_at is not None, row.attempts) == ("failed_temp", True, 1)
    again = bihuan("notify", "resend", str(lost), "--as", "admin")
    assert (again.code, "已在排队" in again.err) == (1, True)
    assert bihuan("notify", "dead", "--json").json == []
    entries = rows(bihuan, select(_admin.c.actor, _admin.c.data).where(_admin.c.action == "messages_resent"))
    assert [(entry.actor, entry.data["messages"]) for entry in entries] == [("admin", [lost])]  # type: ignore[attr-defined]


def test_all_dead_letters_are_sent_again_but_those_that_would_mislead(bihuan: Bihuan) -> None:
    late, good = lose(bihuan, useful_until=utcnow() - timedelta(hours=1)), 0
    good = lose(bihuan)
    with bihuan.database.unit_of_work() as session:
        session.connection().execute(update(_message).where(_message.c.id == late).values(state="dead"))
    assert "已过" in bihuan("notify", "resend", str(late), "--as", "admin").err
    assert bihuan("notify", "resend", "--all-dead", "--as", "admin", "--json").json == {"queued": 1, "too_late": 1}
    assert bihuan("notify", "resend", "--all-dead", "--as", "admin", "--json").json == {"queued": 0, "too_late": 1}
    assert rows(bihuan, select(_message.c.state).where(_message.c.id == good)) == [("failed_temp",)]


def test_what_to_send_again_must_be_said(bihuan: Bihuan) -> None:
    assert bihuan("notify", "resend", "--as", "admin").code == 1
    assert bihuan("notify", "resend", "1", "--all-dead", "--as", "admin").code == 1
    assert "没有编号" in bihuan("notify", "resend", "4711", "--as", "admin").err


def test_a_case_shows_tries_and_what_became_of_each(bihuan: Bihuan) -> None:
    lost = lose(bihuan)
    (no,) = {letter["no"] for letter in bihuan("notify", "dead", "--json").json}
    (message,) = [m for m in bihuan("case", "show", no, "--json").json["messages"] if m["id"] == lost]
    assert [(tried["no"], tried["outcome"], tried["code"]) for tried in message["tries"]] == [(1, "permanent", "isv.MOBILE_NUMBER_ILLEGAL")]
    assert message["receipts"] == []
    assert "发送失败" in bihuan("case", "show", no).out


def test_somebody_is_reached_elsewhere_from_now_on(bihuan: Bihuan) -> None:
    def flagged() -> list[str]:
        return [str(each["kind"]) for each in bihuan("notify", "numbers", "list", "--json").json]

    assert bihuan("notify", "numbers", "flag", "water.clerk", "--as", "admin", "--reason", "empty", "--kind", "phone").code == 0
    assert flagged() == ["phone"]
    for wrong in (("--phone", "12345"), ("--phone", "0512-66668888"), ("--email", "x"), ("--im", "a b"), ()):
        refused = bihuan("staff", "address", "water.clerk", "--as", "admin", *wrong)
        assert (refused.code, refused.err.count("\n")) == (1, 1), wrong
    assert bihuan("staff", "address", "water.clerk", "--as", "water.head", "--phone", PHONE).code == 1
    assert bihuan("staff", "address", "water.clerk", "--as", "admin", "--phone", "+86 100-1234-5678", "--im", "wang.wu").code == 0
    assert flagged() == [], "a changed number is used again"
    assert bihuan("unit", "duty-phone", "water", "0512-66668888", "--as", "admin").code == 0
    assert bihuan("unit", "duty-phone", "water", "nothing", "--as", "admin").code == 1
    entries = rows(bihuan, select(_admin.c.data).where(_admin.c.action == "address_changed"))
    assert PHONE not in str(entries)
    assert (
        bihuan("staff", "add", "x.y", "--unit", "water", "--role", "clerk", "--zh", "甲", "--en", "A", "--as", "admin", "--phone", "1").code
        == 1
    )
