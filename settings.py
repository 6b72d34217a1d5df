"""Every setting of an installation: read from `BIHUAN_…` once, checked, and listed in docs/settings.md.

A leaf: every room may import it, it imports nothing of ours except the sentences, and those only when a value is bad.
"""

import json
import os
import secrets
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Final, Literal, get_args
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

PREFIX: Final = "BIHUAN_"
SECRETS: Final = (
    *("database_url", "prefect_database_url", "prefect_auth", "token", "keys", "channels"),
    *("heartbeat_url", "heartbeat_fail_url", "oidc_secret"),
)
"""Settings that may carry a password: never shown, and readable from a file by `BIHUAN_<NAME>_FILE`."""
WILDCARDS: Final = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - told apart, not listened on


class SettingsError(ValueError):
    """A setting has a value that cannot be used; its text is one sentence for each, in the user's language."""


def _absolute(path: Path) -> Path:
    return path.expanduser().absolute()


def _with_driver(url: str, postgres: str, sqlite: str) -> str:
    """Name the driver in a database address that leaves it out."""
    scheme, separator, rest = url.partition("://")
    kind = scheme.partition("+")[0]
    if not separator or kind not in ("sqlite", "postgresql", "postgres"):
        raise ValueError(url)
    return f"{sqlite if kind == 'sqlite' else postgres}://{rest}"


def _for_us(url: str) -> str:
    return _with_driver(url, "postgresql+psycopg", "sqlite")


def _for_prefect(url: str) -> str:
    return _with_driver(url, "postgresql+asyncpg", "sqlite+aiosqlite")


def _http(url: str) -> str:
    if not url.startswith(("http://", "https://")):
        raise ValueError(url)
    return url.rstrip("/")


def _http_or_none(url: str) -> str:
    parts = urlsplit(url)
    if url and (parts.scheme not in ("http", "https") or not parts.hostname):
        raise ValueError(url)
    return url


def _decoded(value: object) -> object:
    """Read a JSON object from text; anything else is left for the type to judge."""
    return json.loads(value) if isinstance(value, str) else value


def _local_api(values: dict[str, Any]) -> str:
    host = values["prefect_host"]
    return f"http://{reachable(host)}:{values['prefect_port']}/api"


def reachable(host: str) -> str:
    """Turn an address to listen on into one that this machine can call: a wildcard into loopback, IPv6 into brackets."""
    return WILDCARDS.get(host, f"[{host}]" if ":" in host else host)


Folder = Annotated[Path, AfterValidator(_absolute)]
Port = Annotated[int, Field(ge=1, le=65535)]


