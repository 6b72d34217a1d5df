"""Access tokens and nonces: what holds for a while, and what may be used once."""

import secrets
from typing import Final

TOKEN_SECONDS: Final = 7200
MOST_NONCES: Final = 100_000


class Tokens:
    """Access tokens that were given out, and until when they hold."""

    def __init__(self) -> None:
        """None was."""
        self._until: dict[str, float] = {}

    def give(self, now: float) -> str:
        """Give out one; one asked for again while it holds is the same."""
        for token, until in self._until.items():
            if until > now:
                return token
        token = secrets.token_urlsafe(32)
        self._until = {token: now + TOKEN_SECONDS}
        return token

    def holds(self, token: str, now: float) -> bool:
        """Whether a token is good."""
        return self._until.get(token, 0.0) > now

    def forget(self) -> None:
        """Let every token expire at once, as WeCom may at any time."""
        self._until.clear()


class Nonces:
    """What may be used once, as far back as anybody looks."""

    def __init__(self) -> None:
        """Nothing was used."""
        self._used: dict[str, None] = {}

    def is_new(self, nonce: str) -> bool:
        """Whether this one was never used before; it is from now on."""
        if nonce in self._used:
            return False
        self._used[nonce] = None
        if len(self._used) > MOST_NONCES:
            del self._used[next(iter(self._used))]
        return True
