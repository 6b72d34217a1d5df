"""The demonstration district's campaign: overhead cables, with a convention, a subsidy, and a plan that both blocks and opens."""

from datetime import datetime

from sqlalchemy.orm import Session

from rules.facts import Thing
from services.affairs import affairs
from services.campaigns import Action, Campaign, Done, Subsidy, add_tasks, move, open_campaign, open_project, record
from services.catalogue import catalogue
from services.moves import Setting

TITLE = "空中缆线整治"
SPOTS = 12


def show(session: Session, now: datetime) -> None:
    """A campaign of twelve spots, three of them done, and a project that pairs enforcement with new bays.

    Safe to run twice: where it is, nothing is done.
    """
    if any(line.title == TITLE for line in affairs(session, [Thing.CAMPAIGN], limit=1000)):
        return
    known, setting = catalogue(session), Setting(now)
    clerk = known.actor("hubin.clerk")
    telecom, utility = known.unit_ids["telecom"], known.unit_ids["utility"]
    convention = "谁的线谁整理；共杆共井，一家牵头，几家同步；新线不上天"
    aims = {"target": "60wd", "measure": "处", "convention": convention, "operators": ("telecom", "utility")}
    wanted = Campaign(TITLE, "先易后难，能入地的入地", area="hubin", subsidy=Subsidy(50_000, 600_000), **aims)  # type: ignore[arg-type]
    no = open_campaign(session, wanted, clerk, setting).no
    rows = [{"title": f"缆线点位{n}", "unit": telecom, "with": [utility], "quantity": 1, "measure": "处"} for n in range(1, SPOTS + 1)]
    add_tasks(session, no, rows, clerk, setting)
    pair = {"enforce": Action("traffic", 200, "起"), "make_room": Action("hubin-works", 60, "个")}
    project = Campaign("湖滨路停车堵疏结合", area="hubin", target="30wd", template="block_and_open", actions=pair)
    below = open_project(session, no, project, clerk, setting).no
    for each in (no, below):
        move(session, each, "start_campaign", clerk, setting)
    move(session, no, "sign_convention", known.actor("telecom.head"), setting)
    move(session, no, "share_lines", known.actor("utility.clerk"), setting, rows=[{"no": n} for n in (1, 2, 3)])
    record(session, no, [Done(n, 1, "已捆扎入管") for n in (1, 2, 3)], known.actor("telecom.clerk"), setting)
