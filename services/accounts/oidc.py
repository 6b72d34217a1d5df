"""Signing in by an identity provider (OpenID Connect, code flow with PKCE): discovery, the way there and back, whose account it is.

Nobody gets an account by it: what the provider says is looked up among the accounts that an administrator has given.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Account, Sealed, Staff, begin_write, connection_of, table
from rules.facts import Refused
from services.accounts import sessions
from settings import Settings

_account, _staff = table(Account), table(Staff)
WAY: Final = "oidc"
LASTS: Final = timedelta(minutes=10)  #: so long somebody may take at the provider
_DISCOVERY: Final = "/.well-known/openid-configuration"
_SCOPE: Final = "openid profile email"
#: Signatures that are taken; never one with our secret, and never none.
_SIGNED: Final = ("RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA")
_PATIENCE_S: Final = 10
_LEEWAY_S: Final = 60  #: by which the provider's clock may be off
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to sign in by the provider; all that binds the way back to the browser follows from the text that its cookie holds.

    Attributes:
        kept: The text; anybody who changes it has another state.
    """

    kept: str

    @property
    def state(self) -> str:
        """Goes to the provider and has to come back."""
        return Sealed.fingerprint(f"oidc state {self.kept}")

    @property
    def nonce(self) -> str:
        """Has to stand in the token."""
        return Sealed.fingerprint(f"oidc nonce {self.kept}")

    @property
    def verifier(self) -> str:
        """Of PKCE: only who began may redeem the code."""
        return Sealed.fingerprint(f"oidc verifier {self.kept}")


def is_configured(settings: Settings) -> bool:
    """Whether there is a provider by which people may sign in."""
    return bool(settings.oidc_issuer and settings.oidc_client_id)


def way_there(settings: Settings, attempt: Attempt, back: str) -> str:
    """Where the browser is sent; asks the provider where that is, so outside of any unit of work.

    Args:
        settings: Of this process, with a provider.
        attempt: This try.
        back: Address of ours to which the provider sends the browser.

    Raises:
        Refused: `oidc_away`, the provider does not answer, or not as one.
    """
    known = _discovered(settings)
    with _client(settings, back) as client:
        url, _ = client.create_authorization_url(
            known["authorization_endpoint"], state=attempt.state, nonce=attempt.nonce, code_verifier=attempt.verifier
        )
    return str(url)


def name_of(settings: Settings, attempt: Attempt, code: str, back: str, now: datetime) -> str:
    """Redeem a code and say whom the provider names; over the network, so outside of any unit of work.

    Raises:
        Refused: `oidc_away`; `oidc_wrong`, the code or the token cannot be trusted.
    """
    known = _discovered(settings)
    try:
        with _client(settings, back) as client:
            token = client.fetch_token(known["token_endpoint"], code=code, code_verifier=attempt.verifier, grant_type="authorization_code")
            keys = httpx.get(_safe(known["jwks_uri"]), timeout=_PATIENCE_S).raise_for_status().json()
    except httpx.HTTPError:
        raise Refused("oidc_away") from None
    except Exception as problem:  # what a provider answers wrongly has many classes in Authlib; none of them lets anybody in
        raise Refused("oidc_wrong") from problem
    claims = _claims(token.get("id_token", ""), keys, settings, known["issuer"], attempt.nonce, now)
    named = claims.get(settings.oidc_claim)
    if not isinstance(named, str) or (settings.oidc_claim == "email" and claims.get("email_verified") is not True):
        raise Refused("oidc_no_account")
    return named


def enter(session: Session, name: str, device: str, now: datetime, *, demo: bool) -> str:
    """Open a session for the person whom the provider names.

    Args:
        session: The unit of work.
        name: User name, as the provider's claim has it.
        device: What the browser calls itself.
        now: The instant, aware UTC.
        demo: Whether this installation is a demonstration.

    Returns:
        The secret for the browser.

    Raises:
        Refused: `oidc_no_account`, there is none of this name, or nobody may sign in with it.
    """
    begin_write(session)
    columns = (_staff.c.id, _staff.c.left_at, _account.c.demo)
    wanted = select(*columns).select_from(_account.join(_staff, _staff.c.id == _account.c.staff_id)).where(_staff.c.name == name)
    row = connection_of(session).execute(wanted).first() if "\0" not in name else None
    if row is None or row.left_at is not None or (row.demo and not demo):
        raise Refused("oidc_no_account")
    return sessions.open_session(session, row.id, WAY, device, now)


def _client(settings: Settings, back: str) -> Any:  # noqa: ANN401 - Authlib's client; the library is optional
    try:
        from authlib.integrations.httpx_client import OAuth2Client
    except ImportError:
        raise Refused("oidc_not_installed") from None
    secret = settings.oidc_secret or None
    method = "client_secret_basic" if secret else "none"
    return OAuth2Client(
        settings.oidc_client_id,
        secret,
        token_endpoint_auth_method=method,
        scope=_SCOPE,
        redirect_uri=back,
        code_challenge_method="S256",
        timeout=_PATIENCE_S,
    )


def _discovered(settings: Settings) -> Mapping[str, Any]:
    """What the provider says of itself.

    Raises:
        Refused: `oidc_away`.
    """
    issuer = settings.oidc_issuer
    try:
        answer = httpx.get(_safe(f"{issuer.rstrip('/')}{_DISCOVERY}"), timeout=_PATIENCE_S)
        found: Mapping[str, Any] = answer.raise_for_status().json()
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            _safe(str(found[name]))
        said = str(found["issuer"])
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError):
        raise Refused("oidc_away") from None
    if said.rstrip("/") != issuer.rstrip("/"):
        raise Refused("oidc_away")
    return found


def _safe(url: str) -> str:
    """An address by which secrets may travel: https, or this machine.

    Raises:
        ValueError: it is none.
    """
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise ValueError(url)
    return url


def _claims(token: str, keys: Any, settings: Settings, issuer: str, nonce: str, now: datetime) -> Mapping[str, Any]:  # noqa: ANN401 - JSON
    """What a token says, once signature, issuer, audience, nonce and time are right.

    Raises:
        Refused: `oidc_wrong`.
    """
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet

    client = settings.oidc_client_id
    wanted: dict[str, Any] = {"iss": issuer, "aud": client, "nonce": nonce}
    rules: Any = {name: {"essential": True, "value": value} for name, value in wanted.items()}
    checked = jwt.JWTClaimsRegistry(now=int(now.timestamp()), leeway=_LEEWAY_S, exp={"essential": True}, sub={"essential": True}, **rules)
    try:
        found = jwt.decode(token, KeySet.import_key_set(keys), algorithms=list(_SIGNED))
        checked.validate(found.claims)
    except (JoseError, ValueError, TypeError, KeyError):
        raise Refused("oidc_wrong") from None
    several = isinstance(found.claims["aud"], list) and len(found.claims["aud"]) > 1
    if found.claims.get("azp", None if several else client) != client:
        raise Refused("oidc_wrong")
    return found.claims
