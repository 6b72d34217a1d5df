"""What arrives of a mail, and what the server's replies mean."""

import email
import email.policy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clock import utcnow
from notifications.mail.composing import compose, encoded
from notifications.outcome import Trouble, Verdict
from tests.support.post_office import SENDER, Post, opened, told

# what arrives ----------------------------------------------------------------------------------------------------------


def test_a_mail_arrives_as_it_was_meant(post: Post) -> None:
    channels = opened(post)
    outcome = channels.send(told())
    assert (outcome.verdict, outcome.code, outcome.provider_id) == (Verdict.ACCEPTED, "250", "4fQ9")
    (mail,) = post.mails()
    assert mail["subject"] == "工单待签收"
    assert mail["from"] == f"五治联动 <{SENDER}>"
    assert mail["to"] == "zhang@example.cn"
    assert mail["message-id"] == "<BH12@example.gov.cn>"
    assert mail["auto-submitted"] == "auto-generated"
    assert mail["date"].datetime.tzinfo is not None
    assert mail.get_content_type() == "text/plain"
    assert mail.get_content().splitlines() == ["第一行", "第二行"]
    assert (post.taken[0].mail_from, post.taken[0].rcpt_tos) == (SENDER, ["zhang@example.cn"])


def test_every_attempt_has_the_same_message_id(post: Post) -> None:
    channels = opened(post)
    for _ in range(2):
        channels.send(told())
    assert {mail["message-id"] for mail in post.mails()} == {"<BH12@example.gov.cn>"}


def test_a_server_that_names_nothing_is_known_by_the_message_id(post: Post) -> None:
    post.at_data = lambda _: "250 fine"
    assert opened(post).send(told()).provider_id == "<BH12@example.gov.cn>"


def test_a_line_that_begins_with_a_dot_stays(post: Post) -> None:
    opened(post).send(told(text=".\n..\nQUIT\n."))
    assert post.mails()[0].get_content().splitlines() == [".", "..", "QUIT", "."]


HEADERS = ["from", "to", "subject", "date", "message-id", "auto-submitted", "mime-version", "content-type", "content-transfer-encoding"]


@given(subject=st.text(max_size=200), name=st.text(max_size=80), text=st.text(max_size=300))
def test_nobody_can_add_a_header(subject: str, name: str, text: str) -> None:
    raw = compose(told(subject=subject, text=text), SENDER, name, utcnow())
    mail = email.message_from_bytes(raw)
    assert [key.lower() for key in mail] == HEADERS
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    assert raw.replace(b"\r\n", b"").count(b"\n") + raw.replace(b"\r\n", b"").count(b"\r") == 0
    assert not any(line.startswith(b".") for line in raw.split(b"\r\n"))
    assert raw.endswith(b"\r\n")
    said = mail.get_payload(decode=True)
    assert isinstance(said, bytes)
    assert said.decode() == "\r\n".join(text.splitlines()).encode("utf-8", "replace").decode()


@given(st.text(alphabet=st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=200))
def test_a_header_says_what_was_meant(text: str) -> None:
    from email.header import decode_header, make_header

    line = encoded(text)
    assert all(len(part) <= 75 for part in line.split("\r\n "))
    assert str(make_header(decode_header(line.replace("\r\n ", "\n ")))) == text.strip()


@pytest.mark.parametrize(
    "to", ["", "nobody", "a@b@c", "a b@example.cn", "a@example.cn\r\nRCPT TO:<evil@example.cn>", "<a@example.cn>", "张@example.cn"]
)
def test_what_is_no_mailbox_never_reaches_the_server(post: Post, to: str) -> None:
    outcome = opened(post).send(told(to))
    assert (outcome.verdict, outcome.trouble) == (Verdict.PERMANENT, Trouble.NUMBER)
    assert post.connections == []


# what the server says --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pipelining", [False, True])
@pytest.mark.parametrize(
    ("where", "reply", "verdict", "trouble"),
    [
        ("zhang@example.cn", "550 5.1.1 No such user here", Verdict.PERMANENT, Trouble.NUMBER),
        ("zhang@example.cn", "550 no such user", Verdict.PERMANENT, Trouble.NUMBER),
        ("zhang@example.cn", "551 moved", Verdict.PERMANENT, Trouble.NUMBER),
        ("zhang@example.cn", "553 mailbox name", Verdict.PERMANENT, Trouble.NUMBER),
        ("zhang@example.cn", "550 5.7.1 relaying denied", Verdict.PERMANENT, None),
        ("zhang@example.cn", "552 5.2.2 mailbox full", Verdict.PERMANENT, None),
        ("zhang@example.cn", "450 4.2.0 greylisted", Verdict.TEMPORARY, None),
        ("zhang@example.cn", "451 4.7.1 try again", Verdict.TEMPORARY, None),
        ("zhang@example.cn", "530 5.7.0 authentication required", Verdict.TEMPORARY, Trouble.CREDENTIALS),
        ("MAIL", "550 5.7.1 sender not allowed", Verdict.TEMPORARY, Trouble.CREDENTIALS),
        ("MAIL", "452 4.3.1 no room", Verdict.TEMPORARY, None),
        ("DATA", "554 5.7.1 rejected as spam", Verdict.PERMANENT, None),
        ("DATA", "451 4.3.0 try again", Verdict.TEMPORARY, None),
        ("DATA", "421 4.3.2 shutting down", Verdict.TEMPORARY, Trouble.DOWN),
    ],
)
def test_what_a_reply_means(post: Post, pipelining: bool, where: str, reply: str, verdict: Verdict, trouble: Trouble | None) -> None:
    post.pipelining = pipelining
    post.replies[where] = reply
    channels = opened(post)
    outcome = channels.send(told())
    assert (outcome.verdict, outcome.trouble, outcome.code) == (verdict, trouble, reply[:3])
    assert post.taken == []
    post.replies.clear()
    assert channels.send(told("li@example.cn")).taken  # the next one is not harmed
    assert post.taken[0].rcpt_tos == ["li@example.cn"]


def test_a_refused_recipient_is_told_without_his_address(post: Post) -> None:
    post.replies["zhang@example.cn"] = "550 5.1.1 <zhang@example.cn>: no such user"
    assert "zhang" not in opened(post).send(told()).words
