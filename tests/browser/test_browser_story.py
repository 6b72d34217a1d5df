"""The six steps before real browsers, as the people of five places, once with scripts and once without: from a phone's report to closed."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from clock import utcnow
from models import Case, table
from tests.support.answered import minted, rows_of
from tests.support.browsing import Website, website_in_time
from tests.support.district import District
from tests.support.pictures import photo
from tests.support.town import Town

_case = table(Case)
pytestmark = [pytest.mark.soak, pytest.mark.timeout(240)]
#: In words that no rule of triage claims: a person has to decide.
WORDS: Final = "9号楼旁边那个东西坏了半个月，晚上经过害怕，一直没人管"
CLUTTER: Final = "E02"  #: clutter in a stairwell: on the list of the community, and a street may dispatch it
LAMP: Final = "桂园路人行道上路灯不亮三天了，晚上看不见路"  #: a rule of triage knows it: the engine dispatches it by itself
LEAD, HELPER = "chenguang-estate", "fire"


@dataclass
class Story:
    """One case on its way, and everybody's browser."""

    site: Website
    town: Town
    scripts: bool
    name: str = "story"
    no: str = ""
    token: str = ""
    _shots: int = 0

    @property
    def case(self) -> int:
        """The case's id."""
        return int(self.town.rows(select(_case.c.id).where(_case.c.no == self.no))[0].id)

    def page(self, who: str | None, size: str) -> Page:
        """Somebody's browser."""
        return self.site.context(who, size, scripts=self.scripts).new_page()

    def shoot(self, page: Page, what: str) -> None:
        """Keep a picture of where the story is."""
        self._shots += 1
        self.site.shoot(page, f"{self.name}-{'scripts' if self.scripts else 'bare'}-{self._shots:02d}-{what}")

    def turn(self) -> None:
        """The engine turns; the town of the long story has its own time."""
        if self.name == "story":
            self.town.now = utcnow()
        self.town.turn()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_case_goes_through_all_six_steps(scripts: bool, site: Website, district: District) -> None:
    site.broken.clear()
    story = Story(site, district.town, scripts)
    reported_from_a_phone(story)
    filed_by_the_centre(story)
    reported_up_and_dispatched(story)
    acknowledged_by_link(story, HELPER)
    acknowledged_in_the_inbox(story, LEAD)
    for unit, size in ((LEAD, "desk"), (HELPER, "phone")):
        finished_with_a_photo(story, unit, size)
    checked(story)
    rated(story)
    story.turn()
    assert story.town.state(story.case) == "closed"
    assert site.broken == []


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_case_that_nobody_takes_up_climbs_until_somebody_signs(
    scripts: bool, sqlite_town: Town, browser: Browser, shots: Path, tmp_path: Path, encryption_key: bytes
) -> None:
    """Six days without a sign of life under a clock that is fast-forwarded: the order to put it right is proposed, signed, answered."""
    with website_in_time(sqlite_town, tmp_path / "web", encryption_key, browser, shots) as site:
        story = Story(site, sqlite_town, scripts, "late")
        reported_from_a_phone(story, LAMP, "guiyuan-1", "dispatched")
        sqlite_town.fast_forward(days=6)
        seen_late(story)
        signed(story)
        for unit in ("municipal", "hubin-estates"):
            finished_with_a_photo(story, unit, "desk")
        answered(story)
        checked(story)
        rated(story)
        story.turn()
        assert sqlite_town.state(story.case) == "closed"
        assert [order.state for order in sqlite_town.supervision(story.case)] == ["written_off"]
        assert site.broken == []


def seen_late(story: Story) -> None:
    """The unit's inbox begins with it, in red and in words; the resident is told that it is late."""
    page = story.page("municipal.clerk", "desk")
    story.site.open(page, "/inbox")
    row = page.locator("tr[data-row]").filter(has_text=story.no[-9:]).first
    expect(row.locator(".light--late")).to_be_visible()
    expect(row).to_contain_text("超")
    story.shoot(page, "inbox")
    page.context.close()
    page = status_page(story)
    expect(page.locator("main")).to_contain_text("超")
    story.shoot(page, "status")
    page.context.close()


