"""What affairs know of people: told to readers only, let go of once the affair has ended long enough ago."""

from datetime import timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import insert, select, update

from models import Affair, AffairPart, Case, Message, OfficeTag, Requester, table
from services.audit.journal import check_journal
from services.catalogue import catalogue
from services.claims_pool import Line, Order, post
from services.intake import requester_key
from services.moves import Along, Setting, read_drafts, write_drafts
from services.moves.affairs.base import tell_asker, tell_person
from services.privacy.retention import NOBODY, Emptied, Retention
from tests.support.beside import does, opens, part_of, seen
from tests.support.town import Town

PHONE, OTHER, NAME, DAYS = "13812345678", "13700000001", "张三丰", 100
_affair, _part, _requester, _message = table(Affair), table(AffairPart), table(Requester), table(Message)
_tag: Final = table(OfficeTag)


def wishes(town: Town, phone: str) -> str:
    order = Order(f"想要一把轮椅，电话{phone}", (Line("轮椅", 1, "把"),), body=f"身体不便，请打{phone}", area="chenguang", form="wish")
    with town.context.database.unit_of_work() as session:
        whole = Order(**{name: getattr(order, name) for name in ("title", "lines", "body", "area", "form")}, phone=phone, name=NAME)
        return post(session, whole, town.actor("chenguang.clerk"), Setting(town.now)).no


def runs(town: Town, folder: Path) -> Emptied:
    return Retention(town.context.database, folder / "files", DAYS, "system").run(town.now, lambda _done, _whole: None)


def everything(town: Town) -> str:
    """All that is kept, but the journal."""
    tables = [t for t in Case.metadata.sorted_tables if t.name != "journal"]
    return " ".join(str(tuple(row)) for each in tables for row in town.rows(select(each)))


def known(town: Town, phone: str) -> bool:
    return bool(town.rows(select(_requester.c.id).where(_requester.c.key == requester_key(phone))))


def test_whom_an_affair_names_is_let_go_once_it_has_ended_long_enough(town: Town, tmp_path: Path) -> None:
    over, going = wishes(town, PHONE), wishes(town, OTHER)
    does(town, over, "withdraw_order", "chenguang.clerk", reason="已有轮椅")
    _ends_a_meeting_point(town)
    town.now += timedelta(days=DAYS - 1)
    assert runs(town, tmp_path).reporters == 0
    assert known(town, PHONE)
    town.now += timedelta(days=2)
    done = runs(town, tmp_path)
    assert (done.cases, done.affairs, done.reporters) == (1, 1, 2), "the file that was kept for it alone goes with it"
    assert not known(town, PHONE)
    kept = everything(town)
    assert PHONE not in kept
    assert "身体不便，请打138****" in kept
    assert (known(town, OTHER), f"请打{OTHER}" in kept) == (True, True), "what goes on keeps its own"
    nobody = town.rows(select(_requester.c.id).where(_requester.c.key == NOBODY))[0].id
    assert [row.asker_id for row in town.rows(select(_affair.c.asker_id).where(_affair.c.no == over))] == [nobody]
    assert town.rows(select(_message.c.id).where(_message.c.requester_id == nobody, _message.c.wording.is_not(None))) == []
    assert runs(town, tmp_path) == Emptied(), "a second run finds nothing"
    with town.context.database.unit_of_work() as session:
        assert check_journal(session, [row.case_id for row in town.rows(select(_affair.c.case_id))]) == []
    does(town, going, "withdraw_order", "chenguang.clerk", reason="不用了")


def _ends_a_meeting_point(town: Town) -> None:
    """A resident held an office until today."""
    with town.context.database.unit_of_work() as session:
        run = session.connection().execute
        who = run(insert(_requester).values(key="office", name=NAME, phone="13699999999").returning(_requester.c.id)).scalar_one()
        about = {"office": "fire", "area_unit_id": town.unit_id("chenguang"), "requester_id": who, "since": town.now, "until": town.now}
        run(insert(_tag).values(**about, building="", entered_at=town.now, entered_by="system"))


def test_an_affair_is_emptied_though_its_case_goes_on_and_a_case_waits_for_its_affairs(town: Town, tmp_path: Path) -> None:
    going, ended = town.reports("夜市油烟扰民"), town.reports("问一下社区办公时间")
    town.turn()
    called = (town.unit_id("urban"),)
    over = opens(town, "hubin.clerk", "whistle", town.case(going).no, called=called, title="联合处置")
    does(town, over.no, "report_in", "urban.clerk", part_of(town, over.no, "urban"), way="on_site", words=f"业主{PHONE}在场")
    does(town, over.no, "end", "hubin.clerk", result=f"已劝离，联系人{PHONE}")
    still = opens(town, "hubin.clerk", "whistle", town.case(ended).no, called=called, title=f"联系{OTHER}", limit="21600h")
    town.act(ended, "answer", "centre.duty", result=f"已电话告知{OTHER}")
    with town.context.database.unit_of_work() as session:
        own = (_affair.c.no == over.no,)
        session.connection().execute(update(_affair).where(*own).values(data={"minutes": [{"said": f"请打{PHONE}", "score": 5}]}))
    town.now += timedelta(days=DAYS + 1)
    assert (runs(town, tmp_path).affairs, town.case(going).anonymised_at) == (1, None)
    found = seen(town, over.no)
    assert (found.affair["result"], found.parts[0]["words"]) == ("已劝离，联系人138****", "业主138****在场")
    assert found.affair["data"] == {"minutes": [{"said": "请打138****", "score": 5}]}
    assert (town.case(ended).state, town.case(ended).anonymised_at) == ("answered", None), "an affair of it goes on"
    assert OTHER in seen(town, still.no).affair["title"]
    does(town, still.no, "cancel", "hubin.clerk", reason="不用了")
    town.now += timedelta(days=DAYS + 1)
    runs(town, tmp_path)
    assert town.case(ended).anonymised_at is not None
    assert OTHER not in seen(town, still.no).affair["title"]


def test_of_a_sensitive_case_only_readers_hear_of_its_affairs(town: Town) -> None:
    case = town.reports("夜市油烟扰民", phone=PHONE)
    town.turn()
    began = opens(town, "centre.duty", "whistle", town.case(case).no, called=(town.unit_id("urban"),), title="联合处置")
    town.act(case, "restrict", "centre.duty", kind="minor", reason="涉未成年人")
    readers = set(town.case(case).readers)
    with town.context.database.unit_of_work() as session:
        draft = read_drafts(session, [case], Along(affairs=[case]))[case]
        row, clerk = draft.affairs[began.seq], catalogue(session).actor("water.clerk").user_id
        assert clerk not in readers
        told_before = len(draft.messages)
        data = {"affair": began.no}
        draft.enter(town.now, town.actor("centre.duty"), step="handle", thing="case", action="affair_moved", data=data)
        tell_person(draft, "affair_told", town.now, row, staff_id=clerk, news="whistle_ended")
        (told,) = draft.messages[told_before:]
        assert told["staff_id"] in readers
        row["asker_id"] = town.case(case).requester_id
        tell_asker(draft, "affair_resident", town.now, row, news="whistle_ended")
        assert draft.messages[-1]["requester_id"] == row["asker_id"], "a resident for whom it is done is told"
        write_drafts(session, [draft])
