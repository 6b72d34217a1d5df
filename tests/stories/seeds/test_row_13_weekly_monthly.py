"""每周一测评、每月一通报 (row 13): a week of score sheets with one appeal upheld; a month of sixty cases, recounted by hand."""

import io
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import func, select

from models import BulletinCase, Message, ScoreSheet, table
from rules.facts import Actor, Refused, Thing
from rules.indicators import INDICATORS, Figure
from services import mechanisms
from services.intake import Report, submit
from services.moves import Intent, Moved, Setting, make_moves
from services.rhythm import bulletins, objections, paper, sheets, weeks
from services.rhythm.figures import figures_of, ranking
from services.rhythm.sheets import Filled, Taken
from tests.support.in_hand import at
from tests.support.sound import complaints
from tests.support.town import Town

PHOTO: Final = {"note": "", "name": "stalls.jpg", "media": "image/jpeg", "sha256": "0" * 64, "size": 1}
_sheet, _member, _message = table(ScoreSheet), table(BulletinCase), table(Message)


# the week -------------------------------------------------------------------------------------------------------------


def scored(town: Town, scorer: str, topic: str, unit: str, area: str, *taken: Taken) -> int:
    """Somebody fills in a sheet and signs it."""
    with town.context.database.unit_of_work() as session:
        filled = Filled(topic, area, f"{area}路口", unit, taken)
        done = sheets.open_sheet(session, filled, town.actor(scorer), Setting(town.now))
        sheets.sign(session, done.sheet_id, town.actor(scorer), town.now)
    return done.sheet_id


def fills(session: Any, town: Town, scorer: str, *taken: Taken) -> None:
    """Somebody fills in a sheet about the streets."""
    sheets.open_sheet(session, Filled("streets", "dukou", "路口", "sanitation", taken), town.actor(scorer), Setting(town.now))


