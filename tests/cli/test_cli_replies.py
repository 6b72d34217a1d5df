"""Short messages that wait for a person, on the command line."""

import pytest

from clock import utcnow
from notifications.outcome import Inbound
from services import replies


@pytest.fixture
def reply(bihuan):
    """Somebody whom nobody knows has written; the number of the reply."""
    with bihuan.database.unit_of_work() as session:
        replies.take(session, "sms", [Inbound("up-1", "13900000009", "还在漏水，请打13812345678")], utcnow())
    (found,) = bihuan("notify", "replies", "--json").json
    return found["id"]


def test_what_waits_is_listed_without_numbers_of_people(bihuan, reply):
    (found,) = bihuan("notify", "replies", "--json").json
    assert {k: found[k] for k in ("phone", "text", "outcome", "no", "settled_at")} == {
        "phone": "139****0009",
        "text": "还在漏水，请打138****",
        "outcome": "reply_unknown_sender",
        "no": None,
        "settled_at": None,
    }
    shown = bihuan("notify", "replies")
    assert all(words in shown.out for words in ("139****0009", "不认识这个号码", "还在漏水"))
    assert "13900000009" not in shown.out


def test_one_is_settled_by_the_centre_and_off_the_list(bihuan, reply):
    nobody = bihuan("notify", "replies", "--settle", reply)
    assert (nobody.code, "--as" in nobody.err) == (1, True)
    assert bihuan("notify", "replies", "--settle", reply, "--as", "water.clerk").code == 1
    settled = bihuan("notify", "replies", "--settle", reply, "--as", "centre.duty")
    assert (settled.code, "13900000009" in settled.out) == (0, True)
    assert "没有要人看的短信回复" in bihuan("notify", "replies").out
    assert [r["id"] for r in bihuan("notify", "replies", "--all", "--json").json] == [reply]
    again = bihuan("notify", "replies", "--settle", reply, "--as", "centre.duty", "--json")
    assert (again.code, "已经处理过" in again.err) == (1, True)
