"""Words of notices as data: drafted, checked on a real case, published by a second person, approved by gateways, used, retired."""

from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import pytest
from sqlalchemy import func, select, update

from models import AdminEntry, Case, Message, table
from notifications.channels.schemes import AddressKind, Medium, Traits
from notifications.notices import NOTICES
from notifications.rendering import EMAIL, IM, TemplateText, built_in
from notifications.variables import SMS
from rules.facts import Refused
from services.deliveries import Setup, Voice
from services.intake import Report, submit
from services.moves import Setting
from services.templates import approvals, demonstration, drafting
from services.templates.approvals import Approval, Ruling, handed_in, missing, rule
from services.templates.checking import TemplateRefused
from services.templates.previewing import Occasion, preview
from services.templates.stored import TemplateState, Which, read_text, versions, written_text
from services.templates.using import words_for

NOW = datetime(2026, 11, 20, 2, 42, tzinfo=UTC)
TRAITS = {"scheme": "alisms", "medium": Medium.SMS, "address": AddressKind.PHONE, "receipts": True, "askable": True, "confirmed": True}
CHANNELS = MappingProxyType({"sms": Traits(public=True, **TRAITS), "sms2": Traits(public=False, **TRAITS)})
SETUP = Setup(Voice("zh", "澄湖治理"), CHANNELS, "https://bihuan.example")
WHICH = Which("accepted", SMS, "zh")
GOOD = TemplateText("", "【{{ sign }}】收到了，编号{{ no }}，定下来告诉您。")
BETTER = TemplateText("", "【{{ sign }}】收到了您反映的，编号{{ no }}，定下来告诉您。")


@pytest.fixture
def case(database):
    """A case in a fresh database: its id and number."""
    with database.unit_of_work() as session:
        made = submit(session, [Report("楼前路灯不亮", "路灯不亮，打13800138000", area="chenguang-1", phone="10000000001")], Setting(NOW))
        row = session.connection().execute(select(table(Case)).where(table(Case).c.id == made[0].case_id)).one()
        return row.id, row.no


def occasion(no=None):
    return Occasion(SETUP, no)


def write(database, words, which=WHICH, by="admin"):
    with database.unit_of_work() as session:
        return drafting.draft(session, which, words, by, NOW)


def propose(database, version, which=WHICH, by="admin", no=None):
    with database.unit_of_work() as session:
        drafting.propose(session, which, version, by, NOW, occasion(no))


def publish(database, version, which=WHICH, by="centre.head"):
    with database.unit_of_work() as session:
        drafting.publish(session, which, version, by, NOW + timedelta(hours=1))


def put_into_use(database, words, which=WHICH):
    version = write(database, words, which)
    propose(database, version, which)
    publish(database, version, which)
    return version


def used(database, notice="accepted", medium=SMS, lang="zh", channel="sms2"):
    with database.unit_of_work() as session:
        return words_for(session, SETUP).of(notice, medium, lang, channel)


def approve(database, version, state=Approval.APPROVED, code="SMS_1", notice="accepted", channel="sms"):
    with database.unit_of_work() as session:
        rule(
            session,
            Ruling(channel, Which(notice, SMS, "zh"), version, code, state, "没有写清楚" if state == "rejected" else ""),
            "admin",
            NOW,
        )


def refused(code, act, *args, **details):
    with pytest.raises(Refused) as problem:
        act(*args)
    assert problem.value.code == code
    assert details.items() <= problem.value.details.items()
    return problem.value


def test_words_go_from_draft_to_use_through_two_hands(database, case):
    assert used(database) == (0, built_in("accepted", SMS, "zh"))
    version = write(database, GOOD)
    assert version == 1
    assert used(database)[0] == 0
    propose(database, version)
    assert used(database)[0] == 0
    publish(database, version)
    assert used(database) == (1, GOOD)
    with database.unit_of_work() as session:
        (row,) = versions(session, WHICH)
        entry = table(AdminEntry)
        told = session.connection().execute(select(entry.c.action, entry.c.actor, entry.c.subject).order_by(entry.c.id)).all()
    assert (row.state, row.written_by, row.decided_by) == ("published", "admin", "centre.head")
    assert [tuple(each) for each in told[-2:]] == [
        ("template_proposed", "admin", "accepted:sms:zh"),
        ("template_published", "centre.head", "accepted:sms:zh"),
    ]