def test_a_week_is_scored_appealed_and_published(town: Town) -> None:
    town.now = at(17, 9, 30)  # a Tuesday
    littered = Taken("garbage", 50, "路口垃圾桶边有散落垃圾", (PHOTO,), open_case=True)
    first = scored(town, "centre.clerk", "streets", "sanitation", "chenguang-1", littered, Taken("roads", 20, "树下落叶未清"))
    market = scored(town, "centre.clerk", "markets", "market", "dukou", Taken("stalls", 105, "三个摊位越线", (PHOTO,)))
    scored(town, "hubin.clerk", "estates", "chenguang-estate", "chenguang-1")
    scored(town, "centre.duty", "traffic", "traffic", "chenguang-1", Taken("bikes", 55, "人行道上停车", (PHOTO,)))
    case = town.rows(select(table_of("case_file")).order_by(table_of("case_file").c.id))[0]
    assert (case.source, case.subject) == ("inspection", "市容环境：暴露垃圾"), "a deduction opened a case on the spot"
    with town.context.database.unit_of_work() as session:
        for taken, code in (
            ((Taken("garbage", 50, "散落垃圾"),), "score_photo_missing"),
            ((Taken("roads", 20, "落叶", (PHOTO,)),), "photo_not_asked"),
            ((Taken("roads", 205, "落叶"),), "bad_points"),
            ((Taken("roads", 20, " "),), "score_reason_missing"),
        ):
            with pytest.raises(Refused, match=code):
                fills(session, town, "centre.clerk", *taken)
        with pytest.raises(Refused, match="scores_own_unit"):
            fills(session, town, "sanitation.clerk")
    town.turn()
    assert any("CP-1" in text for text in town.heard("sanitation.head")), "the unit is told"
    with town.context.database.unit_of_work() as session:
        now = town.now + timedelta(hours=3)
        with pytest.raises(Refused, match="not_the_scored_unit"):
            weeks.appeal(session, first, [], "不是我们", town.actor("market.clerk"), now)
        weeks.appeal(session, first, ["garbage"], "该点位当日由街道承包作业", town.actor("sanitation.clerk"), now)
        weeks.appeal(session, market, [], "当日市场改造", town.actor("market.clerk"), now)
        with pytest.raises(Refused, match="decides_own_sheet"):
            weeks.decide(session, first, ["garbage"], "属实", town.actor("centre.clerk"), now)
        weeks.decide(session, first, ["garbage"], "作业合同属实，退还", town.actor("centre.head"), now)
    monday = at(23, 9)
    with town.context.database.unit_of_work() as session:
        with pytest.raises(Refused, match="week_not_over"):
            weeks.publish(session, date(2026, 11, 17), town.actor("centre.head"), at(20, 9))
        with pytest.raises(Refused, match="week_not_settled") as waiting:
            weeks.publish(session, date(2026, 11, 17), town.actor("centre.head"), monday)
        assert waiting.value.details["sheets"] == "CP-2", "one appeal is not decided"
        assert weeks.remind(session, monday) == []
        weeks.decide(session, market, [], "划线清楚，不采纳", town.actor("centre.head"), monday)
        assert weeks.remind(session, monday) == [date(2026, 11, 16)]
        assert weeks.remind(session, monday) == [], "told once"
        assert weeks.result(session, date(2026, 11, 17)) == [], "nothing before it is published"
        weeks.publish(session, date(2026, 11, 17), town.actor("centre.head"), monday)
        found = {(s.topic, s.area_unit_id): (s.sheets, s.mean, s.small) for s in weeks.result(session, date(2026, 11, 17))}
        with pytest.raises(Refused, match="week_published"):
            weeks.publish(session, date(2026, 11, 17), town.actor("centre.head"), monday)
    assert found["streets", None] == (1, 9800, True), "the points given back count, and one sheet says little"
    assert found["markets", town.unit_id("wanghai")] == (1, 8950, True)
    kept = town.rows(select(_sheet.c.topic, _sheet.c.state, _sheet.c.week, _sheet.c.upheld).order_by(_sheet.c.id))
    assert {(row.topic, row.state, row.week, row.upheld) for row in kept} == {
        ("streets", "published", "2026-11-16", True),
        ("markets", "published", "2026-11-16", False),
        ("estates", "published", "2026-11-16", None),
        ("traffic", "published", "2026-11-16", None),
    }
    assert complaints(town.context.database, town.now) == []


def table_of(name: str) -> Any:
    """A table by its name."""
    from models import Base

    return Base.metadata.tables[name]


# the month ------------------------------------------------------------------------------------------------------------


