"""What the command line says of affairs: who waits for whom, whom it told, whose a move is, which moment was typed, what a list is of."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from rules.facts import Refused, Thing
from services.affairs import Plan, affairs, begin, find, sheet
from services.affairs.acting import Ask, act
from services.affairs.messages import messages_of, told_by
from services.catalogue import catalogue
from services.claims_pool import Line, Order, board, figures, pair, post
from services.deliberation import Called, call
from services.disputes import Raised, raise_dispute
from services.errands import Wish, begin_errand
from services.moves import Setting
from services.patrols.residents import Resident
from services.points import open_account
from services.rhythm import lists
from services.rhythm.periods import label_of, local_day
from services.rhythm.remarks import Said, remark
from services.subjects import Alert, Subject, alert, open_subject
from tests.support.sound import complaints
from tests.support.town import Town
from wording import LANGUAGES, sentences


def refused(code: str, make: Callable[[], object]) -> Refused:
    with pytest.raises(Refused, match=f"^{code}$") as caught:
        make()
    return caught.value


def opened(town: Town, who: str, action: str, **args: object) -> str:
    with town.context.database.unit_of_work() as session:
        return begin(session, Plan(action, args), town.actor(who), Setting(town.now)).no


def test_a_call_for_a_moment_that_is_past_names_the_moment_that_was_typed(sqlite_town: Town) -> None:
    town = sqlite_town
    past = town.now - timedelta(days=2)
    water = catalogue_ids(town)["water"]
    said = refused("moment_past", lambda: opened(town, "hubin.clerk", "whistle", title="夜市", called=(water,), at=past.isoformat()))
    assert said.details["given"] == past.isoformat()

    def meet() -> None:
        with town.context.database.unit_of_work() as session:
            call(session, Called("议", "bench", at=past.isoformat()), town.actor("chenguang.clerk"), Setting(town.now))

    assert refused("moment_past", meet).details["given"] == past.isoformat(), "not a day later, when the minutes are due"


def catalogue_ids(town: Town) -> dict[str, int]:
    with town.context.database.unit_of_work() as session:
        return dict(catalogue(session).unit_ids)


def test_paired_units_are_named_and_quantities_say_the_same_everywhere(town: Town) -> None:
    with town.context.database.unit_of_work() as session:
        pair(session, "chenguang", "water", town.actor("admin"), town.now)
        order = Order("椅子", (Line("折叠椅", 100, "把"),), area="chenguang")
        no = post(session, order, town.actor("chenguang.clerk"), Setting(town.now)).no

    def claim(who: str, **more: object) -> None:
        with town.context.database.unit_of_work() as session:
            act(session, Ask(no, "claim", None, {"want": 1, "quantity": 30, **more}), town.actor(who), Setting(town.now))

    said = refused("paired_first", lambda: claim("urban.clerk"))
    assert said.details["units"] == ("water",)
    assert said.details["until"]
    claim("water.clerk")
    claim("water.head", personally=True)
    with town.context.database.unit_of_work() as session:
        (line,) = figures(session, no)
        (free,) = board(session, town.actor("water.clerk"), town.now)
        mine = [a.no for a in affairs(session, mine=town.actor("water.head"))]
        others = affairs(session, mine=town.actor("urban.clerk"))
        told = told_by(session, find(session, no), town.now)
    assert (line.wanted, line.pledged, line.free, line.units, line.people) == (100, 60, 40, 1, 1)
    assert (free.quantity, free.free) == (line.wanted, line.free)
    assert (mine, others) == ([no], []), "what waits for a unit or for a person of it"
    assert "water.clerk" in told


def test_who_may_not_hears_whose_it_is_but_nothing_of_what_is_hidden(sqlite_town: Town) -> None:
    town, ids = sqlite_town, catalogue_ids(sqlite_town)
    no = opened(town, "hubin.clerk", "whistle", title="夜市", called=(ids["urban"],))

    def asks(action: str, part: int | None = None) -> None:
        with town.context.database.unit_of_work() as session:
            act(session, Ask(no, action, part, {"way": "on_site", "reason": "x"}), town.actor("water.clerk"), Setting(town.now))

    assert refused("not_yours", lambda: asks("report_in", 1)).details["whose"] == "urban"
    assert refused("not_yours", lambda: asks("cancel")).details["whose"] == "hubin"
    with town.context.database.unit_of_work() as session:
        assert {told.to for told in messages_of(session, no, None)} >= {"urban.clerk"}


def test_a_dispute_whose_title_gives_it_away_is_for_named_readers_also_on_a_case(town: Town) -> None:
    case = town.reports("楼上楼下为噪音吵架")
    with town.context.database.unit_of_work() as session:
        raised = Raised("3栋家暴，邻居听到哭喊", "family")
        no = raise_dispute(session, raised, town.actor("chenguang.clerk"), Setting(town.now), [town.case(case).no]).no
    with town.context.database.unit_of_work() as session:
        assert no not in [a.no for a in affairs(session, (Thing.DISPUTE,))]
        assert sheet(session, no, town.actor("chenguang.clerk")).affair["no"] == no
        refused("restricted", lambda: sheet(session, no, town.actor("water.clerk")))


def test_an_errand_names_the_papers_that_are_missing(sqlite_town: Town) -> None:
    town = sqlite_town
    with town.context.database.unit_of_work() as session:
        no = begin_errand(session, Wish("chronic", area="chenguang-1"), town.actor("chenguang.clerk"), Setting(town.now)).no

    def step() -> None:
        with town.context.database.unit_of_work() as session:
            act(session, Ask(no, "do_step", 1, {}), town.actor("chenguang.clerk"), Setting(town.now))

    said = refused("materials_wanting", step)
    assert said.details["codes"]
    assert all(set(paper) == {"zh", "en"} for paper in said.details["papers"])  # type: ignore[attr-defined]


def test_nobody_hears_the_same_news_of_one_alert_twice(town: Town) -> None:
    with town.context.database.unit_of_work() as session:
        subject = Subject("household", "晨光1-07-101", tier=2, area="chenguang-1")
        no = open_subject(session, subject, town.actor("chenguang.clerk"), Setting(town.now)).no
        alert(session, no, Alert("sos", tier=4), Setting(town.now), town.actor("chenguang.clerk"))
    with town.context.database.unit_of_work() as session:
        told = [(m.to, m.channel) for m in messages_of(session, no, town.actor("chenguang.clerk"))]
    assert told
    assert len(told) == len(set(told))


def test_an_account_is_never_that_of_somebody_else_with_the_same_phone(sqlite_town: Town) -> None:
    town = sqlite_town
    from services.mechanisms import switch

    with town.context.database.unit_of_work() as session:
        switch(session, "points", town.actor("admin"), town.now, on=True)
        first = open_account(session, Resident("张三", "10087650001", "adult"), town.actor("chenguang.clerk"), town.now)
        again = open_account(session, Resident("张三", "10087650001", "adult"), town.actor("chenguang.clerk"), town.now)
    assert first == again

    def other() -> None:
        with town.context.database.unit_of_work() as session:
            open_account(session, Resident("李四", "10087650001", "adult"), town.actor("chenguang.clerk"), town.now)

    assert refused("points_phone_of_another", other).details == {"account": first}


def test_a_week_is_called_by_its_days() -> None:
    assert (label_of("day", "2026-11-16"), label_of("week", "2026-11-16")) == ("2026-11-16", "2026-11-16 – 2026-11-22")


def test_no_refusal_has_two_sentences() -> None:
    """Sections of several files are put together: a code that two of them word would say the wrong thing in one of two places."""
    import tomllib

    known_twice = {"unit_retired"}
    for lang in LANGUAGES:
        said: dict[str, set[str]] = {}
        for file in Path("locales").glob(f"*/*.{lang}.toml"):
            for code, sentence in tomllib.loads(file.read_text(encoding="utf-8")).get("refused", {}).items():
                said.setdefault(code, set()).add(sentence)
        assert {code for code, several in said.items() if len(several) > 1} <= known_twice
        assert not [s for s in sentences(lang)["refused"].values() if re.search(r"\+08:00", s)], "moments are local where people type them"


def test_a_line_without_a_work_order_can_be_urged_and_its_unit_hears(town: Town) -> None:
    no = opened(town, "hubin.clerk", "whistle", title="夜市", called=(catalogue_ids(town)["urban"],))
    case = town.reports("想反映一件事")
    with town.context.database.unit_of_work() as session:
        lists.make(session, "day", "system", town.now)
        seen = lists.read_list(session, "day", local_day(town.now, catalogue(session).zone), None)
        home = find(session, no).case_id
        lines = {row["case_id"]: row["no"] for row in seen.lines if row["part"] == "due"}
        for case_id in (home, case):
            remark(session, "day", seen_day(seen), Said("请抓紧", lines[case_id], urge=True), town.actor("centre.duty"), Setting(town.now))
    with town.context.database.unit_of_work() as session:
        assert "urban.clerk" in [m.to for m in messages_of(session, no, None) if m.notice == "affair_told"]
    assert "urged" in [m.notice for m in town.messages(case)]
    assert town.actions(case)[-1] == "unit_urged"
    town.turn()
    assert any("催办" in text for text in town.heard("centre.duty"))
    texts = [m.wording for m in town.messages(case) if m.notice == "urged"]
    assert any("，待研判" in text for text in texts if text), "of a case that nobody has triaged"
    assert complaints(town.context.database, town.now) == []


def seen_day(seen: lists.Seen) -> date:
    return date.fromisoformat(seen.row["day"])
