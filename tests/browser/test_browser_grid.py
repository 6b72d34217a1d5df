"""The bench in a dead zone: what is sent without a network waits on the phone, outlives the page, and arrives once."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect
from sqlalchemy import select

from clock import utcnow
from models import Attachment, Case, Submission, table
from rules.geo import Point
from services.catalogue import catalogue
from services.places import Place, add
from tests.support.browsing import Website
from tests.support.district import District
from tests.support.pictures import photo

pytestmark = [pytest.mark.soak, pytest.mark.timeout(120)]
WORKER = "chenguang-1.worker"


@pytest.fixture
def phone(site: Website) -> Iterator[Page]:
    """A grid worker's phone before the form of a report."""
    expect.set_options(timeout=30_000)
    site.broken.clear()
    context = site.context(WORKER, "phone")
    page = context.new_page()
    site.open(page, "/grid/report")
    expect(page.locator("html")).to_have_attribute("data-bench", "ready")
    yield page
    context.close()


def cases(district: District, words: str) -> list[int]:
    with district.database.unit_of_work() as session:
        return list(session.connection().execute(select(table(Case).c.id).where(table(Case).c.body.startswith(words))).scalars())


def fill(page: Page, words: str, picture: Path | None = None) -> None:
    page.fill("#words", words)
    if picture is not None:
        page.set_input_files("input[type=file]", picture)
    page.click("button.btn--primary")


def test_two_reports_without_a_network_are_two_cases_in_the_end(phone: Page, site: Website, district: District, tmp_path: Path) -> None:
    words, picture = f"断网处井盖松动{secrets.token_hex(4)}", tmp_path / "井盖.jpg"
    picture.write_bytes(photo())
    phone.context.set_offline(offline=True)
    fill(phone, f"{words}第一件", picture)
    expect(phone.locator("#outbox")).to_contain_text("待发 1 件")
    fill(phone, f"{words}第二件")
    expect(phone.locator("#outbox")).to_contain_text("待发 2 件")
    expect(phone.locator("#outbox")).to_contain_text("现在没有网络")
    site.shoot(phone, "grid-offline")
    assert cases(district, words) == []

    phone.route("**/grid/report", lambda route: route.abort() if route.request.method == "POST" else route.continue_())
    phone.context.set_offline(offline=False)  # a network, but nothing comes through yet
    phone.reload()
    expect(phone.locator("html")).to_have_attribute("data-bench", "ready")  # it has tried, and what it had came back
    expect(phone.locator("#outbox")).to_contain_text("没有发出去")
    expect(phone.locator("#outbox")).to_contain_text("待发 2 件")
    assert cases(district, words) == []

    lost: list[str] = []

    def arrives_but_its_answer_is_lost(route: Route) -> None:
        if route.request.method == "POST" and not lost:
            lost.append(route.fetch().text())
            route.abort()
            return
        route.continue_()

    phone.unroute("**/grid/report")
    phone.route("**/grid/report", arrives_but_its_answer_is_lost)
    with phone.expect_event("requestfailed"):
        phone.click("[data-now]")
    assert len(lost) == 1
    assert len(cases(district, words)) == 1
    expect(phone.locator("#outbox")).to_contain_text("没有发出去")
    expect(phone.locator("#outbox")).to_contain_text("待发 2 件")
    phone.click("[data-now]")
    expect(phone.locator("#outbox")).to_contain_text("已发出")
    phone.reload()
    expect(phone.locator("#outbox")).to_be_hidden()
    found = cases(district, words)
    assert len(found) == 2
    with district.database.unit_of_work() as session:
        run = session.connection().execute
        assert len(run(select(table(Attachment)).where(table(Attachment).c.case_id.in_(found))).all()) == 1
        assert len({row.key for row in run(select(table(Submission)))}) >= 2


def test_the_forms_open_in_a_dead_zone_and_no_case_is_kept(phone: Page, site: Website, district: District) -> None:
    words = f"信号盲区井盖{secrets.token_hex(4)}"
    site.open(phone, "/grid")
    phone.evaluate("navigator.serviceWorker.ready.then(() => true)")
    site.open(phone, "/grid")  # now through it: style sheets and scripts are kept too
    site.open(phone, "/grid/report")
    phone.context.set_offline(offline=True)
    site.open(phone, "/grid")
    expect(phone.locator("h1")).to_contain_text("没有网络也能做")
    kept = phone.evaluate(
        "caches.keys().then((names) => caches.open(names[0])).then((c) => c.keys()).then((found) => found.map((r) => r.url))"
    )
    assert not [url for url in kept if "/grid/cases" in url or url.endswith("/grid")]
    for n in (1, 2):
        phone.click("text=上报一件")
        expect(phone.locator("html")).to_have_attribute("data-bench", "ready")
        fill(phone, f"{words}第{n}件")
        expect(phone.locator("#outbox")).to_contain_text(f"待发 {n} 件")
        site.open(phone, "/grid/offline")
    phone.context.set_offline(offline=False)
    expect(phone.locator("#outbox")).to_contain_text("已发出", timeout=60_000)  # what fails is tried again after a while
    assert len(cases(district, words)) == 2