class _FromFiles(PydanticBaseSettingsSource):
    """Secrets kept in files: `BIHUAN_TOKEN_FILE=/run/secrets/token` gives `token`, without the final line break."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[str | None, str, bool]:
        """Read one secret from the file named for it; None when no file is named."""
        file = os.environ.get(f"{PREFIX}{field_name.upper()}_FILE", "")
        if field_name not in SECRETS or not file:
            return None, field_name, False
        try:
            return Path(file).read_text(encoding="utf-8").strip(), field_name, False
        except (OSError, UnicodeDecodeError):
            raise SettingsError(_sentence("setting_file", f"{field_name}_file", given=file)) from None

    def __call__(self) -> dict[str, Any]:
        """Read all secrets that are kept in files."""
        found = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: value for name, value in found.items() if value is not None}


class Settings(BaseSettings):
    """What the deployer decides; whatever is left empty is derived from the rest. Names, defaults, meaning: docs/settings.md."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True, validate_default=True, extra="forbid")

    data_dir: Folder = Field(Path("./data"), description="Folder of databases, keys and logs")
    database_url: Annotated[str, AfterValidator(_for_us)] = Field(
        default_factory=lambda d: f"sqlite:///{d['data_dir']}/bihuan.db", repr=False, description="Our own database"
    )
    host: str = Field("127.0.0.1", description="Address the console and the APIs listen on")
    port: Port = Field(8000, description="Port of the console and the APIs")
    web_processes: Annotated[int, Field(ge=1, le=64)] = Field(2, description="Processes that answer on that port")
    public_url: Annotated[str, AfterValidator(_http)] = Field(
        default_factory=lambda d: f"http://{reachable(d['host'])}:{d['port']}", description="How links in messages and callbacks name us"
    )
    prefect: Literal["on", "off"] = Field("on", description="Whether runs are recorded in Prefect")
    prefect_host: str = Field("127.0.0.1", description="Address Prefect listens on")
    prefect_port: Port = Field(4200, description="Port of Prefect")
    prefect_ui_url: Annotated[str, AfterValidator(_http_or_none)] = Field(
        "", description="Where browsers find Prefect's pages; empty: beside its API"
    )
    prefect_api_url: Annotated[str, AfterValidator(_http)] = Field(
        default_factory=_local_api, description="A Prefect server run elsewhere; `up` then starts none of its own"
    )
    prefect_database_url: Annotated[str, AfterValidator(_for_prefect)] = Field(
        default_factory=lambda d: f"sqlite:///{d['data_dir']}/prefect/prefect.db",
        repr=False,
        description="Prefect's own database",
    )
    prefect_auth: str = Field("", repr=False, description="User and password of Prefect's API, `user:password`")
    token: str = Field("", repr=False, description="Token of intake and case list; empty: made on the first start")
    lang: Literal["zh", "en"] = Field("zh", description="Language of what users see")
    key_file: Folder = Field(default_factory=lambda d: d["data_dir"] / "secret.key", description="Key that encrypts names and phones")
    keys: str = Field("", repr=False, description="The keys themselves, newest first, instead of the key file")
    log_dir: Folder = Field(default_factory=lambda d: d["data_dir"] / "logs", description="Folder of the log files")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Least level that is logged")
    log_max_mb: Annotated[int, Field(ge=1, le=1024)] = Field(20, description="Size at which a log file is turned over")
    log_keep: Annotated[int, Field(ge=1, le=1000)] = Field(10, description="Older log files kept for each process")
    batch_size: Annotated[int, Field(ge=1, le=5000)] = Field(200, description="Most cases that one batch moves")
    small: Annotated[int, Field(ge=0, le=100)] = Field(3, description="Up to so many ready cases get a flow run each")
    lease_seconds: Annotated[int, Field(ge=5, le=3600)] = Field(60, description="How long a claim outlives a silent engine")
    poll_ms: Annotated[int, Field(ge=10, le=60000)] = Field(250, description="How often the engine looks for work")
    sms_sign: str = Field("澄湖治理", description="Signature in front of every SMS")
    channels: Annotated[dict[str, str], NoDecode, BeforeValidator(_decoded)] = Field(
        {"sms": "record://", "email": "record://"}, repr=False, description="Channel → Apprise address"
    )
    heartbeat_url: Annotated[str, AfterValidator(_http_or_none)] = Field(
        "", repr=False, description="Told by POST while all is well; silence is the alarm; empty: nobody is told"
    )
    heartbeat_fail_url: Annotated[str, AfterValidator(_http_or_none)] = Field(
        "", repr=False, description="Told instead while something is wrong; empty: nobody is told"
    )
    heartbeat_seconds: Annotated[int, Field(ge=1, le=3600)] = Field(60, description="How often the outside is told")
    oidc_issuer: Annotated[str, AfterValidator(_http_or_none)] = Field(
        "", description="Identity provider by which staff may sign in; empty: none"
    )
    oidc_client_id: str = Field("", description="What the identity provider calls us")
    oidc_secret: str = Field("", repr=False, description="Our secret at the identity provider; empty: a public client, PKCE alone")
    oidc_claim: str = Field("preferred_username", description="Claim of the identity provider that is the user name here")
    sqlite_synchronous: Literal["FULL", "EXTRA", "NORMAL"] = Field("FULL", description="SQLite's durability")
    file_max_mb: Annotated[int, Field(ge=1, le=100)] = Field(10, description="Size that one photo or paper may have")
    retention_days: Annotated[int, Field(ge=30, le=36500)] = Field(1095, description="Days after which ended cases are anonymised")
    sim: Literal["auto", "on", "off"] = Field("auto", description="Whether `up` starts the simulator; auto: in demonstration mode")
    sim_host: str = Field("127.0.0.1", description="Address the simulator listens on")
    sim_port: Port = Field(8025, description="Port of the simulator's page and of its HTTP vendors")
    sim_smtp_port: Port = Field(2525, description="Port of the simulator's mail server")
    sim_smpp_port: Port = Field(2775, description="Port of the simulator's short message centre")
    demo: bool = Field(default=True, description="Seed the demonstration district on the first start")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read from arguments, then from the environment, then from files with secrets; a `.env` is left to the shell."""
        return init_settings, env_settings, _FromFiles(settings_cls)

    @property
    def token_file(self) -> Path:
        """Where a token that nobody set is kept."""
        return self.data_dir / "token"

    @property
    def runs_own_prefect(self) -> bool:
        """Tell whether `bihuan up` starts a Prefect server: runs are recorded, and not on somebody else's server."""
        return self.prefect == "on" and "prefect_api_url" not in self.model_fields_set

    @property
    def runs_sim(self) -> bool:
        """Tell whether `bihuan up` starts the simulator of the outside world."""
        return self.sim == "on" or (self.sim == "auto" and self.demo)

    def intake_token(self) -> str:
        """Return the token of intake and case list, making one on the first start."""
        return self.token or _made_once(self.token_file, secrets.token_urlsafe(24))

    def demo_password(self) -> str:
        """Return the one password with which everybody of the demonstration signs in, making one on the first start."""
        groups = ("".join(secrets.choice("abcdefghjkmnpqrstuvwxyz23456789") for _ in range(4)) for _ in range(3))
        return _made_once(self.data_dir / "demo-password", "-".join(groups))


