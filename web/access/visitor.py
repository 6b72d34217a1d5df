"""Who a request comes from: a session's cookie, and for whatever changes something the token of its form as well."""

import hashlib
import hmac
import ipaddress
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends, Request, Response
from starlette.datastructures import UploadFile

from rules.facts import Actor
from services.accounts import sessions
from services.catalogue import Catalogue, Person, catalogue
from web.guards import ForeignForm, NotSignedIn, OwnForm
from web.site import Here, Now

SESSION_COOKIE: Final = "bihuan_session"
CSRF: Final = "csrf"  #: field of every form
#: What somebody with a one-time password may open before there is one of his own.
_OWN_PASSWORD: Final = ("/password", "/logout")


class OwnPasswordFirst(Exception):  # noqa: N818 - an answer
    """Signed in with a one-time password: nothing else opens before a password of one's own is set."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """One of the staff, signed in.

    Attributes:
        csrf: What every form of this session carries.
        digest: Names the session.
    """

    person: Person
    actor: Actor
    known: Catalogue
    csrf: str
    digest: str


@dataclass(frozen=True, slots=True)
class Sent:
    """A form: its fields (of several of one name the last), all values by name, and the files that were chosen."""

    fields: Mapping[str, str]
    many: Mapping[str, tuple[str, ...]]
    files: Mapping[str, tuple[UploadFile, ...]]


def visitor(request: Request, site: Here, now: Now) -> Visitor:
    """Who this request comes from.

    Raises:
        NotSignedIn: nobody whom we know.
        OwnPasswordFirst: as the class says.
    """
    secret = request.cookies.get(SESSION_COOKIE, "")
    with site.database.unit_of_work() as session:
        found = sessions.signed_in(session, secret, now) if secret else None
        if found is None:
            raise NotSignedIn
        known = catalogue(session, found.revision)
    person = known.by_id.get(found.staff_id)
    if person is None or person.left_at is not None or (found.demo and not site.settings.demo):
        raise NotSignedIn
    if found.one_time and not request.url.path.startswith(_OWN_PASSWORD):
        raise OwnPasswordFirst
    if found.stale:
        with site.database.unit_of_work() as session:
            sessions.touch(session, found.digest, now)
    return Visitor(person, known.actor(person.name), known, csrf_of(secret), found.digest)


def csrf_of(secret: str) -> str:
    """The token of a session's forms: follows from its secret, which no page and no script can read."""
    return hashlib.sha256(f"bihuan form {secret}".encode()).hexdigest()[:32]


async def sent(request: Request) -> AsyncIterator[Sent]:
    """A form that may bring files; large ones lie on disk until the request is answered."""
    async with request.form(max_files=50, max_fields=500) as form:
        pairs = form.multi_items()
        texts = [(name, value) for name, value in pairs if isinstance(value, str)]
        files = [(name, value) for name, value in pairs if isinstance(value, UploadFile) and value.filename]
        many = {name: tuple(v for n, v in texts if n == name) for name, _ in texts}
        yield Sent(dict(texts), many, {name: tuple(v for n, v in files if n == name) for name, _ in files})


def posted(_: Annotated[None, OwnForm], who: Annotated[Visitor, Depends(visitor)], form: Annotated[Sent, Depends(sent)]) -> Sent:
    """A form of this session, sent from a page of ours; it is read only once it is known who sends it, for it may be large.

    Raises:
        ForeignForm: it is not.
    """
    if not hmac.compare_digest(form.fields.get(CSRF, "").encode(), who.csrf.encode()):
        raise ForeignForm
    return form


def hand_out(response: Response, request: Request, secret: str) -> None:
    """Give the browser its session."""
    response.set_cookie(
        SESSION_COOKIE,
        secret,
        max_age=int(sessions.LONGEST.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )


def take_back(response: Response) -> None:
    """Make the browser forget its session."""
    response.delete_cookie(SESSION_COOKIE, httponly=True, samesite="lax")


def host_of(request: Request) -> str:
    """Where a request comes from; of the newer addresses the network, because one device has many."""
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    return str(ipaddress.ip_network(f"{host}/64", strict=False)) if address.version == 6 else host


Signed = Annotated[Visitor, Depends(visitor)]
Posted = Annotated[Sent, Depends(posted)]
Form = Annotated[Sent, Depends(sent)]
