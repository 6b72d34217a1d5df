"""What can be made to go wrong outside, and for whom it is switched on."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

MEDIA: Final[Mapping[str, str]] = {
    "mail": "email",
    "aliyun": "sms",
    "tencent": "sms",
    "huawei": "sms",
    "gateway": "sms",
    "yunmas": "sms",
    "smpp": "sms",
    "wecom": "im",
    "dingtalk": "im",
    "feishu": "im",
    "voice": "voice",
    "hook": "hook",
}
"""Every vendor, and the medium of what it brings."""

GROUPS: Final = tuple(dict.fromkeys((*MEDIA.values(), "all")))
"""Names that stand for several vendors, or for the only one of a medium."""
NAMES: Final = tuple(dict.fromkeys((*GROUPS, *MEDIA)))
"""Every name under which a fault can be switched on."""

AT_THE_DOOR: Final = ("down", "reset", "slow", "credentials")
"""Faults before a message is looked at: nobody there, the line cut, an answer that takes its time, right credentials not believed."""
REFUSING: Final = ("balance", "throttle", "refuse", "template")
"""Faults in which a message is refused."""
SILENT: Final = ("drop", "hang")
"""Faults of the answer: the sender does not learn that it was taken, or late."""
RECEIPT: Final = ("no_receipt", "failed_receipt", "duplicate_receipt")
"""Faults of the receipt."""
KINDS: Final = (*AT_THE_DOOR, *REFUSING, "bad_number", *SILENT, *RECEIPT)

SECONDS: Final[Mapping[str, float]] = {"hang": 30.0, "slow": 1.0}
LONGEST_SECONDS: Final = 3600.0

_Number = TypeVar("_Number", int, float)
_Usual = TypeVar("_Usual", float, None)


PROBLEMS: Final[Mapping[str, str]] = {
    "vendor": "vendor {given!r}: one of {allowed}",
    "kind": "kind {given!r}: one of {allowed}",
    "seconds": "seconds {given!r}: a number, 0 to 3600",
    "times": "times {given!r}: a whole number, 1 or more",
    "numbers": "numbers {given!r}: the recipients that are concerned",
    "at": "at {given!r}: receipt or answer",
}
"""What can be wrong with a switch, as the API says it; the pages and the command line have words of their own."""


class BadFaultError(ValueError):
    """A switch that does not exist, or a value it cannot have.

    Attributes:
        code: What is wrong, a key of PROBLEMS.
        values: What was given, and where it is a choice, what is allowed.
    """

    def __init__(self, code: str, given: object, allowed: Iterable[str] = ()) -> None:
        """Name what is wrong and what was given."""
        self.code = code
        self.values = {"given": str(given), "allowed": ", ".join(allowed)}
        super().__init__(PROBLEMS[code].format(**self.values))


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong at one vendor.

    Attributes:
        seconds: hang, slow: how long no answer comes.
        code: Instead of the vendor's usual code for it, e.g. 451.
        numbers: Only for these recipients; empty: for all.
        times: Only for so many messages more; None: until it is switched off.
        taken: hang only: whether the message is taken all the same.
        at: bad_number only: `receipt` (taken, the receipt says 空号) or `answer` (refused at once).
    """

    kind: str
    seconds: float = 0.0
    code: str = ""
    numbers: tuple[str, ...] = ()
    times: int | None = None
    taken: bool = True
    at: str = "receipt"

    def concerns(self, to: str) -> bool:
        """Whether it goes wrong for this recipient, now."""
        return self.times != 0 and (not self.numbers or to in self.numbers)


def vendors_named(name: str) -> tuple[str, ...]:
    """The vendors of a name: a vendor, a medium (`sms` means all who bring SMS), or `all`.

    Raises:
        BadFaultError: there is none of that name.
    """
    found = tuple(vendor for vendor, medium in MEDIA.items() if name in (vendor, medium, "all"))
    if not found:
        raise BadFaultError("vendor", name, NAMES)
    return found