def test_who_wrote_words_neither_publishes_nor_refuses_them(database, case):
    version = write(database, GOOD)
    propose(database, version)
    refused("template_own_words", publish, database, version, WHICH, "admin")
    with database.unit_of_work() as session, pytest.raises(Refused, match="template_own_words"):
        drafting.refuse(session, WHICH, version, "admin", NOW, "不行")
    assert used(database)[0] == 0


def test_a_draft_is_changed_until_it_is_proposed_and_never_after(database, case):
    assert write(database, GOOD) == write(database, BETTER, by="centre.head") == 1
    propose(database, 1, by="centre.head")
    refused("template_own_words", publish, database, 1, WHICH, "centre.head")
    assert write(database, GOOD) == 2, "what is proposed stays; a new version is begun"
    publish(database, 1, by="admin")
    assert used(database) == (1, BETTER)


def test_states_follow_each_other(database, case):
    version = write(database, GOOD)
    refused("template_state", publish, database, version)
    propose(database, version)
    refused("template_state", propose, database, version)
    publish(database, version)
    refused("template_state", publish, database, version)
    refused("unknown_template_version", publish, database, 7, version=7)


def test_words_that_are_refused_are_not_used(database, case):
    version = write(database, GOOD)
    propose(database, version)
    with database.unit_of_work() as session:
        drafting.refuse(session, WHICH, version, "centre.head", NOW, "太短")
    with database.unit_of_work() as session:
        assert [(r.state, r.note) for r in versions(session, WHICH)] == [("refused", "太短")]
    assert used(database)[0] == 0


def test_words_that_are_retired_give_way_to_those_before(database, case):
    put_into_use(database, GOOD)
    put_into_use(database, BETTER)
    assert used(database) == (2, BETTER)
    for version, left in ((2, (1, GOOD)), (1, (0, built_in("accepted", SMS, "zh")))):
        with database.unit_of_work() as session:
            drafting.retire(session, WHICH, version, "admin", NOW)
        assert used(database) == left


def test_what_is_not_committed_is_used_by_nobody_else(database, case):
    version = write(database, GOOD)
    propose(database, version)
    with database.unit_of_work() as session:
        drafting.publish(session, WHICH, version, "centre.head", NOW)
        assert words_for(session, SETUP).of("accepted", SMS, "zh") == (1, GOOD)
        session.rollback()
    assert used(database)[0] == 0


@pytest.mark.parametrize("user", ["centre.duty", "water.head", "chenghu.leader"])
def test_only_administrators_and_the_head_of_the_centre_deal_with_words(database, case, user):
    refused("not_your_templates", write, database, GOOD, WHICH, user)


def test_nobody_unknown_deals_with_words(database, case):
    refused("unknown_user", write, database, GOOD, WHICH, "nobody")


@pytest.mark.parametrize(
    ("which", "words", "said"),
    [
        (WHICH, TemplateText("", "【{{ sign }}】收到{{ number_of_case }}，好。"), "第1行：没有叫number_of_case的变量"),
        (WHICH, TemplateText("", "【{{ sign }}】收到{{ title }}，好。"), "第1行：变量title可能带个人信息"),
        (WHICH, TemplateText("", "收到{{ no }}，好。"), "第1行：短信要以签名"),
        (WHICH, TemplateText("", "【{{ sign }}】收到{{ no }}，请您邀请好评。"), "邀请好评"),
        (WHICH, TemplateText("", "【{{ sign }}】" + "收" * 140 + "{{ no }}，好。"), "要发3条"),
        (Which("accepted", EMAIL, "zh"), TemplateText("收到 {{ no }}", "您好。\n{{ wharf }}"), "第4行：没有叫wharf的变量"),
        (Which("accepted", EMAIL, "zh"), TemplateText("收到 {{ no }}", "您好。\n{% for x in no %}{{ x }}{% endfor %}"), "第4行：不能用for"),
        (Which("accepted", EMAIL, "zh"), TemplateText("收到 {{ no", "您好。"), "第1行：写法不对"),
        (Which("accepted", EMAIL, "zh"), TemplateText("收到", "{% if demand %}x{% endif %}"), "什么也没有说"),
        (Which("accepted", "voice", "zh"), TemplateText("", "{{ sign }}来电：{% if no %}x{% endif %}"), "只能是文字"),
        (Which("accepted", IM, "zh"), TemplateText("", "{{ no|reverse }}"), "第1行：不能用filter"),
    ],
)
def test_words_that_cannot_be_used_are_refused_with_the_line(database, case, which, words, said):
    version = write(database, words, which)
    with pytest.raises(TemplateRefused) as problem:
        propose(database, version, which)
    assert said in problem.value.details["reason"]
    with database.unit_of_work() as session:
        assert [row.state for row in versions(session, which)] == [TemplateState.DRAFT]


