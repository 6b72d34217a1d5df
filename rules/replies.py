"""What a short message that somebody sent back means: only what cannot be meant otherwise, everything else is for a person."""

import re
import unicodedata
from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Meaning(StrEnum):
    """What an inbound short message says."""

    SOLVED = "solved"  #: 已解决
    UNSOLVED = "unsolved"  #: 没解决
    STOP = "stop"  #: 退订: send me no more
    UNCLEAR = "unclear"  #: a person has to read it


_WORDS: Final[Mapping[Meaning, tuple[str, ...]]] = {
    Meaning.SOLVED: (
        "y yes ye yy yyy 是 是的 是是 对 y是 y解决了 y已解决 solved fixed done",
        "解决了 已解决 已解决了 已经解决 已经解决了 都解决了 全解决了 问题解决了 问题已解决",
        "弄好了 修好了 处理好了 已处理好",
    ),
    Meaning.UNSOLVED: (
        "n no nn nnn 否 不是 没有 n否 n没解决 n没有解决 n未解决 unsolved notsolved notfixed",
        "没解决 没有解决 未解决 尚未解决 还没解决 还没有解决 没解决了 不解决 问题没解决 问题未解决",
        "未处理 没处理 没有处理 没好 没修好 没弄好 还没好",
    ),
    Meaning.STOP: (
        "td t 退订 取消订阅 回td退订 td退订 t退订 退订td 退订t stop unsubscribe",
        "不要再发 不要再发了 别发了 别再发了",
    ),
}
_MEANING: Final[Mapping[str, Meaning]] = {word: meaning for meaning, lines in _WORDS.items() for line in lines for word in line.split()}
#: A signature that some carriers put before or behind, quotation marks, blanks, punctuation: nothing of it says anything.
_SIGNATURE: Final = re.compile(r"^【[^】]*】|【[^】]*】$")
_MUTE: Final = re.compile(r"[\W_]+")
#: Politeness before and behind.
_POLITE: Final = re.compile(r"^(?:您好|你好|回复|答复|hello|hi)+|(?:谢谢(?:您|你们|你|了)?|多谢|感谢|辛苦了|thanks|thankyou|thx|please)+$")


def meaning_of(text: str) -> Meaning:
    """What somebody says: in full-width letters, with blanks, politely, in any case; never guessed from a part of the text."""
    plain = _SIGNATURE.sub("", unicodedata.normalize("NFKC", text).strip())
    plain = _MUTE.sub("", plain).lower()
    return _MEANING.get(plain) or _MEANING.get(_POLITE.sub("", plain), Meaning.UNCLEAR)
