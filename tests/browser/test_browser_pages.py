"""Every page in both languages and in large print, at a desk and on a phone: axe finds nothing, nothing is too small or too wide."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.support.browsing import Website
from tests.support.district import District

pytestmark = [pytest.mark.soak, pytest.mark.timeout(240)]
LOOKS: Final = (Path(__file__).parent / "looks.js").read_text(encoding="utf-8")
RULES: Final = {
    "resultTypes": ["violations"],
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
}
#: What is asked for in the address, and the name of the picture.
MODES: Final = {
    "zh": {"lang": "zh", "size": "standard"},
    "en": {"lang": "en", "size": "standard"},
    "large": {"lang": "zh", "size": "large"},
}


@dataclass(frozen=True)
class Seen:
    """One page.

    Attributes:
        path: Its address; `{working}` stands for the number of that case.
        who: User name of whoever looks at it; None: anybody; `reporter:<case>`: whoever reported that case.
        sizes: On what.
    """

    path: str
    who: str | None = None
    sizes: tuple[str, ...] = ("desk", "phone")
    status: int = 200


PHONE: Final = ("phone",)
DESK: Final = ("desk",)
PAGES: Final = {
    # at the door
    "login": Seen("/login"),
    "me": Seen("/me", "centre.duty"),
    "password": Seen("/password", "centre.duty", DESK),
    "not-found": Seen("/cases/BH-20200101-9999", "centre.duty", DESK, 404),
    "no-page": Seen("/nothing-here", None, PHONE, 404),
    # of the public
    "report": Seen("/r", None, PHONE),
    "report-place": Seen("/r/{place}", None, PHONE),
    "report-no-place": Seen("/r/nowhere", None, PHONE, 404),
    "wall-code": Seen("/q/{place}"),
    "follow": Seen("/s", None, PHONE),
    "status-working": Seen("/s/{working}", "reporter:working", PHONE),
    "status-late": Seen("/s/{late}", "reporter:late", PHONE),
    "status-rate": Seen("/s/{handled}", "reporter:handled", PHONE),
    "status-closed": Seen("/s/{rated}", "reporter:rated", PHONE),
    "profile": Seen("/p", None, PHONE),
    "profile-case": Seen("/p?no={working}", None, PHONE),
    "profile-grid": Seen("/p/grid/chenguang-1", None, PHONE),
    "counter": Seen("/counter"),
    "code": Seen("/a", None, PHONE),
    "link": Seen("/a/{secret}", None, PHONE),
    "link-signed-in": Seen("/a/{secret}", "urban.clerk", PHONE),
    # in the field
    "grid": Seen("/grid", "chenguang-1.worker", PHONE),
    "grid-clerk": Seen("/grid", "chenguang.clerk", PHONE),
    "grid-report": Seen("/grid/report", "chenguang-1.worker", PHONE),
    "grid-handled": Seen("/grid/handled", "chenguang-1.worker", PHONE),
    "grid-offline": Seen("/grid/offline", "chenguang-1.worker", PHONE),
    "grid-visit": Seen("/grid/visit", "chenguang-1.worker", PHONE),
    "grid-case": Seen("/grid/cases/{handled}", "centre.duty", PHONE),
    # of a unit
    "inbox-unit": Seen("/inbox", "water.clerk"),
    "inbox-worker": Seen("/inbox", "chenguang-1.worker", PHONE),
    "inbox-empty": Seen("/inbox?q=没有这样的事", "water.clerk", DESK),
    "case-unit": Seen("/cases/{working}", "water.clerk"),
    "case-late": Seen("/cases/{late}", "municipal.clerk", DESK),
    "acknowledge": Seen("/cases/{fresh}/do/acknowledge?thing=order&thing_no=1", "urban.clerk"),
    "finish": Seen("/cases/{working}/do/finish?thing=order&thing_no=1", "water.clerk"),
    "extend": Seen("/cases/{working}/do/ask_extension?thing=order&thing_no=1", "water.clerk", DESK),
    "locked": Seen("/cases/{rated}/do/finish?thing=order&thing_no=1", "water.clerk", DESK, 409),
    # of the centre
    "inbox-centre": Seen("/inbox", "centre.duty"),
    "cases": Seen("/cases", "centre.duty"),
    "cases-none": Seen("/cases?q=没有这样的事", "centre.duty", DESK),
    "case-centre": Seen("/cases/{handled}", "centre.duty", DESK),
    "case-closed": Seen("/cases/{rated}", "centre.duty", DESK),
    "triage": Seen("/triage?no={unsorted}", "centre.duty"),
    "board": Seen("/board", "centre.duty"),
    "daily": Seen("/board/daily", "centre.duty"),
    "engine": Seen("/engine", "centre.duty"),
    "bulletins": Seen("/bulletins", "centre.duty"),
    "bulletin": Seen("/bulletins/{month}", "centre.head"),
    "bulletin-object": Seen("/bulletins/{month}", "water.clerk"),
    "week": Seen("/weeks/{week}", "centre.duty"),
    "sheet-new": Seen("/sheets/new?topic=streets", "centre.clerk"),
    "sheet-topics": Seen("/sheets/new", "centre.clerk", DESK),
    "sheet-appeal": Seen("/sheets/CP-3", "traffic.clerk"),
    "people": Seen("/people", "admin"),
    # desks
    "desks": Seen("/desks", "centre.duty"),
    "desk-dispatch": Seen("/desks/dispatch", "centre.duty"),
    "desk-rulings": Seen("/desks/rulings", "centre.duty"),
    "desk-level": Seen("/desks/level", "chenguang.clerk"),
    "desk-orders": Seen("/desks/supervision", "chenghu.leader"),
    "desk-order": Seen("/desks/supervision/{order}", "municipal.clerk"),
    "desk-shift": Seen("/desks/shift", "centre.duty"),
    "desk-restricted": Seen("/desks/restricted", "centre.duty", DESK),
    "desk-sensitive": Seen("/desks/restricted/{sensitive}", "centre.duty"),
    "desk-not-mine": Seen("/desks/dispatch", "water.clerk", DESK, 409),
    "own": Seen("/own", "water.clerk"),
    # ledgers
    "ledgers": Seen("/ledgers", "admin"),
    "ledger-sensors": Seen("/ledgers/sensors", "chenguang.head"),
    "ledger-sensor": Seen("/ledgers/sensors/MJ-CG-0700", "chenguang-estate.clerk"),
    "ledger-subjects": Seen("/ledgers/subjects", "chenguang.head"),
    "ledger-subject": Seen("/ledgers/subjects/{subject}", "chenguang.head"),
    "ledger-patrols": Seen("/ledgers/patrols", "chenguang.clerk"),
    "ledger-patrol": Seen("/ledgers/patrols/groups/chenguang-bees", "chenguang.clerk"),
    "ledger-member": Seen("/ledgers/patrols/members/1", "chenguang.clerk", DESK),
    "ledger-points": Seen("/ledgers/points", "chenguang.clerk"),
    "ledger-account": Seen("/ledgers/points/1", "centre.head"),
    "ledger-campaigns": Seen("/ledgers/campaigns", "hubin.clerk", DESK),
    "ledger-campaign": Seen("/ledgers/campaigns/{campaign}", "hubin.clerk"),
    "ledger-topics": Seen("/ledgers/topics", "centre.head", DESK),
    "ledger-topic": Seen("/ledgers/topics/{topic}", "centre.head"),
    "ledger-responsibility": Seen("/ledgers/responsibility", "hubin.head"),
    "ledger-letters": Seen("/ledgers/responsibility/matrix", "hubin.head"),
    "ledger-outside": Seen("/ledgers/outside", "centre.head"),
    "ledger-forces": Seen("/ledgers/forces", "admin", DESK),
    # affairs
    "affairs": Seen("/affairs", "centre.duty"),
    "affairs-mine": Seen("/affairs?show=mine", "water.clerk", PHONE),
    "affair-whistle": Seen("/affairs/{whistle}", "hubin.clerk"),
    "affair-report-in": Seen("/affairs/{whistle}", "water.clerk", PHONE),
    "affair-pool": Seen("/affairs/{pool}", "chenguang.clerk"),
    "affair-meeting": Seen("/affairs/{meeting}", "chenguang.clerk"),
    "affair-dispute": Seen("/affairs/{dispute}", "chenguang.clerk"),
    "affair-agree": Seen("/affairs/{dispute}/do/agree", "chenguang.clerk"),
    "affair-errand": Seen("/affairs/{errand}", "chenguang.clerk"),
    "affair-inspection": Seen("/affairs/{inspection}", "chenghu.leader"),
    "affair-find": Seen("/affairs/{inspection}/do/find_problem", "chenghu.leader"),
    "affair-poll": Seen("/affairs/{poll}", "chenguang.clerk", DESK),
    "affair-unknown": Seen("/affairs/CS-20200101-0001", "centre.duty", DESK, 404),
    "affairs-pool": Seen("/affairs/pool", "centre.duty"),
    "new-whistle": Seen("/affairs/new/whistle", "hubin.clerk"),
    "new-meeting": Seen("/affairs/new/meeting", "chenguang.clerk"),
    "new-inspection": Seen("/affairs/new/inspection", "chenghu.leader", DESK),
    "pool": Seen("/pool", None, PHONE),
    "pool-who": Seen("/pool/me", None, PHONE),
    "polls": Seen("/pool/polls", None, PHONE),
    "poll": Seen("/pool/polls/{poll}", None, PHONE),
    "config": Seen("/config", "admin"),
    "sla": Seen("/config/sla", "centre.duty"),
    "sla-row": Seen("/config/sla?v=2&edit=7", "admin"),
    "sla-trial": Seen("/config/sla?v=2&only=1&try=reproject&days=90", "centre.head"),
    "calendars": Seen("/config/calendars?m=2026-10", "admin"),
    "ladders": Seen("/config/ladders", "centre.duty"),
    "ladders-draft": Seen("/config/ladders?v=2&l=acknowledge_p0", "admin"),
    "routing": Seen("/config/routing?category=A03&area=jinqiao-1", "centre.duty"),
    "routing-draft": Seen("/config/routing?v=2", "admin"),
    "units": Seen("/config/units", "admin"),
    "unit": Seen("/config/units/water?user=water.clerk", "admin"),
    "rosters": Seen("/config/rosters", "water.head"),
    "categories": Seen("/config/categories", "admin"),
    "category": Seen("/config/categories/A03", "admin"),
    "category-new": Seen("/config/categories/new", "admin"),
    "rules": Seen("/config/rules?target=A01&edit=r1", "admin"),
    "words": Seen("/config/templates", "admin"),
    "words-one": Seen("/config/templates/accepted/sms/zh", "centre.head"),
    "words-mail": Seen("/config/templates/clock_overdue/email/en", "admin", DESK),
    "channels": Seen("/config/channels", "admin"),
    "channels-kinds": Seen("/config/channels/new", "admin"),
    "channels-new": Seen("/config/channels/new?kind=gwsms-yunmas", "admin"),
    "channels-edit": Seen("/config/channels/sms/edit", "admin"),
    "channels-waiting": Seen("/config/channels/waiting", "admin"),
    "notices": Seen("/config/notices", "centre.head"),
    "channels-dead": Seen("/config/channels/dead", "admin"),
    "limits": Seen("/config/limits", "admin"),
}


@pytest.mark.parametrize("name", PAGES)
def test_everybody_can_use_this_page(name: str, site: Website, district: District) -> None:
    seen, wrong = PAGES[name], []
    path = seen.path.format(**district.cases, **district.days, **district.affairs, secret=district.secret, place=district.place)
    for size in seen.sizes:
        with visit(site, district, seen, size) as page:
            for mode, asked in MODES.items():
                status = site.open(page, path, **asked)
                wrong += [] if status == seen.status else [f"{status} instead of {seen.status}"]
                wrong += [f"{size} {mode}: {each}" for each in (*violations(page), *looks(page, size, mode))]
                if mode != "en":
                    site.shoot(page, f"{name}-{size}-{mode}")
    assert not wrong, "\n" + "\n".join(wrong)
    assert site.broken == []


@contextmanager
def visit(site: Website, district: District, seen: Seen, size: str) -> Iterator[Page]:
    """A browser before this page, its ears open."""
    site.broken.clear()
    role, _, case = (seen.who or "").partition(":")
    context = site.context(None if case else seen.who, size)
    if case:
        assert role == "reporter"
        site.follow(context, district.cases[case], district.token(case))
    yield context.new_page()
    context.close()


def violations(page: Page) -> list[str]:
    """What axe finds: the rule, how many times, the first place."""
    found: dict[str, Any] = Axe().run(page, options=RULES).response
    return [
        f"axe {each['id']} ×{len(each['nodes'])}: {each['nodes'][0]['html'][:160]} | {_why(each['nodes'][0])}"
        for each in found["violations"]
    ]


def _why(node: dict[str, Any]) -> str:
    return str(node["failureSummary"]).replace("\n", " ")[:220]


def looks(page: Page, size: str, mode: str) -> list[str]:
    """What is too small, too wide, or wrapped into a column."""
    least = 60 if mode == "large" else 44 if size == "phone" else 0  # at a desk axe looks at the space around them
    found: list[str] = page.evaluate(LOOKS, {"least": least, "text": 24 if mode == "large" else 10.5, "cjk": mode == "zh"})
    return found
