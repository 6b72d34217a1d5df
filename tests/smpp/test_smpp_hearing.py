"""What comes back over SMPP: receipts, replies, answers to questions; and lines that are lost."""

import asyncio
import struct
import threading
from pathlib import Path

import pytest
import smpp34

from notifications.channels.bus import Channels
from notifications.outcome import Confirmation, Finding, Inbound, Verdict
from notifications.sms import smpp_session
from notifications.sms.parts import parts
from notifications.variables import units
from tests.support.asking import channel, message
from tests.support.centre import ENQUIRE, UNBIND, Centre, centre
from tests.support.listening import papers
from tests.support.operators import bound, settled
from tests.support.processes import until


def hears(channels: Channels) -> list[Confirmation | Inbound]:
    found: list[Confirmation | Inbound] = []
    until(lambda: bool(found.extend(channels.heard("sms")) or found), 10, "something heard")
    return found


@pytest.mark.parametrize(
    ("parts_said", "told"),
    [
        ((b"1 DELIVRD",), []),
        ((b"1 DELIVRD", b"2 DELIVRD"), [("DELIVRD", True)]),
        ((b"2 DELIVRD", b"1 UNDELIV"), [("DELIVRD", True), ("UNDELIV", False)]),
        ((b"1 UNDELIV", b"2 DELIVRD"), [("UNDELIV", False)]),
        ((b"1 UNDELIV", b"2 UNDELIV"), [("UNDELIV", False)]),
    ],
)
def test_the_last_part_speaks_for_the_whole_and_one_that_failed_fails_it(
    smsc: Centre, channels: Channels, parts_said: tuple[bytes, ...], told: list[tuple[str, bool]]
) -> None:
    assert channels.send(message("长" * 100)).provider_id == "smsc-2"
    for said in parts_said:
        smsc.deliver("13800138000", b"id:smsc-%b stat:%b" % tuple(said.split()), esm_class=4)
    settled(smsc)
    assert channels.heard("sms") == [Confirmation("smsc-2", None, status, delivered) for status, delivered in told]


def test_what_came_before_it_was_closed_is_told_without_a_new_bind(smsc: Centre, channels: Channels) -> None:
    channels.send(message())
    smsc.deliver("13800138000", b"Y")
    settled(smsc)
    channels.close()
    assert [found.text for found in channels.heard("sms") if isinstance(found, Inbound)] == ["Y"]
    assert (channels.heard("sms"), len(smsc.binds)) == ([], 1)


def test_channels_go_on_with_the_lines_that_lead_where_they_led(smsc: Centre) -> None:
    url = f"smsc://bihuan:s%40cret@127.0.0.1:{smsc.port}/?from=10690&tls=no"
    before = Channels({"sms": url, "other": url})
    assert before.send(message()).taken
    after = Channels({"sms": url, "other": f"{url}&wait=9"})
    after.go_on_with(before)
    assert before.end(after) == {"other": []}
    assert after.send(message()).taken
    assert len(smsc.binds) == 1
    smsc.deliver("13800138000", b"id:smsc-1 stat:DELIVRD", esm_class=4)
    settled(smsc)
    assert after.end() == {"sms": [Confirmation("smsc-1", None, "DELIVRD", True)], "other": []}
    assert after.send(message()).taken
    assert not after._lines["sms"]._way._session.alive, "who uses what has ended leaves nothing open"  # type: ignore[union-attr]


def test_a_line_that_was_lost_is_bound_anew_for_the_next_message(smsc: Centre, channels: Channels) -> None:
    assert channels.send(message()).taken
    smsc.cut()
    until(lambda: channels.send(message()).taken, 10, "a message over a new line")
    assert len(smsc.binds) == 2


def test_a_lost_line_is_bound_anew_by_listening(smsc: Centre, channels: Channels) -> None:
    assert channels.heard("sms") == []
    smsc.cut()
    until(lambda: channels.heard("sms") == [] and len(smsc.binds) == 2, 10, "a second bind")


