"""Real browsers before real pages: a web process on the demonstration, people who sign in, and what a page did wrong."""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import httpx
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page

from clock import utcnow
from models import Database
from services.accounts import starting
from tests.support.postgres import free_port
from tests.support.processes import Installation, until
from tests.support.town import Town
from tests.support.website import app_on
from web.site import this_moment

#: Where Debian and others put it.
CHROMIUM: Final = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
ARGUMENTS: Final = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
SIZES: Final = {"desk": (1366, 768), "phone": (390, 844)}
PASSWORD: Final = "看得见-demo-2026"


def chromium() -> str | None:
    """The browser of this machine."""
    return next((path for path in CHROMIUM if os.access(path, os.X_OK)), None)


@dataclass
class Website:
    """A web process and the browsers before it; a page that breaks a rule of its own site is remembered in `broken`.

    Attributes:
        url: `http://127.0.0.1:<port>`.
        broken: What browsers complained of: errors on the console, violations of the CSP, answers of 500.
    """

    url: str
    browser: Browser
    shots: Path
    broken: list[str] = field(default_factory=list)
    _signed_in: dict[str, Any] = field(default_factory=dict)

    def context(self, who: str | None, size: str, *, scripts: bool = True) -> BrowserContext:
        """A browser in which somebody has signed in; None is nobody."""
        wide, high = SIZES[size]
        made = self.browser.new_context(
            viewport={"width": wide, "height": high},
            locale="zh-CN",
            java_script_enabled=scripts,
            storage_state=self._state(who) if who else None,
            has_touch=size == "phone",
            reduced_motion="reduce",
        )
        made.set_default_timeout(15_000)
        made.on("console", lambda said: self._hear(said.type, f"{said.page.url if said.page else ''}: {said.text}"))
        made.on("weberror", lambda error: self._hear("error", str(error.error)))
        made.on("response", lambda answer: self._hear("error", f"{answer.status} {answer.url}") if answer.status >= 500 else None)
        return made

    def _hear(self, kind: str, text: str) -> None:
        if kind == "error" and not _refusal(text):
            self.broken.append(text)

    def _state(self, who: str) -> Any:
        if who not in self._signed_in:
            answered = httpx.post(
                f"{self.url}/login", data={"user": who, "password": PASSWORD}, headers={"Origin": self.url}, trust_env=False
            )
            assert answered.status_code == 303, (who, answered.text)
            host = urlsplit(self.url).hostname
            more = {"domain": host, "path": "/", "expires": -1, "httpOnly": True, "secure": False, "sameSite": "Lax"}
            self._signed_in[who] = {"cookies": [{"name": n, "value": v, **more} for n, v in answered.cookies.items()], "origins": []}
        return self._signed_in[who]

    def follow(self, context: BrowserContext, no: str, token: str) -> None:
        """Let a browser in as the reporter of a case."""
        answer = context.request.post(f"{self.url}/s", form={"no": no, "token": token}, headers={"Origin": self.url}, max_redirects=0)
        assert answer.status == 303, answer.text()

    def open(self, page: Page, path: str, **asked: str) -> int:
        """Open a page of ours; gives back its status."""
        query = f"{'&' if '?' in path else '?'}{urlencode(asked)}" if asked else ""
        answer = page.goto(f"{self.url}{path}{query}")
        assert answer is not None, path
        return answer.status

    def shoot(self, page: Page, name: str) -> None:
        """Keep a picture of the whole page."""
        page.screenshot(path=self.shots / f"{name}.png", full_page=True)


def _refusal(text: str) -> bool:
    """Chromium writes an error for every answer of 4xx; that a move is refused is no fault of the page."""
    return any(f"status of {code}" in text for code in (400, 401, 403, 404, 409, 410, 413, 422, 429))


@contextmanager
def website(database: Database, folder: Path, key: bytes, browser: Browser, shots: Path) -> Iterator[Website]:
    """Run the web server on a database in which everybody of the demonstration may sign in."""
    with database.unit_of_work() as session:
        starting.demonstration(session, PASSWORD, utcnow())
    port = free_port()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "secret.key").write_bytes(key + b"\n")
    shots.mkdir(parents=True, exist_ok=True)
    installation = Installation(folder, database, {"BIHUAN_PORT": str(port), "BIHUAN_TOKEN": "browser-token-1", "BIHUAN_LANG": "zh"})
    url = f"http://127.0.0.1:{port}"
    try:
        process = installation.start(sys.executable, "-m", "cli", "web")
        until(lambda: process.popen.poll() is not None or _answers(url), 60, "the web server's start")
        assert process.popen.poll() is None, process.said()
        yield Website(url, browser, shots)
    finally:
        installation.end()


@contextmanager
def website_in_time(town: Town, folder: Path, key: bytes, browser: Browser, shots: Path) -> Iterator[Website]:
    """Run the web app in this process, at the town's own time: fast-forwarding the town moves the pages too."""
    with town.context.database.unit_of_work() as session:
        starting.demonstration(session, PASSWORD, town.now)
    folder.mkdir(parents=True, exist_ok=True)
    shots.mkdir(parents=True, exist_ok=True)
    app = app_on(town.context.database, folder, key)
    app.dependency_overrides[this_moment] = lambda: town.now
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning", access_log=False))
    thread = threading.Thread(target=server.run, name="web in time")
    thread.start()
    try:
        until(lambda: server.started or not thread.is_alive(), 60, "the web app's start")
        yield Website(f"http://127.0.0.1:{port}", browser, shots)
    finally:
        server.should_exit = True
        thread.join(timeout=30)


def _answers(url: str) -> bool:
    with suppress(httpx.HTTPError):
        return httpx.get(f"{url}/readyz", timeout=2, trust_env=False).is_success
    return False
