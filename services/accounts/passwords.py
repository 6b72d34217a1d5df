"""Passwords: how they are kept, and which are taken. Argon2id as OWASP's Password Storage Cheat Sheet has it (19 MiB, 2 rounds)."""

import secrets
from typing import Final

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from rules.facts import Refused

LEAST: Final = 10  #: characters; NIST SP 800-63B asks for 8 at least, and for no rules about kinds of characters
MOST: Final = 200
_hash: Final = PasswordHash((Argon2Hasher(time_cost=2, memory_cost=19 * 1024, parallelism=1),))
#: Without what looks alike when it is read off a screen.
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
_GROUPS: Final = 4
_NOBODYS: Final = _hash.hash(secrets.token_urlsafe())


def hashed(password: str) -> str:
    """A password as it is kept. Takes tens of milliseconds: not to be called inside a transaction."""
    return _hash.hash(password)


def is_right(password: str, kept: str | None) -> bool:
    """Whether it is the password; takes as long where there is none. Not to be called inside a transaction."""
    right = _hash.verify(password[:MOST], kept or _NOBODYS)
    return right and kept is not None


def check(password: str, user: str) -> None:
    """See to it that a password may be taken.

    Raises:
        Refused: `password_short`, `password_long`, `password_obvious` (the user name is in it, or it has three different characters).
    """
    if len(password) < LEAST:
        raise Refused("password_short", least=LEAST)
    if len(password) > MOST:
        raise Refused("password_long", most=MOST)
    if user.lower() in password.lower() or len(set(password)) <= 3:
        raise Refused("password_obvious")


def invented() -> str:
    """A password that nobody guesses and everybody can read aloud: `k7mp-q2xd-…`, 80 bits nearly."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(_GROUPS))
