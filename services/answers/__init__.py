"""Answering without a login: short codes in SMS and links in e-mail and IM, each good for one matter of one person."""

from services.answers.acting import Said, answer
from services.answers.keys import Key
from services.answers.minting import mint
from services.answers.opening import Matter, opened

__all__ = ["Key", "Matter", "Said", "answer", "mint", "opened"]
