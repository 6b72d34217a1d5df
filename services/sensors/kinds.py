"""Kinds of devices and the numbers of the mechanism: seeds/sensors.toml."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from rules.facts import Refused
from seeds import read

_SEED: Final = read("sensors.toml")


@dataclass(frozen=True, slots=True)
class Kind:
    """What a device of one kind means.

    Attributes:
        category, urgency: What its alarm is filed as.
        alert: What an alarm is to the file of a household or an enterprise that the device is linked to (seeds/subjects.toml).
        window: So long after a stand-down its alarms open nothing; after a longer silence an alarm may be a new event.
    """

    code: str
    zh: str
    en: str
    category: str
    urgency: str
    window: timedelta
    alert: str


KINDS: Final[Mapping[str, Kind]] = {
    k["code"]: Kind(k["code"], k["zh"], k["en"], k["category"], k["urgency"], timedelta(minutes=k["window_minutes"]), k["alert"])
    for k in _SEED["kind"]
}
#: More than so many devices of one community and category that begin to alarm within `STORM_WITHIN` are one event.
STORM_DEVICES: Final = int(_SEED["storm"]["devices"])
STORM_WITHIN: Final = timedelta(seconds=_SEED["storm"]["seconds"])
ANEW: Final = frozenset[str](_SEED["anew"]["urgencies"])  #: alarm again after a silence: a new case, where people have taken up the first
WINDOW_S: Final = int(_SEED["hook"]["window_s"])  #: seconds
PER_MINUTE: Final = int(_SEED["hook"]["per_minute"])  #: alarms
OVERLAP: Final = timedelta(hours=_SEED["hook"]["overlap_hours"])
MUTE_MOST: Final = timedelta(hours=_SEED["mute"]["most_hours"])


def kind_named(text: str) -> Kind:
    """The kind that people mean by its code or by its name in either language.

    Raises:
        Refused: `unknown_sensor_kind`.
    """
    found = next((k for k in KINDS.values() if text.strip().casefold() in (k.code, k.zh.casefold(), k.en.casefold())), None)
    if found is None:
        raise Refused("unknown_sensor_kind", given=text[:20], known=", ".join(KINDS))
    return found
