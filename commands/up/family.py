"""The parent of the children of one machine: starts them, starts them again when they die, stops them in order."""

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx

import clock
from commands.up.child import END_ALL
from commands.up.children import Child
from commands.up.outfiles import last_lines, limit, turn_over
from settings import Settings

log = logging.getLogger(__name__)

LAUNCHER: Final = Path(__file__).with_name("child.py")
STOPPERS: Final = (signal.SIGINT, signal.SIGTERM)
LOOK_SECONDS: Final = 0.1
HEALTH_SECONDS: Final = 0.5
LONGEST_WAIT: Final = 30.0
MINUTE: Final = 60.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the parent waits for what; tests are less patient."""

    first_wait: float = 1.0
    """Seconds before the first restart; doubled with each death within a minute."""
    deaths: int = 5
    """So many deaths of one child within a minute end everything."""
    grace: float = 10.0
    """Seconds a child gets to stop when asked."""


PATIENT: Final = Patience()


@dataclass(frozen=True, slots=True)
class GaveUp:
    """Why everything was stopped: a child that kept dying, and the last it said."""

    name: str
    code: int
    out: Path
    last_lines: tuple[str, ...]


@dataclass(slots=True)
class _Member:
    """One child as it is now."""

    child: Child
    out: Path
    process: subprocess.Popen[bytes] | None = None
    again_at: float = 0.0
    healthy: bool = False
    deaths: list[float] = field(default_factory=list)

    def start(self) -> None:
        """Start the child under a launcher in a session of its own, so that Ctrl-C reaches only us."""
        with self.out.open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid()), *self.child.argv],
                env=dict(self.child.env),
                cwd=self.child.cwd,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        log.info("%s started, process %s", self.child.name, self.process.pid)

    def runs(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def ask(self, number: signal.Signals) -> None:
        if self.process is not None and self.runs():
            self.process.send_signal(number)

    def end(self) -> None:
        """Leave nothing of the child behind."""
        if self.process is None:
            return
        self.ask(END_ALL)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=2.0)
        if self.process.poll() is None or (self.process.returncode or 0) < 0:  # the launcher itself was killed or stuck
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


class Family:
    """The children of one machine, from the first start to the last stop."""

    def __init__(
        self,
        children: Sequence[Child],
        settings: Settings,
        on_death: Callable[[str, int, float], None],
        patience: Patience = PATIENT,
    ) -> None:
        """Take the children on; nothing is started yet.

        Args:
            children: In the order of starting; they are stopped the other way round.
            settings: Where children print to, and how much of it is kept.
            on_death: Told of each death that is followed by a restart: name, exit code, seconds until then.
            patience: How long to wait for what.
        """
        self.members = [_Member(child, settings.log_dir / f"{child.name}.out") for child in children]
        self._keep, self._max_bytes = settings.log_keep, settings.log_max_mb * 1024 * 1024
        self._on_death = on_death
        self._patience = patience
        self._stop_requests = 0
        self._next_health = 0.0
        self._client = httpx.Client(timeout=1.0, trust_env=False)  # a proxy must not stand between us and ourselves
        for number in STOPPERS:
            signal.signal(number, self._on_signal)  # also where a script's `&` left SIGINT ignored
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup
            signal.signal(signal.SIGHUP, self._on_signal)
        for member in self.members:
            turn_over(member.out, self._keep)

    def _on_signal(self, *_: object) -> None:
        self._stop_requests += 1

    def asked_to_stop(self) -> bool:
        """Tell whether somebody wants everything stopped."""
        return self._stop_requests > 0

    def is_healthy(self) -> bool:
        """Tell whether every child has answered since it was started last."""
        return all(member.healthy for member in self.members)

    def look_after(self, until: Callable[[], bool] = lambda: False, on_look: Callable[[], None] = lambda: None) -> GaveUp | None:
        """Keep the children running until asked to stop, or until something is true, or until one keeps dying."""
        while not self.asked_to_stop() and not until():
            for member in self.members:
                if (reason := self._look_at(member)) is not None:
                    return reason
            self._ask_for_health()
            on_look()
            clock.pause(LOOK_SECONDS)
        return None

    def _look_at(self, member: _Member) -> GaveUp | None:
        now = time.monotonic()
        if member.process is None:
            if now >= member.again_at:
                member.start()
            return None
        if member.process.poll() is None:
            limit(member.out, self._keep, self._max_bytes)
            return None
        return self._mourn(member, now)

    def _mourn(self, member: _Member, now: float) -> GaveUp | None:
        """A child died by itself: plan its restart, or give up when it does so over and over."""
        member.end()
        code = member.process.returncode if member.process is not None else 0
        member.process, member.healthy = None, False
        member.deaths = [death for death in member.deaths if now - death < MINUTE] + [now]
        log.error("%s died with exit code %s, %s times within a minute", member.child.name, code, len(member.deaths))
        if len(member.deaths) >= self._patience.deaths:
            return GaveUp(member.child.name, code, member.out, tuple(last_lines(member.out, 15)))
        wait = min(self._patience.first_wait * 2 ** (len(member.deaths) - 1), LONGEST_WAIT)
        member.again_at = now + wait
        self._on_death(member.child.name, code, wait)
        return None

    def _ask_for_health(self) -> None:
        now = time.monotonic()
        if now < self._next_health:
            return
        self._next_health = now + HEALTH_SECONDS
        for member in self.members:
            if member.runs() and not member.healthy:
                member.healthy = self._answers(member.child.health_url)

    def _answers(self, url: str | None) -> bool:
        if url is None:
            return True
        try:
            return self._client.get(url).is_success
        except httpx.HTTPError:
            return False

    def stop(self) -> None:
        """Stop the children one after the other, last started first; a second request to stop ends the waiting."""
        asked = max(self._stop_requests, 1)
        for member in reversed(self.members):
            member.ask(member.child.stop_signal)
            patience_ends = time.monotonic() + self._patience.grace
            while member.runs() and time.monotonic() < patience_ends and self._stop_requests <= asked:
                clock.pause(0.02)
            member.end()
            log.info("%s stopped", member.child.name)
        self._client.close()