def test_words_that_fail_on_a_real_case_are_refused(database, case):
    which = Which("accepted", EMAIL, "zh")
    version = write(database, TemplateText("收到 {{ no }}", "您好。\n{% if no > 3 %}x{% endif %}"), which)
    assert "对着这件案件说不出来" in str(refused("bad_template", propose, database, version, which).details["reason"])


def test_without_any_case_nothing_can_be_tried(database):
    version = write(database, GOOD)
    refused("no_case_to_try", propose, database, version)


def test_a_sensitive_case_is_not_what_words_are_tried_on(database, case):
    id_, no = case
    with database.unit_of_work() as session:
        session.connection().execute(update(table(Case)).where(table(Case).c.id == id_).values(sensitive="minor"))
    version = write(database, GOOD)
    refused("preview_sensitive", propose, database, version, WHICH, "admin", no)
    refused("no_case_to_try", propose, database, version)


def test_a_preview_says_what_would_be_sent_and_sends_nothing(database, case):
    with database.unit_of_work() as session:
        before = session.connection().execute(select(func.count()).select_from(table(Message))).scalar()
        found = preview(session, Which.of("dispatched_lead", SMS, "zh"), occasion(case[1]))
        after = session.connection().execute(select(func.count()).select_from(table(Message))).scalar()
    assert found.text.startswith(f"【澄湖治理】派单{case[1]}，")
    assert "bihuan.example" in found.text
    assert found.variables["code"] == "ABC234"
    assert found.worst >= found.segments >= 1
    assert found.refused_words == ()
    assert before == after


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_notice_can_be_previewed_in_every_medium(database, case, lang):
    with database.unit_of_work() as session:
        for notice in NOTICES:
            for medium in (SMS, EMAIL, IM, "voice"):
                found = preview(session, Which.of(notice, medium, lang), occasion())
                assert found.text
                assert "13800138000" not in found.text


def test_a_place_that_somebody_typed_is_in_the_e_mail_only(database):
    with database.unit_of_work() as session:
        made = submit(session, [Report("楼前路灯不亮", "路灯不亮", place="张三家，打13800138000", phone="10000000001")], Setting(NOW))
        no = session.connection().execute(select(table(Case).c.no).where(table(Case).c.id == made[0].case_id)).scalar()
        said = {m: preview(session, Which.of("dispatched_lead", m, "zh"), occasion(no)).text for m in (SMS, "voice", EMAIL)}
    assert [medium for medium, text in said.items() if "张三" in text] == [EMAIL]
    assert not [text for text in said.values() if "13800138000" in text]


def test_a_draft_can_be_previewed_before_it_is_proposed(database, case):
    version = write(database, BETTER)
    with database.unit_of_work() as session:
        found = preview(session, WHICH, occasion(case[1]), version)
    assert (found.version, found.text) == (1, f"【澄湖治理】收到了您反映的，编号{case[1]}，定下来告诉您。")


def test_what_somebody_asks_for_is_checked_at_the_door():
    refused("unknown_notice", Which.of, "wharf", SMS, "zh", notice="wharf")
    refused("unknown_medium", Which.of, "accepted", "fax", "zh", given="fax")
    refused("unknown_language", Which.of, "accepted", SMS, "fr", given="fr")
    assert Which.of("assigned", SMS, "zh").notice == "dispatched_lead", "notices that share words share their versions"


def test_a_public_gateway_uses_approved_words_only(database, case):
    assert used(database, channel="sms")[0] == 0
    with database.unit_of_work() as session:
        assert words_for(session, SETUP).provider("sms", "accepted", "zh", 0) is None
    approve(database, 0, Approval.PENDING)
    with database.unit_of_work() as session:
        assert words_for(session, SETUP).provider("sms", "accepted", "zh", 0) is None
    approve(database, 0, Approval.APPROVED, "SMS_7")
    with database.unit_of_work() as session:
        assert words_for(session, SETUP).provider("sms", "accepted", "zh", 0) == "SMS_7"
        assert words_for(session, SETUP).provider("sms", "answered", "zh", 0) is None
        assert words_for(session, SETUP).provider("sms2", "accepted", "zh", 0) is None


