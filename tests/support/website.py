"""What tests of the web app share: the app on a database, who comes, who is signed in, what they hand in."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient

from models import Database
from services.accounts.starting import demonstration
from settings import Settings
from web.access.visitor import CSRF, SESSION_COOKIE, csrf_of
from web.app import create_app
from web.site import LANGUAGE_COOKIE, this_moment

NOW = datetime(2026, 11, 20, 2, 42, tzinfo=UTC)
TOKEN = "令牌-open-sesame-7"
PASSWORD = "示范-open-sesame-7"  #: everybody's of the demonstration
BEARER = {"Authorization": b"Bearer " + TOKEN.encode()}
DRAIN = {"subject": "晨光小区5号楼下水道堵了", "body": "污水外溢，臭死了", "area": "chenguang-1"}
HTML = {"Accept": "text/html,application/xhtml+xml"}
OURS = {"Origin": "http://testserver"}


class Visitor(TestClient):
    """Somebody before a browser.

    Attributes:
        csrf: What every form of the session carries.
    """

    csrf = ""

    def send_form(self, path: str, files: Any = None, **fields: Any) -> Any:
        """Send a form of a page of ours; a list is a field that is there several times."""
        return self.post(path, data={CSRF: self.csrf, **fields}, files=files)


def app_on(database: Database, folder: Path, key: bytes, **settings: Any) -> FastAPI:
    (folder / "secret.key").write_bytes(key)
    url = database.engine.url.render_as_string(hide_password=False)
    app = create_app(Settings(data_dir=folder, database_url=url, token=TOKEN, **settings))
    app.dependency_overrides[this_moment] = lambda: NOW
    return app


@contextmanager
def running(app: FastAPI) -> Iterator[FastAPI]:
    """The app, started once, however many come to it."""
    with TestClient(app):
        yield app


def at(app: Any, moment: datetime) -> None:
    app.dependency_overrides[this_moment] = lambda: moment


def visit(app: FastAPI, user: str, lang: str = "zh") -> Visitor:
    """One of the staff, signed in through the door of an app that is running, at the moment that it has."""
    moment = app.dependency_overrides[this_moment]()
    with app.state.site.database.unit_of_work() as session:
        demonstration(session, PASSWORD, moment)
    found = Visitor(app, headers=HTML | OURS, follow_redirects=False)
    found.cookies.set(LANGUAGE_COOKIE, lang)
    answer = found.post("/login", data={"user": user, "password": PASSWORD})
    assert answer.status_code == 303, answer.text
    found.csrf = csrf_of(found.cookies[SESSION_COOKIE])
    return found


def hand_in_many(client: TestClient, count: int) -> None:
    for n in range(count):
        client.post("/api/cases", json={**DRAIN, "subject": f"第{n + 1}件"})
