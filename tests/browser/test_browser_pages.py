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
    "engine": Seen("/engine", "centre.duty"),
    "people": Seen("/people", "admin"),
}


@pytest.mark.parametrize("name", PAGES)
def test_everybody_can_use_this_page(name: str, site: Website, district: District) -> None:
    seen, wrong = PAGES[name], []
    path = seen.path.format(**district.cases, secret=district.secret, place=district.place)
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
