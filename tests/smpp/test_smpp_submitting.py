"""Messages go out over SMPP, whatever the centre answers."""

import pytest

from notifications.channels.bus import Channels
from notifications.outcome import Outcome, Trouble, Verdict
from tests.support.asking import message
from tests.support.centre import ENQUIRE, SUBMIT, Centre, centre
from tests.support.operators import bound, settled


def test_a_message_goes_out_as_ucs2_with_our_reference(smsc: Centre, channels: Channels) -> None:
    assert channels.send(message("【五治联动】请处理😀")) == Outcome(Verdict.ACCEPTED, "ESME_ROK", provider_id="smsc-1")
    (sent,) = smsc.submitted
    assert sent.short_message.decode("utf-16-be") == "【五治联动】请处理😀"
    assert (sent.source_addr, sent.destination_addr, sent.data_coding, sent.esm_class) == ("10690012345", "13800138000", 8, 0)
    assert sent.registered_delivery == 1
    assert [(tlv.tag, tlv.as_int()) for tlv in sent.tlvs] == [(0x0204, 42)]


def test_one_bind_serves_many_messages(smsc: Centre, channels: Channels) -> None:
    for _ in range(3):
        assert channels.send(message()).taken
    (bind,) = smsc.binds
    assert bind.startswith(b"bihuan\0s@cret\0\0\x34")


def test_a_long_message_goes_out_in_parts_that_belong_together(smsc: Centre, channels: Channels) -> None:
    text = "长" * 66 + "😀" + "短信" * 10
    outcome = channels.send(message(text, message_id=300))
    assert outcome.provider_id == "smsc-2"
    headers = [sent.short_message[:6] for sent in smsc.submitted]
    assert headers == [bytes((5, 0, 3, 300 & 0xFF, 2, 1)), bytes((5, 0, 3, 300 & 0xFF, 2, 2))]
    assert "".join(sent.short_message[6:].decode("utf-16-be") for sent in smsc.submitted) == text
    assert all(sent.esm_class == 0x40 for sent in smsc.submitted)
    assert [sent.registered_delivery for sent in smsc.submitted] == [2, 1]


def test_a_prefix_stands_before_the_number(smsc: Centre) -> None:
    channels = bound(smsc, "&tls=no&prefix=86&type=SMS")
    channels.send(message(to="+86 138-0013-8000"))
    channels.close()
    assert smsc.submitted[0].destination_addr == "8613800138000"
    assert b"\0SMS\0" in smsc.binds[0]


@pytest.mark.parametrize(
    ("status", "code", "verdict", "trouble"),
    [
        (0x58, "ESME_RTHROTTLED", Verdict.TEMPORARY, Trouble.THROTTLED),
        (0x14, "ESME_RMSGQFUL", Verdict.TEMPORARY, None),
        (0x0B, "ESME_RINVDSTADR", Verdict.PERMANENT, Trouble.NUMBER),
        (0x0A, "ESME_RINVSRCADR", Verdict.TEMPORARY, Trouble.CREDENTIALS),
        (0x08, "ESME_RSYSERR", Verdict.TEMPORARY, Trouble.DOWN),
        (0x65, "ESME_RX_P_APPN", Verdict.PERMANENT, None),
        (0x0463, "0x00000463", Verdict.TEMPORARY, None),
    ],
)
def test_the_answer_to_a_submission_is_read(
    smsc: Centre, channels: Channels, status: int, code: str, verdict: Verdict, trouble: Trouble | None
) -> None:
    smsc.statuses = [status]
    outcome = channels.send(message())
    assert (outcome.code, outcome.verdict, outcome.trouble) == (code, verdict, trouble)


def test_the_first_part_that_is_refused_decides(smsc: Centre, channels: Channels) -> None:
    smsc.statuses = [0, 0x58, 0]
    outcome = channels.send(message("长" * 150))
    assert (outcome.code, outcome.words, len(smsc.submitted)) == ("ESME_RTHROTTLED", "part 2 of 3", 2)


@pytest.mark.parametrize(
    ("status", "code", "trouble"),
    [(0x0E, "ESME_RINVPASWD", Trouble.CREDENTIALS), (0x0F, "ESME_RINVSYSID", Trouble.CREDENTIALS), (0x05, "ESME_RALYBND", Trouble.DOWN)],
)
def test_a_refused_bind_is_the_channels_trouble(smsc: Centre, channels: Channels, status: int, code: str, trouble: Trouble) -> None:
    smsc.bind_status = status
    outcome = channels.send(message())
    assert (outcome.verdict, outcome.code, outcome.trouble) == (Verdict.TEMPORARY, code, trouble)
    assert smsc.submitted == []


def test_nobody_there_is_for_now() -> None:
    with centre() as gone:
        pass
    outcome = bound(gone).send(message())
    assert (outcome.verdict, outcome.trouble) == (Verdict.TEMPORARY, Trouble.DOWN)


def test_a_line_cut_after_the_submission_leaves_it_unknown(smsc: Centre, channels: Channels) -> None:
    smsc.hangs_up = True
    assert channels.send(message()).verdict is Verdict.UNKNOWN
    assert len(smsc.submitted) == 1


def test_a_centre_that_does_not_answer_leaves_it_unknown(smsc: Centre) -> None:
    channels = bound(smsc, "&tls=no&wait=1")
    assert channels.send(message()).taken
    smsc.mute = True
    outcome = channels.send(message())
    assert (outcome.verdict, outcome.code) == (Verdict.UNKNOWN, "timeout")
    smsc.mute = False
    assert channels.send(message()).taken
    assert len(smsc.binds) == 1
    channels.close()


def test_an_answer_that_came_late_counts_and_nothing_is_submitted_twice(smsc: Centre) -> None:
    channels = bound(smsc, "&tls=no&wait=1")
    smsc.mute = True
    assert channels.send(message()).verdict is Verdict.UNKNOWN
    smsc.mute = False
    smsc._answer(smsc.lines[-1], SUBMIT, smsc.submitted[0].sequence_number, b"late-1\0")
    settled(smsc)
    assert channels.send(message()) == Outcome(Verdict.ACCEPTED, "ESME_ROK", provider_id="late-1")
    assert len(smsc.submitted) == 1
    assert channels.send(message()).provider_id == "smsc-2", "handed in again after its end, it is another"
    channels.close()


def test_parts_that_were_taken_are_not_submitted_again(smsc: Centre, channels: Channels) -> None:
    smsc.statuses = [0, 0x58, 0]
    assert channels.send(message("长" * 150)).verdict is Verdict.TEMPORARY
    assert channels.send(message("长" * 150)).provider_id == "smsc-4"
    assert [sent.short_message[5] for sent in smsc.submitted] == [1, 2, 2, 3]


def test_the_answer_to_something_else_is_no_answer(smsc: Centre) -> None:
    channels = bound(smsc, "&tls=no&wait=1")
    smsc._submit = lambda line, number, _: (smsc._answer(line, ENQUIRE, number), True)[1]  # type: ignore[method-assign]
    assert channels.send(message()).verdict is Verdict.UNKNOWN
    channels.close()
