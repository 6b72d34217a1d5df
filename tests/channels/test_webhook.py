"""The signed webhook: what a receiver is told, what it can check, and what its answers mean."""

import hashlib
import hmac
from collections.abc import Iterator

import pytest

from notifications.channels.bus import Channels
from notifications.outcome import Outgoing, Trouble, Verdict
from tests.support.listening import Asked, Listening, http

SECRET = "钥匙 k/ey"
FROM_US = Outgoing(12, "city", "zhangsan", "工单\r\nX-Evil: 1", "请签收。\n第二行", urgent=True, resent=True)


@pytest.fixture
def receiver() -> Iterator[Listening]:
    with http() as server:
        yield server


@pytest.fixture
def city(receiver: Listening) -> Channels:
    return Channels({"city": f"hook://:%E9%92%A5%E5%8C%99%20k%2Fey@127.0.0.1:{receiver.port}/in%20box?tls=no"})


def signed(asked: Asked) -> bool:
    """What a receiver does, written from docs/channels.md."""
    mac = hmac.new(SECRET.encode(), asked.headers["x-bihuan-timestamp"].encode() + b"." + asked.body, hashlib.sha256)
    return hmac.compare_digest(asked.headers["x-bihuan-signature"], "sha256=" + mac.hexdigest())


def test_a_receiver_is_told_everything_and_can_check_it(city: Channels, receiver: Listening) -> None:
    assert city.send(FROM_US).verdict is Verdict.ACCEPTED
    (asked,) = receiver.asked
    assert (asked.method, asked.path) == ("POST", "/in%20box")
    assert asked.json == {
        "event": "message",
        "reference": "BH12",
        "channel": "city",
        "to": "zhangsan",
        "subject": "工单\r\nX-Evil: 1",
        "text": "请签收。\n第二行",
        "urgent": True,
        "resent": True,
    }
    assert signed(asked)
    assert asked.headers["idempotency-key"] == asked.headers["x-bihuan-reference"] == "BH12"
    assert "x-evil" not in asked.headers


def test_every_attempt_of_a_message_has_the_same_key(city: Channels, receiver: Listening) -> None:
    for _ in range(2):
        city.send(FROM_US)
    assert {asked.headers["idempotency-key"] for asked in receiver.asked} == {"BH12"}


@pytest.mark.parametrize(
    ("status", "verdict", "trouble"),
    [
        (200, Verdict.ACCEPTED, None),
        (204, Verdict.ACCEPTED, None),
        (409, Verdict.ACCEPTED, None),
        (301, Verdict.TEMPORARY, Trouble.CREDENTIALS),
        (400, Verdict.PERMANENT, None),
        (401, Verdict.TEMPORARY, Trouble.CREDENTIALS),
        (403, Verdict.TEMPORARY, Trouble.CREDENTIALS),
        (404, Verdict.TEMPORARY, Trouble.CREDENTIALS),
        (408, Verdict.TEMPORARY, None),
        (410, Verdict.PERMANENT, None),
        (422, Verdict.PERMANENT, None),
        (425, Verdict.TEMPORARY, None),
        (429, Verdict.TEMPORARY, Trouble.THROTTLED),
        (500, Verdict.TEMPORARY, Trouble.DOWN),
        (503, Verdict.TEMPORARY, Trouble.DOWN),
        (599, Verdict.TEMPORARY, Trouble.DOWN),
    ],
)
def test_what_an_answer_means(city: Channels, receiver: Listening, status: int, verdict: Verdict, trouble: Trouble | None) -> None:
    receiver.answers = lambda _: (status, b"")
    outcome = city.send(FROM_US)
    assert (outcome.verdict, outcome.trouble, outcome.code) == (verdict, trouble, str(status))


@pytest.mark.parametrize(
    ("said", "known_as"),
    [({"id": "X9"}, "X9"), ({"id": 7}, "7"), ({"id": {}}, None), ([1], None), (b"ok", None), ({"id": "y" * 99}, "y" * 80)],
)
def test_a_receiver_may_name_the_message(city: Channels, receiver: Listening, said: object, known_as: str | None) -> None:
    receiver.answers = lambda _: (200, said)
    assert city.send(FROM_US).provider_id == known_as


@pytest.mark.parametrize(
    ("status", "key", "ok"), [(204, "logged_in", True), (401, "credentials", False), (422, "refused", False), (500, "refused", False)]
)
def test_a_check_sends_a_signed_ping_and_no_message(city: Channels, receiver: Listening, status: int, key: str, ok: bool) -> None:
    receiver.answers = lambda _: (status, b"")
    (finding,) = city.check("city")
    assert (finding.key, finding.ok) == (f"channel_check.{key}", ok)
    (asked,) = receiver.asked
    assert asked.json == {"event": "ping"}
    assert signed(asked)
    assert "idempotency-key" not in asked.headers


def test_nobody_can_be_asked_what_became_of_it(city: Channels) -> None:
    assert city.ask(FROM_US, None).code == "not_askable"