def _made_once(file: Path, secret: str) -> str:
    """Keep a secret in a file of its own unless there is one already, and return the one that is kept.

    Safe when two processes start at once: it is written aside and linked into place, so the first one wins.
    """
    if not file.exists():
        draft = file.with_name(f"{file.name}.{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(f"{secret}\n", encoding="utf-8")
        try:
            file.hardlink_to(draft)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return file.read_text(encoding="utf-8").strip()


def variable(name: str) -> str:
    """Name the environment variable of a setting: `port` → `BIHUAN_PORT`."""
    return f"{PREFIX}{name.upper()}"


ALLOWED_TEXTS: Final = {
    "database_url": "sqlite:///… | postgresql://…",
    "prefect_database_url": "sqlite:///… | postgresql://…",
    "prefect_api_url": "http://… | https://…",
    "public_url": "http://… | https://…",
    "heartbeat_url": "http://… | https://…",
    "oidc_issuer": "http://… | https://…",
    "heartbeat_fail_url": "http://… | https://…",
    "prefect_ui_url": "http://… | https://…",
    "channels": '{"sms": "…", "email": "…"}',
}


def allowed(name: str) -> str:
    """Say which values a setting may have, in signs that need no translation; empty when any text will do."""
    field = Settings.model_fields[name]
    if name in ALLOWED_TEXTS:
        return ALLOWED_TEXTS[name]
    if field.annotation is bool:
        return "true | false"
    limits = [getattr(mark, end) for mark in field.metadata for end in ("ge", "le") if hasattr(mark, end)]
    return "–".join(map(str, limits)) or " | ".join(map(str, get_args(field.annotation)))


def _sentence(key: str, name: str, **values: str) -> str:
    from wording import say

    return say(f"up.{key}", variable=variable(name), **values)


def _explained(error: ValidationError) -> SettingsError:
    """Turn pydantic's findings into a sentence for each variable; a secret's value is not repeated."""
    sentences = []
    for finding in error.errors(include_url=False):
        name = str(finding["loc"][0])
        if finding["type"] == "default_factory_not_called":
            continue
        if name not in Settings.model_fields:
            sentences.append(_sentence("setting_unknown", name))
            continue
        given = "***" if name in SECRETS else str(finding["input"])
        sentences.append(_sentence("setting_wrong", name, given=given, allowed=allowed(name)))
    return SettingsError("\n".join(dict.fromkeys(sentences)))


def load(**overrides: Any) -> Settings:  # noqa: ANN401 - names and types are those of Settings
    """Read the settings afresh, with some given by hand (tests, replay's own database).

    Raises:
        SettingsError: a value cannot be used; the text says which, what was given and what is allowed.
    """
    try:
        return Settings(**overrides)
    except ValidationError as error:
        raise _explained(error) from None


class _Cached:
    """The settings of this process, read once."""

    def __init__(self) -> None:
        self._read = lru_cache(maxsize=1)(load)

    def __call__(self) -> Settings:
        """Return the settings of this process, read on the first call."""
        return self._read()

    def reset(self) -> None:
        """Forget what was read, so that the next call reads the environment again (for tests)."""
        self._read.cache_clear()


get_settings: Final = _Cached()