def test_a_form_that_is_refused_says_so_and_keeps_what_was_typed(phone: Page, site: Website, district: District) -> None:
    words = f"当场清走堆物{secrets.token_hex(4)}"
    site.open(phone, "/grid/handled")
    expect(phone.locator("html")).to_have_attribute("data-bench", "ready")
    phone.fill("#words", words)
    phone.select_option("#category", "B04")
    phone.fill("#result", "已清走")
    phone.fill("#quantity", "三")
    phone.click("button.btn--primary")
    expect(phone.locator("[data-said]")).to_contain_text("数量")
    expect(phone.locator("#words")).to_have_value(words)
    expect(phone.locator("#outbox")).to_be_hidden()
    assert cases(district, words) == []
    phone.fill("#quantity", "3")
    phone.click("button.btn--primary")
    expect(phone.locator("main .banner--ok")).to_contain_text("当场办好")
    (case,) = cases(district, words)
    with district.database.unit_of_work() as session:
        assert session.connection().execute(select(table(Case).c.result).where(table(Case).c.id == case)).scalar_one() == "已清走（3）"
    assert site.broken == []


def test_what_one_kept_on_a_phone_another_one_does_not_send(phone: Page, site: Website, district: District) -> None:
    words = f"共用手机{secrets.token_hex(4)}"
    phone.context.set_offline(offline=True)
    fill(phone, words)
    expect(phone.locator("#outbox")).to_contain_text("待发 1 件")
    kept = phone.context.cookies()
    other = site.context("chenguang-2.worker", "phone")
    cookies = other.cookies()
    other.close()
    phone.context.clear_cookies()
    phone.context.add_cookies(cookies)  # type: ignore[arg-type]
    phone.context.set_offline(offline=False)
    site.open(phone, "/grid")
    expect(phone.locator("#outbox")).to_contain_text("本人登录后才发")
    assert cases(district, words) == []
    phone.context.clear_cookies()
    phone.context.add_cookies(kept)  # type: ignore[arg-type]
    site.open(phone, "/grid")
    expect(phone.locator("#outbox")).to_contain_text("已发出")
    assert len(cases(district, words)) == 1


def test_a_residents_report_stays_on_the_page_and_the_nearest_place_is_chosen(site: Website, district: District) -> None:
    words = f"路灯不亮{secrets.token_hex(4)}"
    with district.database.unit_of_work() as session:
        admin = catalogue(session).actor("admin")
        add(session, Place("jinqiao-1", "金桥路口路灯", Point(31.3, 121.3)), admin, utcnow())
    site.broken.clear()
    context = site.context(None, "phone")
    context.grant_permissions(["geolocation"], origin=site.url)
    context.set_geolocation({"latitude": 31.3002, "longitude": 121.3001, "accuracy": 15})
    page = context.new_page()
    site.open(page, "/r")
    page.click("[data-locate] button")
    expect(page.locator("[data-locate] [role=status]")).to_contain_text("金桥路口路灯")
    expect(page.locator("#area")).to_have_value("jinqiao-1")
    page.fill("#words", words)
    context.set_offline(offline=True)
    page.click(".ph-bar button")
    expect(page.locator("[data-network]")).to_contain_text("有网后再点提交")
    assert cases(district, words) == []
    context.set_offline(offline=False)
    expect(page.locator("[data-network]")).to_contain_text("网络恢复了")
    page.click(".ph-bar button")
    page.wait_for_load_state()
    if page.locator("input[name=same]").count():  # others may have reported the like
        page.check("input[name=same][value=none]")
        page.click(".ph-bar button")
    expect(page.locator("h1")).to_contain_text("已收到")
    (case,) = cases(district, words)
    with district.database.unit_of_work() as session:
        row = session.connection().execute(select(table(Case)).where(table(Case).c.id == case)).one()
        assert catalogue(session).units[row.area_unit_id].code == "jinqiao-1"
        assert (round(row.lat, 4), row.accuracy_m) == (31.3002, 15)
    assert site.broken == []
    context.close()
