"""A month of sixty cases whose course is known: what a bulletin has to say of it can be counted by hand."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from rules.facts import Actor, Thing
from services.intake import Report, submit
from services.moves import Intent, Moved, Setting, make_moves
from tests.support.in_hand import at
from tests.support.town import Town


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