def test_words_that_wait_for_approval_leave_the_older_ones_in_use(database, case):
    approve(database, 0, code="SMS_OLD")
    put_into_use(database, GOOD)
    assert used(database, channel="sms2") == (1, GOOD)
    assert used(database, channel="sms")[0] == 0
    approve(database, 1, Approval.PENDING, "SMS_NEW")
    assert used(database, channel="sms")[0] == 0
    approve(database, 1, Approval.APPROVED, "SMS_NEW")
    assert used(database, channel="sms") == (1, GOOD)
    approve(database, 1, Approval.REJECTED, "SMS_NEW")
    assert used(database, channel="sms")[0] == 0


def test_which_notices_a_gateway_cannot_send_is_known(database, case):
    with database.unit_of_work() as session:
        assert demonstration.approve_all(session, "sms", "alisms", NOW) > 100
    with database.unit_of_work() as session:
        assert missing(session, "sms", "zh") == []
        assert missing(session, "sms", "en") == []
        assert len(missing(session, "sms3", "zh")) == len({notice.template for notice in NOTICES.values()})
    approve(database, 0, Approval.REJECTED)
    with database.unit_of_work() as session:
        assert missing(session, "sms", "zh") == [approvals.Missing("accepted", 0, "rejected")]


def test_the_demonstration_is_written_once_and_touches_nothing_of_a_person(database, case):
    approve(database, 0, Approval.REJECTED, "SMS_MINE")
    with database.unit_of_work() as session:
        first = demonstration.approve_all(session, "sms", "alisms", NOW)
    with database.unit_of_work() as session:
        assert demonstration.approve_all(session, "sms", "alisms", NOW) == 0
        mine = [row for row in approvals.rulings(session, WHICH) if row.channel == "sms"]
    assert first == 2 * len({notice.template for notice in NOTICES.values()}) - 1
    assert [(row.code, row.state) for row in mine] == [("SMS_MINE", "rejected")]


def test_what_the_demonstration_files_is_deterministic_and_in_the_gateways_writing():
    ali, tencent, huawei = (demonstration.filed(scheme, "https://bihuan.example") for scheme in ("alisms", "tcsms", "hwsms"))
    assert ali == demonstration.filed("alisms", "https://bihuan.example")
    assert len({each.code for each in ali}) == len(ali)
    assert ali[0].code == "SMS_0001"
    by_notice = {(each.which.notice, each.which.lang): each.content for each in ali}
    assert by_notice["accepted", "zh"] == "您反映的事项已收到，编号${no}。${advice}，有进展会告诉您。"
    assert "上bihuan.example输码${code}" in by_notice["dispatched_lead", "zh"]
    assert [each.code for each in tencent] == [each.code for each in huawei] == [each.code for each in ali]
    assert not any("{{" in each.content or "【" in each.content for each in (*ali, *tencent, *huawei))


def test_variables_are_handed_in_as_each_gateway_writes_them():
    body = "【{{ sign }}】派单{{ no }}，上{{ site }}输码{{ code }}办理。"
    assert handed_in(body, "alisms", {"site": "s"}) == "派单${no}，上s输码${code}办理。"
    assert handed_in(body, "tcsms", {"site": "s"}) == "派单{1}，上s输码{2}办理。"
    assert handed_in(body, "hwsms", {"site": "s"}) == "派单${1}，上s输码${2}办理。"


def test_a_code_that_is_none_and_a_version_that_is_not_there_are_refused(database, case):
    refused("provider_code_wrong", approve, database, 0, Approval.APPROVED, "SMS 1; drop")
    refused("unknown_template_version", approve, database, 3)


def test_words_are_read_as_they_are_written():
    mail = TemplateText("收到 {{ no }}", "您好。\n\n再见。")
    assert read_text(EMAIL, written_text(mail) + "\n") == mail
    assert read_text(SMS, GOOD.body + "\r\n") == GOOD
    refused("template_empty", read_text, SMS, " \n")
    refused("template_no_subject", read_text, EMAIL, "标题\n正文")


def test_media_without_words_of_their_own_follow_what_was_published(database, case):
    mail = TemplateText("新标题 {{ no }}", "新正文。\n下一步：等。")
    put_into_use(database, mail, Which("accepted", EMAIL, "zh"))
    assert used(database, medium=IM) == (1, TemplateText("", "新标题 {{ no }}\n新正文。\n下一步：等。"))
    put_into_use(database, GOOD)
    assert used(database, medium="voice") == (1, TemplateText("", "{{ sign }}来电：收到了，编号{{ no }}，定下来告诉您。"))