def test_a_silent_link_is_asked_whether_it_lives_and_given_up(smsc: Centre, channels: Channels, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smpp_session, "LINK_SECONDS", 1.0)
    assert channels.send(message()).taken
    asked: list[int] = []
    smsc._answer = lambda *_: asked.append(_[1])  # type: ignore[method-assign, assignment]
    until(lambda: ENQUIRE in asked, 10, "enquire_link")
    del smsc._answer
    until(lambda: channels.heard("sms") == [] and len(smsc.binds) == 2, 10, "a second bind")


def test_the_centre_is_told_that_we_live_and_that_we_heard(smsc: Centre, channels: Channels) -> None:
    channels.send(message())
    smsc.say(struct.pack(">IIII", 16, ENQUIRE, 0, 99))
    smsc.heeds(ENQUIRE, 99)
    smsc.deliver("13800138000", b"id:x stat:DELIVRD", esm_class=4)
    smsc.heeds(0x05, 7)


def test_what_nobody_understands_is_answered_and_goes_no_further(smsc: Centre, channels: Channels) -> None:
    channels.send(message())
    smsc.say(struct.pack(">IIII", 16, 0x102, 0, 98))
    until(lambda: (0x80000000, 98) in smsc.answered, 10, "generic_nack")
    assert channels.send(message()).taken
    assert len(smsc.binds) == 1