class Month:
    """Sixty water failures of December in five batches, twelve a day, moved through the one door a batch at a time."""

    def __init__(self, town: Town) -> None:
        self.town, self.serial = town, 0

    def batch(self, day: int, source: str = "resident") -> list[int]:
        """Twelve reports in one commit; residents' are dispatched by the engine."""
        town, self.town.now = self.town, at(day, 9, month=12)
        reports = []
        for _ in range(12):
            self.serial += 1
            phone = f"100{self.serial:08d}"
            said = "小区停水一整天" if source == "resident" else "楼下那个东西又来了"
            reports.append(Report(said, f"{said}，第{self.serial}户", source=source, area="chenguang-1", requester=phone, phone=phone))
        with town.context.database.unit_of_work() as session:
            ids = [done.case_id for done in submit(session, reports, Setting(town.now))]
        town.turn()
        return ids

    def all(self, intents: Iterable[Intent]) -> None:
        """Make these moves now, in one unit of work."""
        with self.town.context.database.unit_of_work() as session:
            outcomes = make_moves(session, list(intents), Setting(self.town.now))
        assert [o for o in outcomes if not isinstance(o, Moved)] == []

    def after(self, **how_long: float) -> None:
        """Let time pass; nobody looks meanwhile."""
        self.town.now += timedelta(**how_long)

    def orders(self, cases: Sequence[int], action: str, **args: Any) -> None:
        """Every open work order of these cases makes this move."""
        open_ones = [(case, order) for case in cases for order in self.town.orders(case) if order.state in ("sent", "working")]
        clerks = {order.code: self.town.actor(f"{order.code}.clerk") for _, order in open_ones}
        self.all(Intent(case, action, clerks[order.code], Thing.ORDER, order.no, args) for case, order in open_ones)

    def leads(self, cases: Sequence[int], action: str, **args: Any) -> None:
        """The leading work order of each of these cases makes this move."""
        clerk = self.town.actor("utility.clerk")
        self.all(Intent(case, action, clerk, Thing.ORDER, self.town.order_no(case), args) for case in cases)

    def told(self, cases: Sequence[int]) -> None:
        """Checked by the centre and told to the reporters."""
        self.town.turn()
        centre = self.town.actor("centre.duty")
        self.all(Intent(case, "pass_check", centre) for case in cases)
        self.town.turn()

    def rated(self, cases: Sequence[int], solved: bool, score: int | None) -> None:
        """The reporters rate."""
        people = {case: Actor("resident", resident_id=self.town.case(case).requester_id) for case in cases}
        self.all(Intent(case, "rate", people[case], args={"solved": solved, "score": score}) for case in cases)
        self.town.turn()

    def in_time(self) -> list[int]:
        """All in time; three are sent back by the check and done again; six rate, six are silent."""
        cases = self.batch(1)
        self.after(minutes=10)
        self.orders(cases, "acknowledge")
        self.after(minutes=20)
        self.leads(cases, "contact")
        self.after(hours=5)
        self.orders(cases, "finish", result="已恢复供水")
        self.town.turn()
        centre = self.town.actor("centre.duty")
        self.all(Intent(case, "fail_check", centre, args={"reason": "水压不足"}) for case in cases[:3])
        self.after(hours=1)
        self.orders(cases[:3], "finish", result="已加压")
        self.told(cases)
        self.rated(cases[:4], solved=True, score=5)
        self.rated(cases[4:5], solved=True, score=None)
        self.rated(cases[5:6], solved=False, score=2)
        return cases

    def late(self) -> list[int]:
        """Acknowledged, contacted and finished late; two returns are not upheld, one is."""
        cases = self.batch(3)
        town, clerk, centre = self.town, self.town.actor("utility.clerk"), self.town.actor("centre.duty")
        self.after(minutes=5)
        why = {"code": "not_our_duty", "reason": "不归我们"}
        self.all(Intent(case, "ask_return", clerk, Thing.ORDER, town.order_no(case), why) for case in cases[:3])
        self.after(minutes=5)
        self.all(Intent(case, "reject_return", centre, Thing.REQUEST, 1, {"reason": "供水归水电气热服务"}) for case in cases[:2])
        ruling = {"unit": town.unit_id("housing"), "reason": "小区内管线", "override": True}
        self.all([Intent(cases[2], "uphold_return", centre, Thing.REQUEST, 1, ruling)])
        self.after(minutes=50)
        self.orders(cases, "acknowledge")
        self.after(hours=3)
        self.leads([c for c in cases if c != cases[2]], "contact")
        self.after(hours=30)
        self.orders(cases, "finish", result="已修复")
        return cases

    def lengthened(self) -> list[int]:
        """More time is asked for and granted, for one of them refused; all are done within the longer limit, that one is not."""
        cases = self.batch(7)
        self.after(minutes=5)
        self.orders(cases, "acknowledge")
        self.leads(cases, "contact")
        self.after(hours=2)
        self.leads(cases, "ask_extension", amount="24h", reason="配件明天到")
        self.after(hours=1)
        head, centre = self.town.actor("centre.head"), self.town.actor("centre.duty")
        self.all(Intent(case, "grant", head, Thing.EXTENSION, 1) for case in cases[1:])
        self.all([Intent(cases[0], "refuse", centre, Thing.EXTENSION, 1, {"reason": "库里有配件"})])
        self.after(hours=27)
        self.orders(cases, "finish", result="已更换配件")
        return cases

    def held(self) -> list[int]:
        """Put on hold for two days; eleven are done once it is lifted, one stays on hold."""
        cases = self.batch(9)
        self.after(minutes=5)
        self.orders(cases, "acknowledge")
        self.leads(cases, "contact")
        self.after(hours=2)
        clerk, centre = self.town.actor("utility.clerk"), self.town.actor("centre.duty")
        why = {"code": "procedure", "reason": "等道路开挖许可"}
        self.all(Intent(case, "ask_hold", clerk, args=why) for case in cases)
        self.all(Intent(case, "approve_hold", centre, Thing.REQUEST, 1) for case in cases)
        self.after(hours=48)
        self.all(Intent(case, "resume", centre) for case in cases[1:])
        self.after(hours=3)
        self.orders(cases[1:], "finish", result="开挖许可已到，已修复")
        return cases

    def on_the_spot(self) -> list[int]:
        """Put right on the spot by the grid worker."""
        cases = self.batch(11, "grid_worker")
        worker = self.town.actor("chenguang-1.worker")
        args = {"category": "B04", "urgency": "P2", "result": "已当场清除"}
        self.all(Intent(case, "self_handle", worker, args=args) for case in cases)
        self.town.turn()
        return cases


