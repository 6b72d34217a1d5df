"""What our plugins for instant messages have in common: one kept connection, words that fit."""

from collections.abc import Mapping
from typing import Any, Final

from notifications.channels.answers import is_wrong_key, not_read, refused, said, turned_away, unreadable, word
from notifications.channels.errors import Table
from notifications.channels.http import Answer, client_for
from notifications.channels.plugin import OwnPlugin
from notifications.outcome import Finding, Outcome, Outgoing

JSON: Final = {"Content-Type": "application/json; charset=utf-8"}
_CUT: Final = "…"
_NO_TAG: Final = str.maketrans({"<": "＜", ">": "＞"})
#: A robot that insists on a keyword says so with the code of a wrong signature; its token is right then.
_KEYWORDS: Final = ("keyword", "关键词")


class ImPlugin(OwnPlugin):
    """Base of the instant messengers."""

    def __init__(self, address: str, private: bool = False, **kwargs: Any) -> None:  # noqa: ANN401 - Apprise hands its own options through
        """Open nothing yet.

        Raises:
            BadUrl: a part or an option is missing, unknown or wrong.
        """
        super().__init__(address, private=private, **kwargs)
        self.endpoint.need("user", "host")
        self.client = client_for(self.endpoint, private=self.private)
        #: What stands before the vendor's own paths.
        self.root = self.endpoint.path.rstrip("/")

    def close(self) -> None:
        """Let go of the kept connection."""
        self.client.close()


def untagged(text: str) -> str:
    """Words in which a messenger finds no tag: some read `<a href>` and `<at user_id="all">` even in plain text, where a resident wrote it.

    The full-width sign looks alike everywhere; an entity would be shown as it is written where no tags are read.
    """
    return text.translate(_NO_TAG)


def worded(outgoing: Outgoing, most_bytes: int) -> str:
    """Subject and words in one text that fits, counted in UTF-8; without tags.

    What is too long is cut before its last line, which is where a link stands.
    """
    text = untagged(f"{outgoing.subject}\n{outgoing.text}" if outgoing.subject else outgoing.text)
    if len(text.encode()) <= most_bytes:
        return text
    head, _, last = text.rpartition("\n")
    tail = f"{_CUT}\n{last}" if head else _CUT
    room = most_bytes - len(tail.encode())
    if room <= 0:
        head, tail, room = text, _CUT, most_bytes - len(_CUT.encode())
    return (head or text).encode()[:room].decode(errors="ignore") + tail


def knocked(host: str, answer: Answer, code_name: str, words_name: str, table: Table) -> list[Finding]:
    """What a robot said to a message without words: refused it is in any case, and why tells whether token and signature are right."""
    found = said(answer)
    if found is None or code_name not in found:
        return [not_read(answer)]
    code, words = word(found, code_name), word(found, words_name)
    keyword = any(each in words.lower().replace(" ", "") for each in _KEYWORDS)
    if is_wrong_key(code, table) and not keyword:
        return [turned_away(host, code, words, key_is_wrong=True)]
    return [Finding(True, "channel_check.robot_answers", {"code": code})]


def refusal(answer: Answer, found: Mapping[str, Any] | None, code_name: str, words_name: str, table: Table) -> Outcome:
    """The outcome of an attempt whose answer is not the vendor's yes."""
    if found is None or code_name not in found:
        return unreadable(answer)
    return refused(answer, word(found, code_name), word(found, words_name), table)
