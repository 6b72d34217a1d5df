"""Accounts at the door: wrong tries, one-time passwords, sessions that end, the second factor, the demonstration's accounts."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyotp
import pytest
from fastapi import FastAPI
from sqlalchemy import select, update

from commands.up import _prepare
from models import Account, AdminEntry, Database, SignInTry, Staff, WebSession, begin_write, table
from services.accounts import entering, sessions, tries
from services.accounts.starting import demonstration, first_administrators, has_administrator, renew_demonstration
from services.upkeep import opened
from settings import Settings
from tests.support.databases import reference_data_changed
from tests.support.website import HTML, NOW, OURS, PASSWORD, Visitor, app_on, at, running, visit
from web.access.visitor import SESSION_COOKIE, csrf_of

OWN = "一句很长很长的话-2026"
DAY = timedelta(days=1)


@pytest.fixture
def site(sqlite_database: Database, tmp_path: Path, encryption_key: bytes) -> Iterator[FastAPI]:
    with sqlite_database.unit_of_work() as session:
        demonstration(session, PASSWORD, NOW)
    with running(app_on(sqlite_database, tmp_path, encryption_key)) as found:
        yield found


def browser(site: FastAPI) -> Visitor:
    return Visitor(site, headers=HTML | OURS, follow_redirects=False)


def signs_in(site: FastAPI, user: str, password: str = PASSWORD, **more: str) -> Any:
    return browser(site).post("/login", data={"user": user, "password": password, **more})


def account(database: Database, user: str) -> Any:
    wanted = select(table(Account)).join(table(Staff), table(Staff).c.id == table(Account).c.staff_id).where(table(Staff).c.name == user)
    with database.unit_of_work() as session:
        return session.connection().execute(wanted).one()


def rows(database: Database, model: Any) -> list[Any]:
    with database.unit_of_work() as session:
        return list(session.connection().execute(select(table(model))))


def test_after_five_wrong_tries_an_account_rests_and_the_right_password_is_refused_too(site: FastAPI, sqlite_database: Database) -> None:
    refused = [signs_in(site, "water.clerk", "guess") for _ in range(entering.TRIES)]
    refused.append(signs_in(site, "water.clerk"))
    refused += [signs_in(site, who, "guess") for who in ("nobody.there", "nobody\0there", "")]
    assert {answer.status_code for answer in refused} == {401}
    told = {re.sub(r'value="[^"]*"', "", answer.text) for answer in refused}
    assert len(told) == 1, "who there is, and whether the account rests, is told to nobody"
    assert "连错5次，账户停用15分钟" in told.pop()
    assert all("set-cookie" not in answer.headers for answer in refused)
    assert [e.subject for e in rows(sqlite_database, AdminEntry) if e.action == "account_rests"] == ["water.clerk"]
    at(site, NOW + entering.REST - timedelta(seconds=1))
    assert signs_in(site, "water.clerk").status_code == 401
    at(site, NOW + entering.REST)
    assert signs_in(site, "water.clerk").status_code == 303
    assert account(sqlite_database, "water.clerk").failures == 0
    assert signs_in(site, "water.head").status_code == 303, "others are not concerned"


def test_one_device_that_guesses_at_many_accounts_is_stopped_whatever_it_shows(site: FastAPI, sqlite_database: Database) -> None:
    with sqlite_database.unit_of_work() as session:
        for _ in range(tries.OF_DEVICE - 1):
            tries.count(session, "testclient", NOW)
            tries.count(session, "another", NOW)
    assert signs_in(site, "nobody.there").status_code == 401
    for user in ("water.clerk", "nobody.there"):
        answer = signs_in(site, user)
        assert answer.status_code == 429
        assert "请15分钟后再试" in answer.text
    at(site, NOW + tries.WITHIN)
    assert signs_in(site, "water.clerk").status_code == 303
    at(site, NOW + 2 * DAY)
    signs_in(site, "water.clerk", "guess")
    assert len(rows(sqlite_database, SignInTry)) == 1, "old tries are forgotten"


def test_a_one_time_password_opens_nothing_but_the_page_that_sets_ones_own(site: FastAPI, sqlite_database: Database) -> None:
    admin, before = visit(site, "admin"), visit(site, "water.clerk")
    answer = admin.send_form("/people?q=water", user="water.clerk", do="give")
    found = re.search(r'class="mono num">([a-z0-9-]{19})<', answer.text)
    assert found is not None
    assert found[1] not in admin.get("/people?q=water").text, "shown once"
    assert before.get("/me").status_code == 303, "what was open has ended"
    assert signs_in(site, "water.clerk").status_code == 401, "the old password is no more"
    clerk = browser(site)
    assert clerk.post("/login", data={"user": "water.clerk", "password": found[1]}).status_code == 303
    for path in ("/", "/me", "/cases", "/inbox"):
        assert (clerk.get(path).status_code, clerk.get(path).headers["location"]) == (303, "/password"), path
    page = clerk.get("/password")
    csrf = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert csrf is not None
    clerk.csrf = csrf[1]
    for new, again, said in (
        ("short", "short", "至少10个字符"),
        ("water.clerk-1", "water.clerk-1", "太容易猜"),
        (OWN, OWN + "x", "不一样"),
        (found[1], found[1], "和现在的一样"),
        ("x" * 201, "x" * 201, "最多200个字符"),
    ):
        refused = clerk.send_form("/password", present=found[1], new=new, again=again)
        assert (refused.status_code, said in refused.text) == (409, True), said
    assert clerk.send_form("/password", present="guess", new=OWN, again=OWN).status_code == 409
    assert account(sqlite_database, "water.clerk").failures == 1, "guesses at the present password count"
    assert clerk.send_form("/password", present=found[1], new=OWN, again=OWN).status_code == 303
    assert clerk.get("/me").status_code == 200
    assert signs_in(site, "water.clerk", OWN).status_code == 303
    assert OWN not in str(account(sqlite_database, "water.clerk"))


def test_a_session_ends_when_it_is_not_used_and_at_the_latest_after_a_shift(site: FastAPI) -> None:
    idle, busy = visit(site, "water.clerk"), visit(site, "water.head")
    at(site, NOW + sessions.IDLE - timedelta(seconds=1))
    assert visit(site, "admin").get("/me").status_code == 200
    at(site, NOW + sessions.IDLE)
    assert idle.get("/me").status_code == 303, "not used for so long"
    at(site, NOW)
    moment = NOW
    while moment < NOW + sessions.LONGEST - timedelta(hours=1):
        moment += timedelta(hours=1)
        at(site, moment)
        assert busy.get("/me").status_code == 200
    at(site, NOW + sessions.LONGEST)
    assert busy.get("/me").headers["location"].startswith("/login")


def test_signing_out_ends_the_session_on_the_server_not_only_in_the_browser(site: FastAPI) -> None:
    clerk, elsewhere = visit(site, "water.clerk"), visit(site, "water.clerk")
    stolen = browser(site)
    stolen.cookies.update(clerk.cookies)
    assert stolen.get("/me").status_code == 200
    assert clerk.get("/logout").status_code == 405, "a look signs nobody out"
    answer = clerk.send_form("/logout")
    assert answer.status_code == 303
    assert "bihuan_session" in answer.headers["set-cookie"]
    assert stolen.get("/me").status_code == 303
    third = visit(site, "water.clerk")
    assert elsewhere.send_form("/me/sessions").status_code == 303
    assert elsewhere.get("/me").status_code == 200
    assert third.get("/me").status_code == 303
    assert visit(site, "admin").send_form("/people", user="water.clerk", do="end").status_code == 303
    assert elsewhere.get("/me").status_code == 303


def test_the_cookie_is_for_this_site_and_no_script(site: FastAPI, sqlite_database: Database) -> None:
    answer = signs_in(site, "water.clerk", next="/cases?state=filed")
    assert answer.headers["location"] == "/cases?state=filed"
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    (kept,) = rows(sqlite_database, WebSession)
    assert kept.digest not in cookie, "a copy of the database opens nothing"
    secure = Visitor(site, base_url="https://testserver", headers=HTML | {"Origin": "https://testserver"}, follow_redirects=False)
    assert "Secure" in secure.post("/login", data={"user": "water.clerk", "password": PASSWORD}).headers["set-cookie"]


def test_a_second_factor_is_set_used_never_twice_and_taken_away(site: FastAPI, sqlite_database: Database) -> None:
    clerk = visit(site, "water.clerk")
    shown = re.search(r'name="secret" value="([A-Z2-7]{32})"', clerk.send_form("/me/factor", do="begin", present=PASSWORD).text)
    assert shown is not None
    factor = pyotp.TOTP(shown[1])
    assert clerk.send_form("/me/factor", secret=shown[1], present=PASSWORD, code="000000").status_code == 409
    assert clerk.send_form("/me/factor", secret="not base 32!", present=PASSWORD, code="123456").status_code == 409
    assert clerk.send_form("/me/factor", secret=shown[1], present="guess", code=factor.at(NOW)).status_code == 409
    assert clerk.send_form("/me/factor", secret=shown[1], present=PASSWORD, code=factor.at(NOW)).status_code == 303
    assert "已启用" in clerk.get("/me").text
    with sqlite_database.unit_of_work() as session:
        stored = session.connection().exec_driver_sql("SELECT totp FROM account WHERE totp IS NOT NULL").scalar_one()
    assert shown[1].encode() not in bytes(stored)
    asked = signs_in(site, "water.clerk")
    assert (asked.status_code, "set-cookie" in asked.headers, "还差一步" in asked.text) == (200, False, True)
    assert signs_in(site, "water.clerk", code=factor.at(NOW)).status_code == 401, "the code that set it up was used"
    later = NOW + timedelta(minutes=1)
    at(site, later)
    assert signs_in(site, "water.clerk", code=factor.at(later)).status_code == 303
    assert signs_in(site, "water.clerk", code=factor.at(later)).status_code == 401, "twice"
    for _ in range(entering.TRIES):
        signs_in(site, "water.clerk", code="000000")
    at(site, later := later + timedelta(minutes=2))
    assert signs_in(site, "water.clerk", code=factor.at(later)).status_code == 401, "wrong codes make it rest as well"
    at(site, later + timedelta(hours=1))
    assert visit(site, "admin").send_form("/people", user="water.clerk", do="give").status_code == 200
    assert account(sqlite_database, "water.clerk").totp is None


def test_the_second_factor_is_taken_away_with_the_password(site: FastAPI, sqlite_database: Database) -> None:
    clerk = visit(site, "water.clerk")
    shown = re.search(r'name="secret" value="([A-Z2-7]{32})"', clerk.send_form("/me/factor", do="begin", present=PASSWORD).text)
    assert shown is not None
    clerk.send_form("/me/factor", secret=shown[1], present=PASSWORD, code=pyotp.TOTP(shown[1]).at(NOW))
    assert clerk.send_form("/me/factor", present="guess").status_code == 409
    assert account(sqlite_database, "water.clerk").totp == shown[1]
    assert clerk.send_form("/me/factor", present=PASSWORD).status_code == 303
    assert account(sqlite_database, "water.clerk").totp is None
    assert signs_in(site, "water.clerk").status_code == 303


def test_accounts_of_the_demonstration_are_none_when_it_is_off(
    site: FastAPI, sqlite_database: Database, tmp_path: Path, encryption_key: bytes
) -> None:
    clerk = visit(site, "water.clerk")
    with running(app_on(sqlite_database, tmp_path, encryption_key, demo=False)) as serious:
        assert signs_in(serious, "water.clerk").status_code == 401
        carried = browser(serious)
        carried.cookies.update(clerk.cookies)
        assert carried.get("/me").status_code == 303, "nor do sessions that were opened before"
        with sqlite_database.unit_of_work() as session:
            assert not has_administrator(session)
            ((user, password),) = first_administrators(session, NOW)
        assert user == "admin"
        assert signs_in(serious, "admin").status_code == 401
        assert signs_in(serious, "admin", password).headers["location"] == "/"


def test_the_first_administrator_gets_a_new_password_at_every_start_until_one_was_used(database: Database) -> None:
    with database.unit_of_work() as session:
        first, second = (first_administrators(session, NOW) for _ in range(2))
        assert [user for user, _ in first] == [user for user, _ in second] == ["admin"]
        assert first != second
        assert not has_administrator(session)
        session.connection().execute(update(table(Account)).values(one_time=False, changed_by="admin"))
        assert has_administrator(session)
        assert first_administrators(session, NOW) == []


def test_an_empty_installation_gets_its_first_administrator(tmp_path: Path, encryption_key: bytes) -> None:
    settings = Settings(data_dir=tmp_path, demo=False, prefect="off")
    settings.key_file.write_bytes(encryption_key)
    ((user, told, said),) = _prepare(settings, NOW)
    found = re.search(r"([a-z2-9]{4}-){3}[a-z2-9]{4}", said)
    assert user == "admin"
    assert found is not None
    assert found[0] in told
    with opened(settings) as database, running(app_on(database, tmp_path, encryption_key, demo=False)) as site:
        assert signs_in(site, "admin", found[0]).status_code == 303
        admin = browser(site)
        admin.post("/login", data={"user": "admin", "password": found[0]})
        admin.csrf = csrf_of(admin.cookies[SESSION_COOKIE])
        assert admin.send_form("/password", present=found[0], new=OWN, again=OWN).status_code == 303
        assert "admin" in admin.get("/people").text
    assert _prepare(settings, NOW) == []


def test_the_demonstrations_password_follows_its_file_and_leaves_passwords_of_ones_own(site: FastAPI, sqlite_database: Database) -> None:
    clerk = visit(site, "water.clerk")
    assert clerk.send_form("/password", present=PASSWORD, new=OWN, again=OWN).status_code == 303
    with sqlite_database.unit_of_work() as session:
        demonstration(session, "another-one-2", NOW)
        renew_demonstration(session, "another-one-2", NOW)
    assert signs_in(site, "water.clerk", OWN).status_code == 303
    assert signs_in(site, "water.head").status_code == 401
    assert signs_in(site, "water.head", "another-one-2").status_code == 303


def test_who_leaves_is_out_at_once(site: FastAPI, sqlite_database: Database) -> None:
    clerk = visit(site, "water.clerk")
    with sqlite_database.unit_of_work() as session:
        begin_write(session)
        session.connection().execute(update(table(Staff)).where(table(Staff).c.name == "water.clerk").values(left_at=NOW))
        reference_data_changed(session)
    assert clerk.get("/me").status_code == 303
    assert signs_in(site, "water.clerk").status_code == 401


def test_people_and_accounts_are_for_administrators(site: FastAPI, sqlite_database: Database) -> None:
    clerk, admin = visit(site, "water.clerk"), visit(site, "admin")
    for answer in (clerk.get("/people"), clerk.send_form("/people", user="admin", do="give")):
        assert answer.status_code in (403, 409)
        assert "water.head" not in answer.text
    for _ in range(entering.TRIES):
        signs_in(site, "water.head", "guess")
    page = admin.get("/people?q=WATER 负责").text
    assert "water.head" in page
    assert "water.clerk" not in page
    assert "停用到11-20 10:57" in page
    assert admin.send_form("/people?q=water", user="water.head", do="unlock").headers["location"] == "/people?q=water"
    assert signs_in(site, "water.head").status_code == 303
    for user, do in (("nobody", "give"), ("nobody", "end"), ("water.head", "fly"), ("", "unlock")):
        assert admin.send_form("/people", user=user, do=do).status_code == 409, (user, do)
    seen, path = [], "/people"
    while path:
        page = admin.get(path).text
        seen += re.findall(r'<th scope="row" class="nowrap">([^<]+)<', page)
        more = re.search(r'rel="next" href="([^"]+)"', page)
        path = more[1].replace("&amp;", "&") if more else ""
    assert seen == sorted(row.name for row in rows(sqlite_database, Staff))
    assert "没有找到" in admin.get("/people?q=不存在的人").text
    assert "End sessions" in visit(site, "admin", "en").get("/people?q=admin").text