def recounted(town: Town, cases: Sequence[int], since: datetime, until: datetime) -> dict[str, tuple[int, int | None]]:
    """Every figure of the district once more, from the journal alone and by brute force."""
    tally: Counter[str] = Counter()
    for case in cases:
        journal = town.journal(case)
        for order in town.orders(case):
            for kind, action, limit in (("acknowledged", "acknowledge", 0.25), ("contact", "contact", 1.0), ("on_time", "finish", 24.0)):
                if kind == "contact" and not order.lead:
                    continue
                _limit(tally, kind, action, limit, order, journal, (since, until))
        _case_facts(tally, [e for e in journal if e.thing == "case" and since <= e.at < until])
        for entry in journal:
            if entry.thing == "request" and entry.action in ("uphold_return", "reject_return"):
                tally.update({"returns": 1, "rejected": entry.action == "reject_return"})
            tally["holds"] += (entry.thing, entry.action) == ("request", "approve_hold")
            tally["extensions"] += (entry.thing, entry.action) == ("order", "ask_extension")
            tally["granted"] += (entry.thing, entry.action) == ("extension", "grant")
            if entry.action == "rate":
                score = entry.data.get("score")
                tally.update({"ratings": 1, "solved": entry.data["solved"], "scored": score is not None, "satisfied": (score or 0) >= 3})
    t = tally
    return {
        "received": (len(cases), None),
        "handled": (t["handled"], None),
        "acknowledged_rate": (t["acknowledged"], t["acknowledged met"]),
        "first_contact_rate": (t["contact"], t["contact met"]),
        "on_time_rate": (t["on_time"], t["on_time met"]),
        "on_time_rate_strict": (t["on_time"], t["on_time met plain"]),
        "on_time_rate_plain": (t["on_time plain"], t["on_time met plain"]),
        "rework_rate": (t["concluded"], t["back"]),
        "self_handled_rate": (t["handled"], t["self"]),
        "rejected_return_rate": (t["returns"], t["rejected"]),
        "resolution_rate": (t["ratings"], t["solved"]),
        "satisfaction_rate": (t["scored"], t["satisfied"]),
        "silent": (t["silent"], None),
        "holds": (t["holds"], None),
        "extensions_asked": (t["extensions"], None),
        "extensions_granted": (t["granted"], None),
    }