def test_what_is_no_smpp_ends_the_line(smsc: Centre, channels: Channels) -> None:
    channels.send(message())
    smsc.say(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    until(lambda: channels.send(message()).taken and len(smsc.binds) == 2, 10, "a second bind")


@pytest.mark.parametrize(
    ("text", "delivered", "bad", "status"),
    [
        (b"id:smsc-1 sub:001 dlvrd:001 submit date:2611220800 done date:2611220801 stat:DELIVRD err:000 text:", True, False, "DELIVRD"),
        (b"id:smsc-1 sub:001 dlvrd:000 stat:UNDELIV err:MK:0001", False, True, "UNDELIV"),
        (b"id:smsc-1 stat:MK:0001 err:001", False, True, "MK:0001"),
        (b"id:smsc-1 stat:UNDELIV err:027", False, False, "UNDELIV"),
        (b"id:smsc-1 stat:EXPIRED", False, False, "EXPIRED"),
    ],
)
def test_a_receipt_in_words(smsc: Centre, channels: Channels, text: bytes, delivered: bool, bad: bool, status: str) -> None:
    channels.send(message())
    smsc.deliver("13800138000", text, esm_class=4)
    assert hears(channels) == [Confirmation("smsc-1", None, status, delivered, bad)]
    assert channels.heard("sms") == []


def test_a_receipt_in_optional_parameters_that_comes_in_crumbs(smsc: Centre, channels: Channels) -> None:
    channels.send(message())
    smsc.crumbs = True
    tlvs = [smpp34.Tlv(smpp34.TLV_RECEIPTED_MESSAGE_ID, b"smsc-1\0"), smpp34.Tlv(smpp34.TLV_MESSAGE_STATE, b"\x02")]
    smsc.deliver("13800138000", b"", esm_class=4, tlvs=tlvs)
    assert hears(channels) == [Confirmation("smsc-1", None, "DELIVRD", True)]


def test_what_is_not_the_last_word_is_no_receipt(smsc: Centre, channels: Channels) -> None:
    channels.send(message())
    smsc.deliver("13800138000", b"id:smsc-1 stat:ENROUTE", esm_class=4, number=1)
    smsc.deliver("13800138000", b"id:smsc-1 stat:DELIVRD", esm_class=0x20, number=2)
    smsc.deliver("13800138000", b"id:smsc-1 stat:UNKNOWN", esm_class=4, number=3)
    smsc.deliver("13800138000", b"id:smsc-1 stat:DELIVRD", esm_class=4, number=4)
    assert hears(channels) == [Confirmation("smsc-1", None, "DELIVRD", True)]


@pytest.mark.parametrize(
    ("data", "more"),
    [
        ("Y 已解决".encode("utf-16-be"), {"data_coding": 8}),
        ("Y 已解决".encode("gbk"), {"data_coding": 15}),
        (b"\x05\x00\x03\x01\x01\x01" + "Y 已解决".encode("utf-16-be"), {"data_coding": 8, "esm_class": 0x40}),
        (b"", {"data_coding": 8, "tlvs": [smpp34.Tlv(smpp34.TLV_MESSAGE_PAYLOAD, "Y 已解决".encode("utf-16-be"))]}),
    ],
)
def test_a_reply_is_heard_in_whatever_way_it_is_written(smsc: Centre, channels: Channels, data: bytes, more: dict[str, object]) -> None:
    channels.send(message())
    smsc.deliver("8613800138000", data, **more)
    (found,) = hears(channels)
    assert isinstance(found, Inbound)
    assert (found.phone, found.text) == ("13800138000", "Y 已解决")


def test_replies_over_different_lines_have_different_names(smsc: Centre, channels: Channels) -> None:
    channels.send(message())
    smsc.deliver("13800138000", b"Y")
    (first,) = hears(channels)
    smsc.cut()
    until(lambda: channels.heard("sms") == [] and len(smsc.binds) == 2, 10, "a second bind")
    smsc.deliver("13800138000", b"Y")
    (second,) = hears(channels)
    assert first.provider_id != second.provider_id


def test_what_came_before_a_line_was_lost_is_still_heard(smsc: Centre, channels: Channels) -> None:
    channels.send(message())
    smsc.deliver("13800138000", b"id:smsc-1 stat:DELIVRD", esm_class=4)
    smsc.heeds(0x05, 7)
    smsc.cut()
    until(lambda: channels.send(message()).taken and len(smsc.binds) == 2, 10, "a second bind")
    assert Confirmation("smsc-1", None, "DELIVRD", True) in hears(channels)


@pytest.mark.parametrize(
    ("state", "verdict"),
    [
        (1, Verdict.ACCEPTED),
        (2, Verdict.DELIVERED),
        (3, Verdict.PERMANENT),
        (5, Verdict.PERMANENT),
        (6, Verdict.ACCEPTED),
        (7, Verdict.UNKNOWN),
    ],
)
def test_a_message_is_asked_about_over_the_same_bind(smsc: Centre, channels: Channels, state: int, verdict: Verdict) -> None:
    provider_id = channels.send(message()).provider_id
    smsc.states = {"smsc-1": state}
    assert channels.ask(message(), provider_id).verdict is verdict
    assert len(smsc.binds) == 1


def test_what_the_centre_does_not_know_or_never_named_stays_unknown(smsc: Centre, channels: Channels) -> None:
    assert channels.ask(message(), "smsc-1").verdict is Verdict.UNKNOWN
    assert channels.ask(message(), None).verdict is Verdict.UNKNOWN


def test_a_check_binds_and_sends_nothing(smsc: Centre, channels: Channels) -> None:
    assert channels.check("sms") == [Finding(True, "channel_check.logged_in", {"host": "127.0.0.1"})]
    assert smsc.submitted == []


def test_a_check_tells_a_wrong_password(smsc: Centre, channels: Channels) -> None:
    smsc.bind_status = 0x0E
    (found,) = channels.check("sms")
    assert (found.ok, found.key, found.values["code"]) == (False, "channel_check.credentials", "ESME_RINVPASWD")


@pytest.mark.parametrize(
    "url",
    [
        "smsc://a@h/?from=1",
        "smsc://a:b@h/",
        "smsc://a:b@h/?from=1&colour=red",
        "smsc://a:b@h/?from=1&tls=maybe",
        "smsc://a:b@h/?from=106-90",
    ],
)
def test_an_address_that_cannot_be_used_is_refused(url: str) -> None:
    (found,) = channel(url).check("sms")
    assert not found.ok


def test_a_channel_that_is_closed_unbinds_and_may_be_used_again(smsc: Centre, channels: Channels) -> None:
    seen: list[int] = []
    act = smsc._act
    smsc._act = lambda line, command, *rest: (seen.append(command), act(line, command, *rest))[1]  # type: ignore[method-assign]
    assert channels.send(message()).taken
    channels.close()
    until(lambda: UNBIND in seen, 10, "the good-bye")  # the centre reads in a thread of its own
    assert channels.send(message()).taken


def test_over_tls_with_an_authority_of_ones_own(tmp_path: Path) -> None:
    made = papers(tmp_path)
    with centre(made.server()) as smsc:
        trusting, careful = bound(smsc, f"&ca={made.authority}"), bound(smsc, "")
        assert trusting.send(message("长" * 100)).taken
        smsc.deliver("13800138000", b"id:smsc-2 stat:DELIVRD", esm_class=4)
        assert hears(trusting) == [Confirmation("smsc-2", None, "DELIVRD", True)]
        outcome = careful.send(message())
        assert (outcome.verdict, outcome.code) == (Verdict.TEMPORARY, "certificate")
        trusting.close()


def test_a_centre_made_by_others_understands_us() -> None:
    """smpp34.Server, written in Rust by other people: bind, a message in parts, throttling, a receipt."""
    with foreign() as (port, sent):
        channels = channel(f"smsc://bihuan:secret@127.0.0.1:{port}/?from=10690&tls=no")
        assert channels.send(message("长" * 100)).provider_id == "rust-2"
        assert channels.send(message("throttle")).code == "ESME_RTHROTTLED"
        assert Confirmation("rust-2", None, "DELIVRD", True) in hears(channels)
        assert channels.check("sms")[0].ok
        channels.close()
    assert b"".join(event[6:] for event in sent[:2]).decode("utf-16-be") == "长" * 100


class foreign:  # noqa: N801 - a context manager
    """Run smpp34.Server in a thread: it refuses what says "throttle", and confirms the rest at once."""

    def __enter__(self) -> tuple[int, list[bytes]]:
        self.sent: list[bytes] = []
        self.loop = asyncio.new_event_loop()
        self.ready = threading.Event()
        self.thread = threading.Thread(target=self.loop.run_until_complete, args=(self.serve(),))
        self.thread.start()
        assert self.ready.wait(10)
        return self.port, self.sent

    def __exit__(self, *_: object) -> None:
        self.loop.call_soon_threadsafe(self.task.cancel)
        self.thread.join(10)
        self.loop.close()

    async def serve(self) -> None:
        import socket

        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        server = smpp34.Server("127.0.0.1", self.port, system_id="RUST")
        await server.start()
        self.task = asyncio.ensure_future(self.listen(server))
        self.ready.set()
        try:
            await self.task
        except asyncio.CancelledError:
            await server.stop()

    async def listen(self, server: smpp34.Server) -> None:
        bound: dict[str, smpp34.Esme] = {}
        while True:
            event = await server.next()
            if isinstance(event, smpp34.Esme):
                bound[event.session_id] = event
            elif isinstance(event, smpp34.SubmitSmEvent):
                if "throttle".encode("utf-16-be") in event.short_message:
                    event.reject(smpp34.ESME_RTHROTTLED)
                    continue
                self.sent.append(event.short_message)
                called = f"rust-{len(self.sent)}"
                event.accept(called)
                if event.registered_delivery:
                    words = f"id:{called} stat:DELIVRD err:000".encode()
                    await bound[event.session_id].deliver_sm("10690", words, source_addr="13800138000", esm_class=4)


@pytest.mark.parametrize(
    ("text", "sizes"),
    [
        ("字" * 70, [70]),
        ("字" * 71, [67, 4]),
        ("字" * 134, [67, 67]),
        ("字" * 135, [67, 67, 1]),
        ("字" * 66 + "😀字字字", [66, 5]),
        ("", [0]),
    ],
)
def test_a_text_is_cut_as_operators_count(text: str, sizes: list[int]) -> None:
    made = parts(text, 1)
    heads = 6 if len(made) > 1 else 0
    assert [(len(part) - heads) // 2 for part in made] == sizes
    assert "".join(part[heads:].decode("utf-16-be") for part in made) == text
    assert units(text) == sum(sizes)


def test_a_text_of_more_parts_than_can_be_numbered_is_refused() -> None:
    assert len(parts("字" * 67 * 255, 1)) == 255
    with pytest.raises(ValueError, match="256 parts"):
        parts("字" * 67 * 255 + "字", 1)