def signed(story: Story) -> None:
    """The head of the centre signs what the clock has proposed."""
    (proposed,) = story.town.supervision(story.case)
    assert proposed.state == "proposed"
    page = story.page("centre.head", "desk")
    story.site.open(page, f"/cases/{story.no}")
    story.shoot(page, "proposed")
    story.site.open(page, f"/cases/{story.no}/do/sign?thing=supervision&thing_no={proposed.seq}")
    send(page)
    page.context.close()


def answered(story: Story) -> None:
    """The unit answers the order with what it has put right; the centre looks, and writes it off."""
    seq = story.town.supervision(story.case)[0].seq
    steps = (("municipal.clerk", "reply"), ("centre.duty", "pass_check"), ("centre.head", "write_off"))
    for user, action in steps:
        page = story.page(user, "desk")
        story.site.open(page, f"/cases/{story.no}/do/{action}?thing=supervision&thing_no={seq}")
        if action == "reply":
            page.locator("[name=result]").fill("灯已修好，以后每周巡查")
            page.locator("[name=after]").fill("灯已修好")
            page.locator("[name=after_files]").set_input_files({"name": "亮了.jpg", "mimeType": "image/jpeg", "buffer": photo(shade=120)})
        story.shoot(page, action)
        send(page)
        page.context.close()


def reported_from_a_phone(story: Story, words: str = WORDS, area: str = "chenguang-1", state: str = "accepted") -> None:
    """A resident reports with a photo and a phone number, and is told number and token."""
    page = story.page(None, "phone")
    story.site.open(page, "/r")
    page.locator("input[name=photo]").set_input_files({"name": "杂物.jpg", "mimeType": "image/jpeg", "buffer": photo()})
    page.get_by_label("街道、社区、网格").select_option(area)
    page.get_by_label("什么问题").fill(words)
    page.get_by_label("手机号").fill("10000000077")
    story.shoot(page, "report")
    page.get_by_role("button", name="提交").click()
    if page.get_by_role("heading", name="可能已有人反映").is_visible():
        page.get_by_label("都不是").check()
        page.get_by_role("button", name="提交").click()
    expect(page.get_by_role("heading", name="已收到")).to_be_visible()
    story.no, story.token = page.locator(".hero .big").all_inner_texts()
    story.shoot(page, "received")
    page.get_by_role("link", name="看进度").click()
    expect(page.get_by_text("六步进度")).to_be_visible()
    page.context.close()
    story.turn()
    assert story.town.state(story.case) == state


def filed_by_the_centre(story: Story) -> None:
    """The centre says what it is, and that the community looks first."""
    page = story.page("centre.duty", "desk")
    story.site.open(page, f"/triage?no={story.no}")
    story.shoot(page, "triage")
    story.site.open(page, f"/cases/{story.no}/do/file")
    page.locator("[name=category]").select_option(CLUTTER)
    page.locator("[name=urgency]").select_option("P2")
    story.shoot(page, "file")
    send(page)
    story.site.open(page, f"/cases/{story.no}/do/place")
    page.locator("[name=level]").select_option("community")
    story.shoot(page, "place")
    send(page)
    page.context.close()
    story.turn()
    assert story.town.state(story.case) == "reporting"


def reported_up_and_dispatched(story: Story) -> None:
    """The community has not the means and reports up; the street says who leads and who helps."""
    page = story.page("chenguang.clerk", "phone")
    story.site.open(page, f"/cases/{story.no}")
    story.shoot(page, "community")
    story.site.open(page, f"/cases/{story.no}/do/report_up")
    send(page)
    page.context.close()
    page = story.page("hubin.clerk", "desk")
    story.site.open(page, f"/cases/{story.no}/do/dispatch")
    page.locator("[name=lead]").select_option(LEAD)
    page.locator("[name=co]").select_option(HELPER)
    story.shoot(page, "dispatch")
    send(page)
    story.shoot(page, "dispatched")
    page.context.close()
    story.turn()
    assert story.town.state(story.case) == "dispatched"


