"""Our channels against the simulator: for every fault that it can play, what the channel says became of the message."""

from typing import Final

import pytest

from notifications.channels.bus import Channels
from notifications.outcome import Outgoing, Trouble, Verdict
from tests.support.sim import PASSWORD, USER, SimServer

pytestmark = pytest.mark.soak

SIGN: Final = "%E4%BA%94%E6%B2%BB%E8%81%94%E5%8A%A8"
#: Channel → vendor of the simulator, scheme, path with its options.
WAYS: Final = {
    "email": ("mail", "mail", f"/?from=bihuan@example.cn&name={SIGN}&tls=none"),
    "hook": ("hook", "hook", "/hook?tls=no"),
    "sms": ("gateway", "gwsms", "/gateway?tls=no"),
    "sms2": ("yunmas", "gwsms", "/sms/norsubmit?tls=no&body=yunmas&ec=city&signcode=s1"),
    "voice": ("voice", "voice", "/voice?tls=no"),
}
HTTP: Final = ("hook", "sms", "sms2", "voice")


def opened(sim: SimServer, code: str, password: str = PASSWORD) -> Channels:
    _, scheme, rest = WAYS[code]
    at = sim.smtp if code == "email" else sim.url.removeprefix("http://")
    return Channels({code: f"{scheme}://{USER}:{password}@{at}{rest}&private=yes&wait=1"}, allow_private=False)


def message(code: str, number: int = 12, *, resent: bool = False) -> Outgoing:
    to = {"email": "zhang@example.cn", "hook": "zhangsan"}.get(code, "13800138000")
    return Outgoing(
        number, code, to, "工单待签收" if code in ("email", "hook") else "", "【五治联动】工单“路灯不亮”请签收。", resent=resent
    )


@pytest.mark.parametrize("code", WAYS)
def test_what_is_taken_is_there_word_for_word(sim: SimServer, code: str) -> None:
    outcome = opened(sim, code).send(message(code))
    assert outcome.verdict is Verdict.ACCEPTED
    (arrived,) = sim.messages(vendor=WAYS[code][0])
    assert arrived["to"] == message(code).address
    assert arrived["text"].strip() == message(code).text
    assert arrived["provider_id"] == outcome.provider_id


@pytest.mark.parametrize("code", ["email", "hook", "sms", "voice"])
def test_what_is_sent_again_is_known_again(sim: SimServer, code: str) -> None:
    channels = opened(sim, code)
    assert channels.send(message(code)).taken
    assert channels.send(message(code, resent=True)).taken
    references = {arrived["reference"] for arrived in sim.messages()}
    assert len(references) == 1
    assert "BH12" in references.pop()
    if code != "email":  # a mailbox knows it again; a gateway does not even take it
        assert len(sim.messages(accepted="yes")) == 1


@pytest.mark.parametrize("code", WAYS)
def test_a_check_tells_right_accounts_from_wrong_ones_and_sends_nothing(sim: SimServer, code: str) -> None:
    assert [finding.key for finding in opened(sim, code).check(code)] == ["channel_check.logged_in"]
    assert [finding.key for finding in opened(sim, code, "wrong").check(code)] == ["channel_check.credentials"]
    assert opened(sim, code, "wrong").send(message(code)).trouble is Trouble.CREDENTIALS
    assert sim.messages(accepted="yes") == []


TEMPORARY, PERMANENT, UNKNOWN = Verdict.TEMPORARY, Verdict.PERMANENT, Verdict.UNKNOWN
FAULTS: Final = [
    *((code, "down", TEMPORARY, Trouble.DOWN) for code in HTTP),
    *((code, "credentials", TEMPORARY, Trouble.CREDENTIALS) for code in WAYS),
    *((code, "balance", TEMPORARY, Trouble.BALANCE) for code in HTTP),
    *((code, "throttle", TEMPORARY, Trouble.THROTTLED) for code in HTTP),
    *((code, "refuse", PERMANENT, None) for code in WAYS),
    *((code, "reset", UNKNOWN, Trouble.DOWN) for code in HTTP),
    *((code, "drop", UNKNOWN, Trouble.DOWN) for code in WAYS),
    *((code, "hang", UNKNOWN, Trouble.DOWN) for code in WAYS),
    *((code, "bad_number", PERMANENT, Trouble.NUMBER) for code in ("email", "sms", "sms2", "voice")),
    ("email", "down", TEMPORARY, Trouble.DOWN),
    ("email", "reset", TEMPORARY, Trouble.DOWN),
    ("email", "balance", TEMPORARY, None),
    ("email", "throttle", TEMPORARY, None),
    ("hook", "bad_number", PERMANENT, None),
]


@pytest.mark.parametrize(("code", "fault", "verdict", "trouble"), FAULTS)
def test_what_a_fault_means(sim: SimServer, code: str, fault: str, verdict: Verdict, trouble: Trouble | None) -> None:
    channels = opened(sim, code)
    vendor = WAYS[code][0]
    sim.fault(vendor, fault, at="answer", seconds=2)
    outcome = channels.send(message(code))
    assert (outcome.verdict, outcome.trouble) == (verdict, trouble), outcome
    assert bool(sim.messages(accepted="yes")) == (fault in ("drop", "hang"))
    sim.mend()
    assert channels.send(message(code, number=13)).taken  # and the channel works again


@pytest.mark.parametrize("code", ["sms", "voice"])
@pytest.mark.parametrize(("fault", "verdict"), [("drop", Verdict.ACCEPTED), ("reset", Verdict.ABSENT)])
def test_asking_tells_what_became_of_it(sim: SimServer, code: str, fault: str, verdict: Verdict) -> None:
    channels = opened(sim, code)
    sim.set_up(delay=60)
    sim.fault(WAYS[code][0], fault)
    assert channels.send(message(code)).verdict is Verdict.UNKNOWN
    sim.mend()
    asked = channels.ask(message(code), None)
    assert asked.verdict is verdict
    assert (asked.provider_id is not None) == (verdict is Verdict.ACCEPTED)