def _limit(
    tally: Counter[str], kind: str, action: str, hours: float, order: Any, journal: Sequence[Any], month: tuple[datetime, datetime]
) -> None:
    """One limit of one work order, run by run: it begins when the order is sent, or the case is sent back, and hours are natural."""
    begun = [order.sent_at] if order.sent_at != order.finished_at else []
    if kind == "on_time":
        begun += [e.at for e in journal if (e.thing, e.action, e.thing_no) == ("order", "redo", order.no)]
    done = [e.at for e in journal if (e.thing, e.action, e.thing_no) == ("order", action, order.no) and e.actor != "system"]
    recalled = [e.at for e in journal if (e.thing, e.action, e.thing_no) == ("order", "recall", order.no)]
    finished = [e.at for e in journal if (e.thing, e.action, e.thing_no) == ("order", "finish", order.no)]
    for start in begun:
        held = [e.at for e in journal if e.thing == "case" and e.action in ("hold", "resume") and e.at >= start]
        granted = [e for e in journal if (e.action, e.thing_no) == ("extended", order.no) and e.data["clock"] == "handle"]
        more = len(granted) if kind == "on_time" else 0
        end = next((at_ for at_ in done if at_ >= start), None)
        stopped = min((a for a in (end, *recalled, *(f for f in finished if f >= start)) if a is not None), default=None)
        held = [moment for moment in held if stopped is None or moment < stopped]
        paused = (held[1] - held[0]) if len(held) == 2 else timedelta(0)
        due = start + timedelta(hours=hours * (1 + more)) + paused
        if (stopped is not None and stopped <= due and stopped != end) or not month[0] <= due < month[1]:
            continue
        met = end is not None and end <= due and (len(held) != 1)
        plain = not held and not more
        tally.update({kind: 1, f"{kind} met": met, f"{kind} plain": plain, f"{kind} met plain": met and plain})


def _case_facts(tally: Counter[str], entries: Sequence[Any]) -> None:
    actions = {entry.action for entry in entries}
    handled, back = bool(actions & {"finish", "self_handle"}), bool(actions & {"fail_check", "rework"})
    tally.update({"handled": handled, "back": back, "concluded": handled or back, "self": "self_handle" in actions})
    tally["silent"] += "close_unrated" in actions


def of_the_district(found: Sequence[Figure]) -> dict[str, tuple[int, int | None]]:
    """Figures as numbers."""
    return {figure.code: (figure.n, figure.hits) for figure in found}


def test_a_month_is_drafted_objected_to_corrected_and_published(town: Town) -> None:
    town.without_photos()
    month = Month(town)
    parts = [month.in_time(), month.late(), month.lengthened(), month.held(), month.on_the_spot()]
    cases = [case for part in parts for case in part]
    assert len(cases) == 60
    with town.context.database.unit_of_work() as session, pytest.raises(Refused, match="month_not_over"):
        bulletins.draft(session, "2026-12", "centre.clerk", town.now)
    town.fast_forward(until=at(1, 6, month=1, year=2027))
    with town.context.database.unit_of_work() as session:
        (row,) = bulletins.draft_what_is_due(session, town.now)
        assert bulletins.draft_what_is_due(session, town.now) == [], "drafted once"
        found = figures_of(session, row)
        again = bulletins.recheck(session, "2026-12")
    assert (row["month"], row["state"], row["made_by"]) == ("2026-12", "draft", "system")
    assert of_the_district(found.tables[0].figures) == recounted(town, cases, row["since"], row["until"])
    assert (again.things, again.gone, again.come) == (again.same, [], [])
    figures = {(t.by, t.key, f.code): f for t in found.tables for f in t.figures}
    assert set(INDICATORS) == {code for by, _, code in figures if by == "district"}
    returns = figures["district", "", "rejected_return_rate"]
    assert (returns.hits, returns.n, returns.small) == (2, 3, True), "three say little"
    on_time = figures["unit", "utility", "on_time_rate"]
    assert on_time.low is not None
    assert on_time.low < (on_time.rate or 0) < (on_time.high or 0)
    assert figures["district", "", "self_handled_rate"].hits == 12
    _objected_to_and_published(town, parts[1])
    _nothing_personal(town)
    assert complaints(town.context.database, town.now) == []


