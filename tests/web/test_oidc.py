"""Signing in by an identity provider that runs as a process of its own: only who has an account, only with a token that is right."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from models import Account, Database, connection_of, table
from services.accounts.starting import demonstration
from tests.support.oidc_provider import CLIENT, SECRET, provider
from tests.support.town import Town
from tests.support.website import HTML, NOW, PASSWORD, app_on, at, running
from web.access.visitor import SESSION_COOKIE


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with provider() as found:
        yield found


@pytest.fixture
def house(sqlite_database: Database, sqlite_town: Town, issuer: str, tmp_path: Path, encryption_key: bytes) -> Iterator[FastAPI]:
    known = {"oidc_issuer": issuer, "oidc_client_id": CLIENT, "oidc_secret": SECRET, "public_url": "http://testserver"}
    with running(app_on(sqlite_database, tmp_path, encryption_key, **known)) as app:
        with app.state.site.database.unit_of_work() as session:
            demonstration(session, PASSWORD, NOW)
        yield app


def _browser(app: FastAPI) -> TestClient:
    return TestClient(app, headers=HTML, follow_redirects=False)


def _at_the_provider(browser: TestClient, user: str, spoil: str = "") -> str:
    """Where the provider sends the browser back to, once this person has signed in there."""
    sent = browser.get("/login/oidc?next=/cases")
    assert sent.status_code == 303
    answer = httpx.get(f"{sent.headers['location']}&as={user}&spoil={spoil}&now={int(NOW.timestamp())}")
    return str(answer.headers["location"])


def _accounts(app: FastAPI) -> int:
    with app.state.site.database.unit_of_work() as session:
        found: int = connection_of(session).execute(select(func.count()).select_from(table(Account))).scalar_one()
    return found


def test_who_has_an_account_comes_in(house: FastAPI) -> None:
    browser = _browser(house)
    assert "/login/oidc" in browser.get("/login").text
    back = _at_the_provider(browser, "water.clerk")
    came = browser.get(back)
    assert (came.status_code, came.headers["location"]) == (303, "/cases")
    assert browser.get("/cases").status_code == 200
    assert _browser(house).get(back).status_code == 401  # another browser did not begin it
    assert browser.get(back).status_code == 401  # nor does the way back lead in twice


@pytest.mark.parametrize("spoil", ["nonce", "aud", "iss", "exp", "key", "azp"])
def test_a_wrong_token_lets_nobody_in(house: FastAPI, spoil: str) -> None:
    browser = _browser(house)
    refused = browser.get(_at_the_provider(browser, "water.clerk", spoil))
    assert refused.status_code == 401
    assert "对不上" in refused.text
    assert SESSION_COOKIE not in browser.cookies


def test_nobody_gets_an_account_by_it(house: FastAPI) -> None:
    before, browser = _accounts(house), _browser(house)
    refused = browser.get(_at_the_provider(browser, "somebody.else"))
    assert refused.status_code == 401
    assert "没有给您开户" in refused.text
    assert _accounts(house) == before
    assert SESSION_COOKIE not in browser.cookies


def test_the_way_back_has_to_be_the_one_that_was_begun(house: FastAPI) -> None:
    browser = _browser(house)
    back = _at_the_provider(browser, "water.clerk")
    other = back.replace("state=", "state=0")
    assert browser.get(other).status_code == 401
    late = _at_the_provider(browser, "water.clerk")
    at(house, NOW + timedelta(minutes=11))
    assert browser.get(late).status_code == 401
    at(house, NOW)
    assert "没有放行" in browser.get(_at_the_provider(browser, "")).text
    assert SESSION_COOKIE not in browser.cookies


def test_without_a_provider_only_the_password_is_asked(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    browser = _browser(sqlite_app)
    assert "/login/oidc" not in browser.get("/login").text
    refused = browser.get("/login/oidc")
    assert refused.status_code == 502
    assert "没有设置统一身份认证" in refused.text


def test_a_provider_that_is_away_leaves_the_password(
    sqlite_database: Database, sqlite_town: Town, tmp_path: Path, encryption_key: bytes
) -> None:
    away: dict[str, Any] = {"oidc_issuer": "http://127.0.0.1:9", "oidc_client_id": CLIENT}
    with running(app_on(sqlite_database, tmp_path, encryption_key, **away)) as app:
        refused = _browser(app).get("/login/oidc")
        assert refused.status_code == 502
        assert "连不上" in refused.text
        assert 'name="password"' in refused.text
    plain = {**away, "oidc_issuer": "http://provider.example"}
    with running(app_on(sqlite_database, tmp_path, encryption_key, **plain)) as app:  # secrets travel by https only
        assert _browser(app).get("/login/oidc").status_code == 502
