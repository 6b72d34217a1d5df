"""Where suppliers of sensors bring alarms: signed, each push once, each alarm answered for. It does not replace 119, 110, 120."""

import json
import logging
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from rules.facts import Refused
from services.sensors import hooks
from services.sensors.judging import Alarm
from services.sensors.signatures import Signed, check
from services.sensors.taking import Taken, push
from web.callbacks import Body
from web.errors import explained, refusal_in_words
from web.intake import OneLine, Printable
from web.site import Here, Lang, Now, Site
from wording import say

log = logging.getLogger(__name__)
router = APIRouter(include_in_schema=False)
MOST: Final = 500  #: alarms of one push
ACCEPTED: Final = 202
#: Status of each refusal; all others are 409.
_STATUS: Final[Mapping[str, int]] = {
    **dict.fromkeys(("signature_missing", "signature_wrong", "timestamp_off"), 401),
    "alarms_too_many": 413,
    **dict.fromkeys(("alarms_not_json", "alarms_form"), 422),
    "too_many_alarms": 429,
    "mechanism_off": 503,
}
_KEY: Final = re.compile(r"[\x21-\x7e]{1,80}")  #: nothing else is told back: an answer can always be written
_YEARS: Final = range(1970, 2200)
_LATER: Final = {429: {"Retry-After": "60"}, 503: {"Retry-After": "60"}}


class Brought(BaseModel):
    """One alarm as a supplier writes it."""

    model_config = ConfigDict(extra="forbid")

    key: Annotated[str, StringConstraints(pattern=f"^{_KEY.pattern}$")]
    device: Annotated[str, StringConstraints(min_length=1, max_length=60), Printable, OneLine]
    at: AwareDatetime
    signal: Literal["alarm", "clear"] = "alarm"
    value: Annotated[str, StringConstraints(max_length=60), Printable, OneLine] | Annotated[float, Field(allow_inf_nan=False)] = ""

    def alarm(self, now: datetime) -> Alarm:
        """The alarm as services take it; where the clock of the device has lost its mind, `now` stands for it."""
        at = self.at if self.at.year in _YEARS else now
        return Alarm(self.key, self.device, at, self.signal, str(self.value))


@router.post("/sensors/{hook}", status_code=ACCEPTED)
def pushed(request: Request, hook: str, body: Body, site: Here, now: Now, lang: Lang) -> JSONResponse:
    """Take a push: 202 and, in order, what became of each alarm; one that cannot be read does not hold up the others."""
    try:
        return _answer(*_taken(site, hook, _signed(request), body, now, lang), lang)
    except Refused as refusal:
        log.warning("sensors: %r refused: %s", hook[:20], refusal.code)
        status = _STATUS.get(refusal.code, 409)
        told = {"code": refusal.code, "sentence": refusal_in_words(refusal, lang), "note": say("sensors.not_119", lang)}
        return JSONResponse(told, status, _LATER.get(status))


def _signed(request: Request) -> Signed:
    timestamp, nonce, signature = (request.headers.get(f"X-Bihuan-{name}", "") for name in ("Timestamp", "Nonce", "Signature"))
    return Signed(timestamp, nonce, signature)


def _taken(site: Site, code: str, signed: Signed, body: bytes, now: datetime, lang: str) -> tuple[list[Taken | dict[str, Any]], int]:
    """What became of each alarm, in order: taken, or why not; and how many were taken.

    Raises:
        Refused: the push as a whole is not taken.
    """
    with site.database.unit_of_work() as session:
        hook = hooks.opened(session, code, now)
        if hook is None:
            raise Refused("signature_wrong")  # who guesses addresses learns nothing
        check(signed, body, hook.secrets, hook.window_s, now)
        read = [_read(raw, i, now, lang) for i, raw in enumerate(_alarms(body))]
        good = [each for each in read if isinstance(each, Alarm)]
        taken = iter(push(session, hook, signed.nonce, good, now))
    return [next(taken) if isinstance(each, Alarm) else each for each in read], len(good)


def _alarms(body: bytes) -> Sequence[object]:
    """The alarms of a body: an array named `alarms`, or a single one.

    Raises:
        Refused: `alarms_not_json`, `alarms_form`, `alarms_too_many`.
    """
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise Refused("alarms_not_json") from None
    alarms = found.get("alarms", [found]) if isinstance(found, dict) else None
    if not isinstance(alarms, list) or not alarms:
        raise Refused("alarms_form")
    if len(alarms) > MOST:
        raise Refused("alarms_too_many", most=MOST)
    return alarms


def _read(raw: object, place: int, now: datetime, lang: str) -> Alarm | dict[str, Any]:
    """One alarm, or why it cannot be read and where."""
    try:
        return Brought.model_validate(raw).alarm(now)
    except ValidationError as error:
        findings = [{**finding, "loc": ("alarm", *finding["loc"])} for finding in error.errors()]
        told = [{**each, "field": f"alarms[{place}].{each['field']}".rstrip(".")} for each in explained(findings, lang)]
        key = raw.get("key") if isinstance(raw, dict) else None
        return {"key": key if isinstance(key, str) and _KEY.fullmatch(key) else None, "outcome": "refused", "case": None, "errors": told}


def _answer(alarms: Sequence[Taken | dict[str, Any]], taken: int, lang: str) -> JSONResponse:
    """202, or 422 where not one alarm could be read."""
    told = [
        {**each, "words": say(f"alarm_outcome.{each['outcome']}", lang)}
        if isinstance(each, dict)
        else {"key": each.key, "outcome": each.outcome, "case": each.case, "words": say(f"alarm_outcome.{each.outcome}", lang)}
        for each in alarms
    ]
    status = ACCEPTED if taken else 422
    return JSONResponse({"taken": taken, "alarms": told, "note": say("sensors.not_119", lang)}, status)
