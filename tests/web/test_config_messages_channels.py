"""The pages of channels: how each stands, one's own test message, pausing, and messages that reached nobody."""

import re

from fastapi import FastAPI
from sqlalchemy import insert, select, update

from models import Message, connection_of, table
from services.channels import Wanted, configure, configured
from services.deliveries.numbers import in_force
from services.people.addresses import set_addresses
from tests.support.town import Town
from tests.support.website import NOW, visit

_message = table(Message)


def _add_sms(app: FastAPI, url: str = "record://") -> None:
    with app.state.site.database.unit_of_work() as session:
        configure(session, Wanted("sms", url, note="本地记录"), "admin", NOW)


def test_a_channel_is_tried_on_oneself_and_paused(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    app = sqlite_app
    _add_sms(app, "alisms://key:verysecretkey@127.0.0.1:1/?sign=x&tls=no&private=yes")
    admin = visit(app, "admin")
    listed = admin.get("/config/channels").text
    assert "verysecretkey" not in listed
    assert "****" in listed
    _replace(app)
    with app.state.site.database.unit_of_work() as session:
        set_addresses(session, "admin", {"phone": "13800138009"}, "admin", NOW)
    told = admin.send_form("/config/channels", do="test", channel="sms")
    assert told.status_code == 200
    assert "✓" in told.text
    with app.state.site.database.unit_of_work() as session:
        (row,) = connection_of(session).execute(select(_message).where(_message.c.notice == "channel_test")).all()
    assert row.state in ("delivered", "accepted")
    assert admin.send_form("/config/channels", do="pause", channel="sms").status_code == 303
    assert admin.send_form("/config/channels", do="pause", channel="sms").status_code == 303  # twice is once
    with app.state.site.database.unit_of_work() as session:
        assert not configured(session, app.state.site.settings)["sms"].enabled
    assert admin.send_form("/config/channels", do="test", channel="sms").status_code == 409
    assert admin.send_form("/config/channels", do="resume", channel="sms").status_code == 303
    assert visit(app, "centre.head").get("/config/channels").status_code == 409


def test_numbers_of_delivery_are_changed_in_versions(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    admin = visit(sqlite_app, "admin")
    assert "21:00" in admin.get("/config/limits").text
    assert admin.send_form("/config/limits", quiet_from="21:00").status_code == 409  # nothing changed
    wrong = admin.send_form("/config/limits", quiet_from="25:00", per_day="12")
    assert wrong.status_code == 409
    assert 'value="25:00"' in wrong.text
    assert "per_day" not in re.sub(r"<form.*</form>", "", admin.send_form("/config/limits", per_day="x").text, flags=re.DOTALL)
    right = admin.send_form("/config/limits", quiet_from="22:00", attempts="4")
    assert right.status_code == 303, right.text
    with sqlite_app.state.site.database.unit_of_work() as session:
        found = in_force(session, NOW).numbers
    assert (f"{found.quiet_from:%H:%M}", found.attempts) == ("22:00", 4)
    assert visit(sqlite_app, "centre.head").get("/config/limits").status_code == 409


def _replace(app: FastAPI) -> None:
    with app.state.site.database.unit_of_work() as session:
        configure(session, Wanted("sms", "record://", replace=True), "admin", NOW)


def test_what_reached_nobody_is_sent_again(app: FastAPI, town: Town) -> None:
    with app.state.site.database.unit_of_work() as session:
        row = {"dedupe_key": "t:1", "notice": "urged", "channel": "sms", "recipient": "s1", "about": {}, "state": "dead", "queued_at": NOW}
        lost = connection_of(session).execute(insert(_message).values(**row, attempts=5, staff_id=1).returning(_message.c.id)).scalar_one()
        connection_of(session).execute(update(_message).where(_message.c.id == lost).values(error="number_failing"))
    admin = visit(app, "admin")
    shown = admin.get("/config/channels/dead").text
    assert "催办" in shown
    assert "number_failing" not in shown
    assert admin.send_form("/config/channels/dead").status_code == 409
    assert admin.send_form("/config/channels/dead", message=str(lost)).status_code == 303
    with app.state.site.database.unit_of_work() as session:
        assert connection_of(session).execute(select(_message.c.state).where(_message.c.id == lost)).scalar_one() == "failed_temp"
    assert admin.send_form("/config/channels/dead", message=str(lost)).status_code == 409  # under way already
    assert visit(app, "water.clerk").get("/config/channels/dead").status_code == 409
