"""What tests of the web app share: the app on a database, who comes, what they hand in."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient

from models import Database
from settings import Settings
from web.app import create_app
from web.site import this_moment

NOW = datetime(2026, 11, 20, 2, 42, tzinfo=UTC)
TOKEN = "令牌-open-sesame-7"
BEARER = {"Authorization": b"Bearer " + TOKEN.encode()}
DRAIN = {"subject": "晨光小区5号楼下水道堵了", "body": "污水外溢，臭死了", "area": "chenguang-1"}
HTML = {"Accept": "text/html,application/xhtml+xml"}
OURS = {"Origin": "http://testserver"}


def app_on(database: Database, folder: Path, key: bytes) -> FastAPI:
    (folder / "secret.key").write_bytes(key)
    url = database.engine.url.render_as_string(hide_password=False)
    app = create_app(Settings(data_dir=folder, database_url=url, token=TOKEN))
    app.dependency_overrides[this_moment] = lambda: NOW
    return app


def at(app: Any, moment: datetime) -> None:
    app.dependency_overrides[this_moment] = lambda: moment


def hand_in_many(client: TestClient, count: int) -> None:
    for n in range(count):
        client.post("/api/cases", json={**DRAIN, "subject": f"第{n + 1}件"})
