"""What goes on beside the loop reaches the five offices of the place: each kind its own, nobody twice, nothing that is hidden."""

from datetime import timedelta

from sqlalchemy import select

from models import Message, OfficeTag, table
from services.catalogue import catalogue
from services.errands import Wish, begin_errand
from services.inspections import Planned, Site, plan
from services.mechanisms import switch
from services.moves import Setting
from services.responsibility import news
from services.responsibility.reference import offices
from services.responsibility.watching import NEW, look
from tests.support.beside import does, opens, seen
from tests.support.duties import entered
from tests.support.sound import complaints
from tests.support.town import Town

COLUMNS = "area building office holder from"
#: Residents of 晨光第1网格, one for each office, and people around them who hold one too.
AGENT, PUBLICITY, ADVOCATE, SPEAKER, BUILDING, ELSEWHERE = (f"1000000060{n}" for n in range(6))
HELD = (
    ("chenguang-1", "", "agent", AGENT),
    ("chenguang-1", "", "publicity", PUBLICITY),
    ("chenguang-1", "", "advocate", ADVOCATE),
    ("chenguang-1", "", "deliberation", SPEAKER),
    ("chenguang", "", "deliberation", SPEAKER),
    *(("chenguang-1", "5号楼", office, BUILDING) for office in ("agent", "deliberation")),
    *(("jinqiao-1", "", office, ELSEWHERE) for office in ("agent", "publicity", "advocate", "deliberation")),
    ("chenguang", "", "deliberation", "chenguang.head"),
)
POLL = {"title": "要不要立楼道公约", "options": ("要", "不要"), "households": 40, "place": "晨光小区"}


def in_office(town: Town) -> None:
    entered(town.context.database, "offices", COLUMNS, *((*tag, "2026-01-01") for tag in HELD))


def told(town: Town) -> int:
    """The patrol looks; how many notices it queued."""
    with town.context.database.unit_of_work() as session:
        return news.tell_of_affairs(session, town.now)


def hears(town: Town, who: str, no: str) -> list[str]:
    """What an officer was sent about an affair, as an officer."""
    return [text for text in town.heard(who) if no in text and "你是" in text]


def heard_by(town: Town, no: str) -> set[str]:
    numbers = {n: f"resident:{n}" for n in (AGENT, PUBLICITY, ADVOCATE, SPEAKER, BUILDING, ELSEWHERE)}
    return {n for n, who in (*numbers.items(), ("chenguang.head", "chenguang.head")) if hears(town, who, no)}


def errand(town: Town, place: str, user: str = "chenguang.clerk", phone: str = "10000000001") -> str:
    wish = Wish("pension_check", phone, "周某", place=place, area="chenguang-1")
    with town.context.database.unit_of_work() as session:
        return begin_errand(session, wish, town.actor(user), Setting(town.now)).no


def test_each_kind_of_news_reaches_the_office_that_it_is_for(town: Town) -> None:
    assert {row.kind for row in news.NEWS} | {NEW} == {kind for office in offices().values() for kind in office.hears}, (
        "no kind is only a word"
    )
    in_office(town)
    campaign = opens(town, "hubin.clerk", "open_campaign", area="hubin", title="清理楼道").no
    project = opens(town, "hubin.clerk", "open_project", area="hubin", title="晨光片", parent_case=1, parent_seq=1).no
    other, mine = errand(town, "6号楼"), errand(town, "晨光小区5号楼")
    meeting = opens(town, "chenguang.clerk", "call_meeting", title="车棚放哪里", form="bench").no
    closes = (town.now + timedelta(days=3)).isoformat()
    poll = opens(town, "chenguang.clerk", "open_poll", area="chenguang-1", closes=closes, **POLL).no
    assert told(town) == 7
    town.turn()
    assert heard_by(town, campaign) == set(), "drafted, it is nobody's news"
    for no in (campaign, project):
        does(town, no, "start_campaign", "hubin.clerk")
    assert (told(town), told(town)) == (1, 0), "nobody is told twice"
    town.fast_forward(until=town.now + timedelta(days=4))
    does(town, poll, "decide_poll", "chenguang.clerk", result="要，先试一个月")
    assert (told(town), told(town)) == (1, 0)
    town.turn()
    assert heard_by(town, other) == {AGENT}
    assert heard_by(town, mine) == {AGENT, BUILDING}, "who has one building hears of what names it"
    assert heard_by(town, meeting) == {SPEAKER, BUILDING, "chenguang.head"}, "a meeting that names no building is for all of them"
    assert (heard_by(town, campaign), heard_by(town, project)) == ({PUBLICITY}, set()), "and a project is part of its campaign"
    assert heard_by(town, poll) == {ADVOCATE, PUBLICITY}, "one hears that it is asked, the other how it came out"
    (words,) = hears(town, f"resident:{AGENT}", other)
    assert words == f"【澄湖治理】事项{other}（帮办代办）：你是代办员，片区有人要帮办，请问社区怎么搭手。"
    assert complaints(town.context.database, town.now) == []


