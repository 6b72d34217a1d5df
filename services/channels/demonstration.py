"""The demonstration's channels: they lead to the simulator, wherever no person has configured another."""

import json
import os
import secrets
import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from sqlalchemy import delete
from sqlalchemy.orm import Session

from models import Channel, Database, begin_write, connection_of, table
from services.catalogue import reference_changed
from services.channels.stored import SYSTEM, Origin, Wanted, code_of_callback, configure, configured
from services.templates.demonstration import approve_all, filed
from settings import Settings, reachable

_channel = table(Channel)
_ACCOUNT: Final = "sim:sim-secret"  # of the simulator; it stands in docs/sim.md
_SCHEME: Final = "alisms"
#: Channels whose provider pushes receipts and replies → what the simulator calls that provider.
_CALLS_BACK: Final[Mapping[str, str]] = {"sms": "aliyun", "voice": "voice"}


def setup_file(settings: Settings) -> Path:
    """Where the simulator reads callbacks and templates at its start."""
    return settings.data_dir / "sim" / "setup.json"


def point_at_simulator(database: Database, settings: Settings, now: datetime) -> None:
    """Configure the simulator for SMS, e-mail, calls and instant messages, and tell it where receipts go; may run twice.

    Where the environment names channels, or a person has configured one, that stands. Without the simulator its channels are removed.

    Args:
        database: Migrated and seeded.
        settings: Of this machine.
        now: The instant, aware UTC.
    """
    if not settings.runs_sim or "channels" in settings.model_fields_set:
        with database.unit_of_work() as session:
            _withdraw(session)
        setup_file(settings).unlink(missing_ok=True)
        return
    known = _known_secrets(settings)
    with database.unit_of_work() as session:
        given = {code: secret for code, url in urls(settings).items() if (secret := _led(session, settings, code, url, known, now))}
        approve_all(session, "sms", _SCHEME, now)
    _write(settings, given)


def urls(settings: Settings) -> dict[str, str]:
    """The addresses of the simulator, by the code of the channel."""
    host = reachable(settings.sim_host)
    at, mail = f"{_ACCOUNT}@{host}:{settings.sim_port}", f"{_ACCOUNT}@{host}:{settings.sim_smtp_port}"
    plain = {"tls": "no", "private": "yes"}
    sender = {"from": "bihuan@example.cn", "name": settings.sms_sign, "tls": "none", "private": "yes"}
    return {
        "sms": f"{_SCHEME}://{at}/?{urlencode({'sign': settings.sms_sign, **plain})}",
        "email": f"mail://{mail}/?{urlencode(sender)}",
        "voice": f"voice://{at}/voice?{urlencode(plain)}",
        "im": f"qywx://{at}/?{urlencode({'agent': '1000002', **plain})}",
    }


def _led(session: Session, settings: Settings, code: str, url: str, known: Mapping[str, str], now: datetime) -> str | None:
    """Lead one channel to the simulator; the secret of its callbacks, or None where a person has configured another."""
    present = configured(session, settings).get(code)
    by_hand = present is not None and present.origin is Origin.STORED and present.changed_by != SYSTEM
    if by_hand:
        return None
    secret = known.get(code, "")
    if present is not None and present.url == url and secret and code_of_callback(session, secret) == code:
        return secret
    secret = secrets.token_urlsafe(24)
    configure(session, Wanted(code, url, note="bihuan sim"), SYSTEM, now, secret=secret)
    return secret


def _withdraw(session: Session) -> None:
    """Take the demonstration's channels away; what a person has configured stays."""
    begin_write(session)
    gone: Any = connection_of(session).execute(delete(_channel).where(_channel.c.changed_by == SYSTEM))
    if gone.rowcount:
        reference_changed(session)


def _known_secrets(settings: Settings) -> dict[str, str]:
    """The secrets that were given out at an earlier start, by the code of the channel."""
    try:
        kept = json.loads(setup_file(settings).read_text(encoding="utf-8"))
        return {str(code): str(secret) for code, secret in kept["secrets"].items()}
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return {}


def _write(settings: Settings, given: Mapping[str, str]) -> None:
    """Write what the simulator has to know, readable by its owner only, whole or not at all."""
    file = setup_file(settings)
    here = f"http://{reachable(settings.host)}:{settings.port}"
    callbacks = {_CALLS_BACK[code]: f"{here}/callbacks/{code}/{secret}" for code, secret in given.items() if code in _CALLS_BACK}
    templates = [{"code": each.code, "content": each.content, "name": each.which.said} for each in filed(_SCHEME, settings.public_url)]
    told = {"secrets": dict(given), "callbacks": callbacks, "templates": templates, "signs": [settings.sms_sign]}
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor, draft = tempfile.mkstemp(dir=file.parent)  # readable by its owner only
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        json.dump(told, out, ensure_ascii=False, indent=1)
    Path(draft).replace(file)