def acknowledged_by_link(story: Story, unit: str) -> None:
    """The helping unit follows the link of its message; looking alone does nothing."""
    (told,) = rows_of(story.town, story.case, "dispatched_co")
    _, link = minted(story.town, [told])[told.id]
    page = story.page(None, "phone")
    story.site.open(page, f"/a/{link.rpartition('/')[2]}")
    assert order_state(story, unit) == "sent"
    story.shoot(page, "link")
    page.get_by_role("button", name="签收").click()
    page.wait_for_load_state("load")
    story.shoot(page, "link-told")
    assert order_state(story, unit) == "working"
    page.context.close()


def acknowledged_in_the_inbox(story: Story, unit: str) -> None:
    """The leading unit finds it in its inbox, acknowledges, and records that it has spoken to the resident."""
    page = story.page(f"{unit}.clerk", "desk")
    story.site.open(page, "/inbox")
    page.locator("tr[data-row]").filter(has_text=story.no[-9:]).get_by_role("button", name="签收").click()
    page.wait_for_load_state("load")
    story.shoot(page, "inbox")
    assert order_state(story, unit) == "working"
    move(story, page, unit, "contact")
    page.context.close()


def finished_with_a_photo(story: Story, unit: str, size: str) -> None:
    """A unit says what it has done, and shows it."""
    page = story.page(f"{unit}.clerk", size)
    if not has_spoken(story, unit):
        move(story, page, unit, "contact")
    story.site.open(page, f"/cases/{story.no}")
    story.shoot(page, f"case-{size}")
    form_of(story, page, unit, "finish")
    page.locator("[name=result]").fill("杂物清走了，栏杆重新固定")
    page.locator("[name=photos_after]").set_input_files({"name": "清走了.jpg", "mimeType": "image/jpeg", "buffer": photo(shade=200)})
    send(page)
    story.shoot(page, f"finished-{size}")
    page.context.close()
    assert order_state(story, unit) == "done"


def checked(story: Story) -> None:
    """The street looks whether it is true; then the resident is told."""
    story.turn()
    page = story.page("hubin.clerk", "desk")
    story.site.open(page, f"/cases/{story.no}/do/pass_check")
    story.shoot(page, "check")
    send(page)
    page.context.close()
    story.turn()


def rated(story: Story) -> None:
    """The resident comes back with number and token, sees the photo of the result, and answers both questions."""
    page = status_page(story)
    expect(page.get_by_text("杂物清走了").first).to_be_visible()
    assert page.locator("figure.photo img").count() > 0
    page.get_by_label("已解决").check()
    page.locator("[name=score][value='5']").check()
    story.shoot(page, "rate")
    page.get_by_role("button", name="交评价").click()
    expect(page.get_by_text("您的评价已收到")).to_be_visible()
    story.shoot(page, "rated")
    page.context.close()


def status_page(story: Story) -> Page:
    """The resident comes back with number and token."""
    page = story.page(None, "phone")
    story.site.open(page, f"/s?no={story.no}")
    page.locator("[name=token]").fill(story.token)
    page.locator("main form button").first.click()
    expect(page.get_by_text("六步进度")).to_be_visible()
    return page


def order_state(story: Story, unit: str) -> str:
    return str(next(order.state for order in story.town.orders(story.case) if order.code == unit))


def has_spoken(story: Story, unit: str) -> bool:
    return any(
        entry.action == "contact" and entry.thing_no == story.town.order_no(story.case, unit) for entry in story.town.journal(story.case)
    )


def form_of(story: Story, page: Page, unit: str, action: str) -> None:
    """Open the form of a move of a unit's work order."""
    story.site.open(page, f"/cases/{story.no}/do/{action}?thing=order&thing_no={story.town.order_no(story.case, unit)}")


def move(story: Story, page: Page, unit: str, action: str) -> None:
    """Make a move that asks for nothing."""
    form_of(story, page, unit, action)
    send(page)


def send(page: Page) -> None:
    """Send the form of a move; whoever is refused stays on it."""
    page.locator(".dialog form button").last.click()
    page.wait_for_load_state("load")
    assert "/do/" not in page.url, page.locator(".banner").all_inner_texts()
