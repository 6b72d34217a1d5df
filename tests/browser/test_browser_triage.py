"""The triage desk with the keyboard alone: up and down, category, urgency, file and dispatch, undo; nothing while typing."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.support.browsing import Website
from tests.support.district import District

pytestmark = [pytest.mark.soak, pytest.mark.timeout(120)]
VAGUE = "有点事想反映"


@pytest.fixture
def mine(district: District) -> list[str]:
    """Two cases of its own, which the engine does not look at."""
    bodies = ("楼前下水道堵了，污水外溢", "楼下又来了一堆东西，没人管")
    made = [district.town.reports(VAGUE, body, phone=f"1000000077{n}") for n, body in enumerate(bodies)]
    return [str(district.town.case(case).no) for case in made]


@pytest.fixture
def page(site: Website) -> Iterator[Page]:
    """The desk's browser."""
    site.broken.clear()
    context = site.context("centre.duty", "desk")
    yield context.new_page()
    context.close()
    assert site.broken == []


def here(page: Page) -> str:
    """The case of the queue that is shown."""
    return str(page.locator("[data-queue] a[aria-current]").get_attribute("href")).partition("no=")[2]


def test_a_case_is_sent_and_taken_back_without_a_mouse(page: Page, site: Website, mine: list[str]) -> None:
    site.open(page, f"/triage?no={mine[0]}", lang="zh")
    queue = [str(link.get_attribute("href")).partition("no=")[2] for link in page.locator("[data-queue] a").all()]
    if queue.index(mine[0]) + 1 < len(queue):
        page.keyboard.press("j")
        expect(page.locator("[data-queue] a[aria-current]")).to_have_attribute("href", f"/triage?no={queue[queue.index(mine[0]) + 1]}")
        page.keyboard.press("k")
        expect(page.locator("[data-queue] a[aria-current]")).to_have_attribute("href", f"/triage?no={mine[0]}")
    page.keyboard.press("Shift+Digit1")
    expect(page.locator('input[name="urgency"][value="P1"]')).to_be_checked()
    page.keyboard.press("1")
    first = page.locator('input[name="category"]:not([value=""])').first
    expect(first).to_be_checked()
    page.keyboard.press("Shift+Digit2")
    expect(page.locator('input[name="urgency"][value="P2"]')).to_be_checked()
    page.keyboard.press("Enter")
    undo = page.locator("[data-undo]")
    expect(undo).to_be_visible()
    expect(page.get_by_role("status")).to_contain_text(f"{mine[0]} 已立案并派单")
    assert here(page) != mine[0]
    page.keyboard.press("z")
    expect(page.get_by_role("status")).to_contain_text(f"{mine[0]} 已撤回")
    expect(undo).to_have_count(0)
    assert here(page) == mine[0], "it is there again"
    page.goto(f"{site.url}/cases/{mine[0]}")
    expect(page.locator("#log")).to_contain_text("刚派出就撤回")


def test_keys_are_letters_while_somebody_types(page: Page, site: Website, mine: list[str]) -> None:
    site.open(page, f"/triage?no={mine[1]}", lang="zh")
    page.keyboard.press("r")
    said = page.locator("#said")
    expect(said).to_be_focused()
    page.keyboard.type("jk1mtz")
    expect(said).to_have_value("jk1mtz")
    assert here(page) == mine[1]
    said.blur()
    page.keyboard.press("t")
    expect(page.locator("#channel")).to_be_focused()
    page.locator("h1").click()
    page.keyboard.press("Control+j")
    assert here(page) == mine[1], "keys held with others are the browser's"
