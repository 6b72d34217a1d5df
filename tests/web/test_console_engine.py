"""The engine page: heartbeats, what was set aside and what did not arrive; both can be tried again, on record."""

import re
from datetime import timedelta
from typing import Any

from fastapi import FastAPI
from sqlalchemy import select, update

from models import AdminEntry, Case, EngineInstance, Message, RungFiring, connection_of, table
from services.engine import engines, lateness
from services.engine.set_aside import set_aside
from services.moves import Setting
from tests.support.town import Town
from tests.support.website import NOW, at, visit

_message, _case, _admin, _engine = table(Message), table(Case), table(AdminEntry), table(EngineInstance)

_firing = table(RungFiring)


def done(town: Town, action: str) -> list[Any]:
    return town.rows(select(_admin).where(_admin.c.action == action))


def test_what_is_set_aside_is_seen_and_tried_again(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    case = sqlite_town.reports("有点事想反映", "楼下又来了一堆东西，没人管")
    no = sqlite_town.case(case).no
    with sqlite_town.context.database.unit_of_work() as session:
        set_aside(session, case, "triage", "ValueError: <script>坏了", Setting(NOW))
    later = sqlite_town.case(case).attend_at
    assert later > NOW
    duty = visit(sqlite_app, "centre.duty")
    page = duty.get("/engine").text
    assert "1件案件被搁置" in page
    assert "ValueError: &lt;script&gt;坏了" in page
    assert f"/events?resource=bihuan.case.{no}" in page
    assert f"/runs?tag=case%3A{no}" in page
    assert "/runs?tag=batch" in page
    assert f"/events?resource=bihuan.case.{no}" in duty.get(f"/cases/{no}").text
    assert "/events?resource" not in visit(sqlite_app, "hubin.clerk").get(f"/cases/{no}").text
    leader = visit(sqlite_app, "chenghu.leader")
    assert f'value="{no}"' not in leader.get("/engine").text
    refused = leader.send_form("/engine/retry", no=no)
    assert (refused.status_code, sqlite_town.case(case).attend_at) == (409, later)
    assert duty.post("/engine/retry", data={"no": no}).status_code == 403
    assert duty.send_form("/engine/retry", no=no).headers["location"] == "/engine#aside"
    assert sqlite_town.case(case).attend_at == NOW
    (entry,) = done(sqlite_town, "case_retried")
    assert (entry.actor, entry.subject) == ("centre.duty", no)
    sqlite_town.turn()
    again = duty.send_form("/engine/retry", no=no)
    assert (again.status_code, "没有被搁置" in again.text) == (409, True)


def test_dead_letters_are_sent_anew_by_administrators(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    case = sqlite_town.reports("有点事想反映", "楼下又来了一堆东西，没人管")
    sqlite_town.turn()
    with sqlite_town.context.database.unit_of_work() as session:
        lost = connection_of(session).execute(select(_message.c.id).where(_message.c.case_id == case).limit(1)).scalar_one()
        dead = {"state": "failed_perm", "attend_at": None, "error": "empty_number", "useful_until": None}
        connection_of(session).execute(update(_message).where(_message.c.id == lost).values(**dead))
    admin = visit(sqlite_app, "admin")
    page = admin.get("/engine").text
    assert f'name="message" value="{lost}"' in page
    assert 'href="/config/channels/dead"' in page
    assert admin.get("/config/channels/dead").status_code == 200
    assert "10000000001" not in page
    duty = visit(sqlite_app, "centre.duty")
    assert 'name="message"' not in duty.get("/engine").text
    assert duty.send_form("/engine/resend", message=str(lost)).status_code == 409
    assert admin.send_form("/engine/resend").status_code == 409
    assert admin.send_form("/engine/resend", message=[str(lost)]).headers["location"] == "/engine#dead"
    assert sqlite_town.rows(select(_message.c.attend_at).where(_message.c.id == lost))[0].attend_at == NOW
    assert len(done(sqlite_town, "messages_resent")) == 1


def test_a_share_of_arrived_messages_is_told_only_where_one_is_known(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    case = sqlite_town.reports("有点事想反映", "楼下又来了一堆东西，没人管")
    sqlite_town.turn()
    told = {"queued": "还没有发出", "accepted": "还没有回执", "delivered": "100.0%"}
    for state, said in told.items():
        with sqlite_town.context.database.unit_of_work() as session:
            connection_of(session).execute(update(_message).where(_message.c.case_id == case).values(state=state))
        page = visit(sqlite_app, "centre.duty").get("/engine").text
        assert said in page
        assert "0.0%<" not in page.replace("100.0%", "")


def test_how_late_rungs_were_is_drawn_with_its_table(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    case = sqlite_town.reports("晨光小区5号楼下水道堵了", "污水外溢，臭死了，地上都是")
    sqlite_town.fast_forward(hours=3)
    fired = sqlite_town.rows(select(_firing).where(_firing.c.fired_at > sqlite_town.now - timedelta(hours=24)))
    assert fired, sqlite_town.state(case)
    with sqlite_town.context.database.unit_of_work() as session:
        change = {"fired_at": sqlite_town.now - timedelta(minutes=90), "due_at": sqlite_town.now - timedelta(minutes=90, seconds=7)}
        one = fired[0]
        connection_of(session).execute(
            update(_firing).where(_firing.c.clock_id == one.clock_id, _firing.c.rung == one.rung).values(**change)
        )
        hours = lateness.by_hour(session, sqlite_town.now)
    assert (len(hours), sum(hour.fired for hour in hours), hours[22].latest) == (24, len(fired), 7.0)
    at(sqlite_app, sqlite_town.now)
    page = visit(sqlite_app, "admin").get("/engine").text
    assert f"近24小时触发{len(fired)}级，最晚的迟了7.0秒" in page
    assert "Prefect现在没有应答" in page, "nothing listens there"


def test_engines_are_told_by_their_heartbeat(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    admin = visit(sqlite_app, "admin")
    page = admin.get("/engine").text  # the engine of the town
    assert "没有引擎在跑" not in page
    assert re.search(r"最近心跳0秒前", page)
    at(sqlite_app, NOW + timedelta(minutes=5))
    assert "没有引擎在跑" in admin.get("/engine").text
    with sqlite_town.context.database.unit_of_work() as session:
        engines.take_over(session, NOW, alive=lambda _row, _now: False)
    assert "没有登记的引擎" in admin.get("/engine").text
    assert "Set aside" in visit(sqlite_app, "admin", "en").get("/engine").text
    assert visit(sqlite_app, "urban.clerk").get("/engine").status_code == 409