def test_who_takes_part_has_heard_already_and_a_meeting_of_officials_is_no_news(town: Town) -> None:
    in_office(town)
    entered(
        town.context.database,
        "offices",
        COLUMNS,
        *(("chenguang", "", o, "chenguang.clerk", "2026-01-01") for o in ("agent", "deliberation")),
    )
    speaker = town.actor(f"resident:{SPEAKER}").resident_id
    voices = ({"resident": speaker, "role": "resident"}, {"staff": town.person_id("chenguang.head"), "role": "host"})
    meeting = opens(town, "chenguang.clerk", "call_meeting", title="车棚", form="bench", voices=voices).no
    asked = errand(town, "6号楼", phone=AGENT)
    opens(town, "chenguang.clerk", "call_meeting", title="碰头", form="task_force")
    assert told(town) == 1
    town.turn()
    assert (heard_by(town, meeting), heard_by(town, asked)) == ({BUILDING}, set())
    assert hears(town, "chenguang.clerk", meeting) == hears(town, "chenguang.clerk", asked) == [], "who opened it knows"


def test_nothing_is_told_of_what_is_sensitive_hidden_switched_off_or_nobodys(town: Town) -> None:
    case, home = town.reports("楼道堆满杂物"), town.reports("单元门坏了", phone="10000000002")
    town.turn()
    nos = [town.case(each).no for each in (home, case)]
    on_it = opens(town, "chenguang.clerk", "call_meeting", nos[1], title="楼道", form="bench").no
    opens(town, "chenguang.clerk", "call_meeting", *nos, title="两件一起议", form="bench")
    with town.context.database.unit_of_work() as session:
        wanted = Planned("夜查", "看楼道", "streets", ("centre.duty",), (Site("夜市", "urban", "chenguang"),))
        covert = plan(session, wanted, town.actor("chenghu.leader"), Setting(town.now))
    opens(town, "chenguang.clerk", "call_meeting", town.case(covert.case_id).no, title="夜查碰头", form="bench")
    assert told(town) == 0, "nobody holds an office"
    in_office(town)
    town.act(case, "restrict", "centre.duty", kind="minor", reason="牵涉孩子")
    assert told(town) == 0, "sensitive, about a sensitive one as well, or kept with a hidden inspection"
    errand(town, "6号楼")
    for code in ("errands", "profiles"):
        with town.context.database.unit_of_work() as session:
            switch(session, code, catalogue(session).actor("admin"), town.now, on=False)
        assert told(town) == 0, f"{code} is off"
        with town.context.database.unit_of_work() as session:
            switch(session, code, catalogue(session).actor("admin"), town.now, on=True)
    with town.context.database.unit_of_work() as session:
        assert look(session, town.now) == 1
    town.now += timedelta(days=1)
    errand(town, "7号楼")
    opened = seen(town, on_it).affair["opened_at"]
    assert (told(town), opened < town.now) == (1, True), "what is a day old is no news any more"
    message = table(Message)
    assert len(town.rows(select(message.c.id).where(message.c.notice == news.NOTICE))) == 2
    assert len(town.rows(select(table(OfficeTag).c.id))) == len(HELD)