def fault_of(options: Mapping[str, Any]) -> Fault:
    """Read a switch from what the API or a form gave.

    Raises:
        BadFaultError: no such kind, or a value that it cannot have.
    """
    kind = str(options.get("kind", ""))
    if kind not in KINDS:
        raise BadFaultError("kind", kind, KINDS)
    at = str(options.get("at") or "receipt")
    if at not in ("receipt", "answer"):
        raise BadFaultError("at", at)
    return Fault(
        kind,
        seconds=_amount("seconds", options.get("seconds"), SECONDS.get(kind, 0.0), float, 0, LONGEST_SECONDS),
        code=str(options.get("code") or ""),
        numbers=_numbers(options.get("numbers") or ()),
        times=_amount("times", options.get("times") or None, None, int, 1, math.inf),
        taken=options.get("taken", True) not in (False, "no", "false", "0"),
        at=at,
    )


def _amount(name: str, given: Any, usual: _Usual, read: Callable[[Any], _Number], least: float, most: float) -> _Number | _Usual:  # noqa: ANN401
    if given in (None, ""):
        return usual
    try:
        found = read(given)
    except (TypeError, ValueError, OverflowError):
        raise BadFaultError(name, given) from None
    if not least <= found <= most:
        raise BadFaultError(name, given)
    return found


def _numbers(given: object) -> tuple[str, ...]:
    if isinstance(given, str):
        return tuple(given.replace(",", " ").replace("，", " ").split())
    if not isinstance(given, list | tuple):
        raise BadFaultError("numbers", given)
    return tuple(map(str, given))


def by_hand(options: Mapping[str, Any]) -> Fault:
    """Read a switch that a person gave in a form or at a command line: an empty number has to be named, it is not everybody's.

    Raises:
        BadFaultError: as from fault_of, or `numbers`: none is named.
    """
    fault = fault_of(options)
    if fault.kind == "bad_number" and not fault.numbers:
        raise BadFaultError("numbers", "")
    return fault


def parsed(text: str) -> tuple[str, Fault]:
    """Read a switch as the command line gives it: `sms=hang`, `mail=refuse:451`, `aliyun=slow:2`.

    Raises:
        BadFaultError: it cannot be read.
    """
    vendor, _, rest = text.partition("=")
    kind, _, value = rest.partition(":")
    vendors_named(vendor)
    named = "seconds" if kind in SECONDS else "numbers" if kind == "bad_number" else "code"
    return vendor, by_hand({"kind": kind, named: value})


class Switches:
    """Which faults are on, by vendor; one of each kind at a time."""

    def __init__(self) -> None:
        """All is well."""
        self._on: dict[str, dict[str, Fault]] = {}

    def set(self, name: str, fault: Fault) -> tuple[str, ...]:
        """Switch a fault on for whom the name stands; gives back these vendors."""
        vendors = vendors_named(name)
        for vendor in vendors:
            self._on.setdefault(vendor, {})[fault.kind] = fault
        return vendors

    def clear(self, name: str = "all", kind: str = "") -> tuple[str, ...]:
        """Switch one kind off, or everything; gives back the vendors concerned."""
        vendors = vendors_named(name)
        for vendor in vendors:
            for known in [kind] if kind else KINDS:
                self._on.get(vendor, {}).pop(known, None)
        return vendors

    def get(self, vendor: str, kind: str) -> Fault | None:
        """A fault that is on at a vendor, for whomever; None: it is off."""
        return self._on.get(vendor, {}).get(kind)

    def first(self, vendor: str, kinds: Iterable[str], to: str) -> Fault | None:
        """The first of these faults that concerns a recipient; one that holds for so many messages is used up by one."""
        on = self._on.get(vendor)
        if not on:
            return None
        for kind in kinds:
            fault = on.get(kind)
            if fault is not None and fault.concerns(to):
                if fault.times is not None:
                    on[kind] = replace(fault, times=fault.times - 1)
                return fault
        return None

    def listed(self) -> list[dict[str, Any]]:
        """All that is on, for the page and the API."""
        return [
            {
                "vendor": vendor,
                "kind": fault.kind,
                "seconds": fault.seconds,
                "code": fault.code,
                "numbers": list(fault.numbers),
                "times": fault.times,
                "taken": fault.taken,
                "at": fault.at,
            }
            for vendor, on in self._on.items()
            for fault in on.values()
            if fault.times != 0
        ]