def _objected_to_and_published(town: Town, late: Sequence[int]) -> None:
    """One objection is upheld and one is not; two people publish; ranking only once it is switched on."""
    now, no = at(4, 9, month=1, year=2027), town.case(late[5]).no
    with town.context.database.unit_of_work() as session:
        before = {f.code: f for f in figures_of(session, bulletins.row_of(session, "2026-12")).tables[0].figures}["on_time_rate"]
        with pytest.raises(Refused, match="bulletin_not_for_you"):
            bulletins.read_bulletin(session, "2026-12", town.actor("utility.clerk"))
        opened = bulletins.open_to_objections(session, "2026-12", town.actor("centre.clerk"), now)
        against = objections.Against("handle", no, "12月3日全区停电，见调度令")
        assert objections.ask(session, "2026-12", against, town.actor("utility.clerk"), now) == 1
        with pytest.raises(Refused, match="objected_already"):
            objections.ask(session, "2026-12", against, town.actor("utility.clerk"), now)
        with pytest.raises(Refused, match="not_in_the_list"):
            objections.ask(session, "2026-12", against, town.actor("water.clerk"), now)
        contact = objections.Against("contact", no, "打过电话")
        assert objections.ask(session, "2026-12", contact, town.actor("utility.clerk"), now) == 2
        with pytest.raises(Refused, match="objections_still_open"):
            bulletins.approve(session, "2026-12", town.actor("centre.head"), now)
        after = opened["objections_until"] + timedelta(minutes=1)
        with pytest.raises(Refused, match="objections_wait"):
            bulletins.approve(session, "2026-12", town.actor("centre.head"), after)
        objections.decide(session, "2026-12", 1, "met", "停电属实", town.actor("centre.head"), after)
        objections.decide(session, "2026-12", 2, None, "没有通话记录", town.actor("centre.head"), after)
        row = bulletins.approve(session, "2026-12", town.actor("centre.head"), after)
        with pytest.raises(Refused, match="second_publisher"):
            bulletins.publish(session, "2026-12", town.actor("centre.head"), after)
        row = bulletins.publish(session, "2026-12", town.actor("chenghu.leader"), after)
        corrected = {f.code: f for f in figures_of(session, row).tables[0].figures}["on_time_rate"]
        assert (corrected.n, corrected.hits) == (before.n, (before.hits or 0) + 1)
        with pytest.raises(Refused, match="mechanism_off"):
            ranking(session, "2026-12", "on_time_rate")
        mechanisms.switch(session, "ranking", town.actor("admin"), after, on=True)
        assert ranking(session, "2026-12", "on_time_rate") == {}, "one unit of each class: there is nobody to compare with"
    published = town.rows(select(_message.c.staff_id).where(_message.c.notice == "rhythm_published"))
    assert town.person_id("utility.head") in {row.staff_id for row in published}


def _nothing_personal(town: Town) -> None:
    """The workbook has a sheet of cases for every figure, from which it can be recounted, and nothing of any resident."""
    with town.context.database.unit_of_work() as session:
        row = bulletins.row_of(session, "2026-12")
        data, text = paper.as_workbook(session, row, "zh"), paper.as_text(session, row, "zh")
    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    listed = {name: book.get_sheet_by_name(name).to_python()[1:] for name in book.sheet_names}
    due = listed["本月处置到期的工单"]
    met = sum("时限内" in str(line[4]).split() or line[5] == "计为按期" for line in due)
    (kept,) = town.rows(select(func.count().label("n")).select_from(_member).where(_member.c.family == "handle"))
    assert len(due) == kept.n
    assert f"（{met}/{len(due)}；" in text, "the figure is what its sheet counts"
    everything = text + str(listed)
    assert "100000000" not in everything
    assert "停水" not in everything
    assert "centre.clerk" not in text, "no figure is about a person"
