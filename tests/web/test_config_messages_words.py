"""The pages of words: written on a page, tried on a real case, published by a second person, and used by what is sent."""

from fastapi import FastAPI

from notifications.rendering import built_in
from services.templates.stored import Which, versions
from services.templates.using import stored_words
from tests.support.town import Town
from tests.support.website import visit

PATH = "/config/templates/accepted/sms/zh"
WORDS = "【{{ sign }}】您反映的{{ reported }}已经受理，编号{{ no }}，请放心等候。"


def _in_use(app: FastAPI) -> tuple[int, str]:
    with app.state.site.database.unit_of_work() as session:
        version, text = stored_words(session).of("accepted", "sms", "zh")
    return version, text.body


def test_words_are_drafted_tried_and_published_by_a_second_person(app: FastAPI, town: Town) -> None:
    case_id = town.reports("晨光小区5号楼下水道堵了", area="chenguang-1")
    no = town.case(case_id).no
    admin, head = visit(app, "admin"), visit(app, "centre.head")
    assert "告知受理" in admin.get("/config/templates").text
    tried = admin.send_form(PATH, do="preview", body=WORDS, case=no)
    assert tried.status_code == 200
    assert f"编号{no}，请放心等候" in tried.text
    assert _in_use(app)[0] == 0  # a look writes nothing

    bad = admin.send_form(PATH, do="propose", body="您好{{ phone }}")
    assert bad.status_code == 409
    assert "您好{{ phone }}" in bad.text
    assert "这样写用不了" in bad.text
    assert admin.send_form(PATH, do="propose", body=WORDS, note="更亲切").status_code == 303
    assert "等另一人" in admin.get(PATH).text
    assert admin.send_form(PATH, do="publish", version="1").status_code == 409  # not by the author
    assert "1条用语等第二人发布" in admin.get("/config").text

    assert head.send_form(PATH, do="refuse", version="1", note="").status_code == 409
    assert head.send_form(PATH, do="publish", version="1").status_code == 303
    assert _in_use(app) == (1, WORDS)
    assert head.send_form(PATH, do="retire", version="1").status_code == 303
    assert _in_use(app) == (0, built_in("accepted", "sms", "zh").body)
    with app.state.site.database.unit_of_work() as session:
        (row,) = versions(session, Which("accepted", "sms", "zh"))
    assert (row.state, row.written_by, row.decided_by, row.note) == ("retired", "admin", "centre.head", "更亲切")


def test_words_are_for_those_who_write_them(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    clerk = visit(sqlite_app, "water.clerk")
    assert clerk.get("/config/templates").status_code == 409
    assert clerk.send_form(PATH, do="draft", body=WORDS).status_code == 409
    english = visit(sqlite_app, "admin", "en")
    assert "Reporter" in english.get("/config/templates?medium=email&in=en").text
    mail = english.get("/config/templates/channel_down/email/en")
    assert mail.status_code == 200
    assert "Title" in mail.text
    assert english.get("/config/templates/nothing/sms/zh").status_code == 409
