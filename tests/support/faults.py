"""Every fault switch of the simulator in turn on every medium, while cases are handed in and carried on: a stream of notices."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import func, select

from clock import pause
from models import Message, table
from rules.delivery import State
from tests.support.people import carry_on, hand_in, patiently
from tests.support.processes import Process, until
from tests.support.stream import Surroundings

_message = table(Message)
Fault = tuple[str, Mapping[str, Any]]
#: Each with what makes it short enough for a test; `at`, `taken` and the like are variants of their own.
FAULTS: Final[Sequence[Fault]] = (
    ("refuse", {"code": "550"}),
    ("throttle", {"code": "451"}),
    ("hang", {"seconds": 4, "times": 2}),
    ("drop", {"times": 4}),
    ("duplicate_receipt", {}),
    ("no_receipt", {}),
    ("failed_receipt", {"times": 3}),
    ("slow", {"seconds": 0.4}),
    ("balance", {}),
    ("credentials", {}),
    ("template", {}),
    ("reset", {}),
    ("down", {}),
    ("bad_number", {}),
)
MEDIA: Final = ("sms", "email", "voice", "im")
#: What happens besides, by the number of the step: it is given the engine, and gives back the one that runs afterwards.
Incidents = Mapping[int, Callable[[Process], Process]]
_BEHIND: Final = 60  #: so many cases are carried on at a time
_AT_LEAST_S: Final = 0.6  #: how long a fault lasts once the cases of its step are in


@dataclass
class Stream:
    """What has flowed so far.

    Attributes:
        cases: So many were handed in.
        steps: The faults in turn: medium, kind, options.
        patience_s: How long a fault goes on until something has come, at most.
        quiet: Faults during which nothing came to the simulator at all.
    """

    around: Surroundings
    per_step: int
    steps: Sequence[tuple[str, str, Mapping[str, Any]]] = tuple((medium, kind, more) for kind, more in FAULTS for medium in MEDIA)
    cases: int = 0
    patience_s: float = 0
    quiet: list[str] = field(default_factory=list)

    def run(self, engine: Process, incidents: Incidents) -> Process:
        """Flip every switch, one after the other; gives back the engine that runs at the end."""
        for number, (medium, kind, options) in enumerate(self.steps):
            with self._wrong(medium, kind, options):
                before = self._last()
                self._hand_in(number, emergency=medium in ("voice", "im"))
                if number in incidents:
                    engine = incidents[number](engine)
                patiently(lambda: carry_on(self.around.database, range(max(0, self.cases - _BEHIND), self.cases)))
                pause(_AT_LEAST_S)
                self._wait_for_one(before)
                self.quiet += [f"{medium} {kind}"] if self._last() == before else []
        return engine

    def finish(self) -> None:
        """All is well outside; everybody does what is theirs until nothing is left."""
        self.around.sim.mend()
        until(lambda: patiently(lambda: carry_on(self.around.database, range(self.cases))), 90, "the end of all cases")

    @contextmanager
    def _wrong(self, medium: str, kind: str, options: Mapping[str, Any]) -> Iterator[None]:
        """One fault; who would be sent a short message is rung up or written to, where that is what is to be tried."""
        around, more = self.around, dict(options)
        if "code" in more and medium != "email":
            del more["code"]
        if kind == "bad_number":
            more["numbers"] = around.addresses({"sms": "phone", "voice": "phone"}.get(medium, medium))[:3]
        with ExitStack() as stack:
            stack.enter_context(around.trouble(medium, kind, **more))
            if medium in ("voice", "im"):
                stack.enter_context(around.trouble("sms", "refuse", numbers=around.addresses("phone")))
            if medium == "im":
                stack.enter_context(around.trouble("voice", "refuse"))
            yield

    def _hand_in(self, step: int, *, emergency: bool) -> None:
        wave = range(self.cases, self.cases + self.per_step)
        patiently(lambda: hand_in(self.around.database, wave))
        self.cases = wave.stop
        if emergency:
            self.around.emergency(str(step))

    def _wait_for_one(self, before: int) -> None:
        for _ in range(round(self.patience_s / 0.1)):
            if self._last() > before:
                return
            pause(0.1)

    def _last(self) -> int:
        """How much the simulator has seen."""
        return int(self.around.sim.summary()["last_id"])


def messages_being_sent(around: Surroundings) -> int:
    """How many have been handed to a channel whose answer is not on record."""
    found = around.answer(select(func.count()).select_from(_message).where(_message.c.state == State.SENDING.value))
    return int(found[0][0])


def killed(around: Surroundings, engine: Process) -> Process:
    """Kill the engine while it has messages in its hands, and start another."""
    until(lambda: messages_being_sent(around), 30, "a message that is being sent")
    around.kill(engine)
    return around.installation.engine()
