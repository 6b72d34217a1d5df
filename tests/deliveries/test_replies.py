"""Short messages that come back: Y and N rate, TD ends the messages, and what cannot be told for sure waits for a person."""

from datetime import datetime, timedelta
from threading import Thread

import pytest
from sqlalchemy import select, update

from models import AdminEntry, Message, Reply, Requester, Staff, table
from notifications.outcome import Inbound
from rules.facts import Refused
from rules.replies import Meaning, meaning_of
from services import replies as inbox
from services.catalogue import catalogue
from services.waiting_replies import replies, settle
from tests.support.rated import FIRST, code, done, fed_back, rates, ratings, resident
from tests.support.sound import complaints
from tests.support.town import Town

SECOND, STRANGER = "10000000002", "13900000009"
_reply, _message, _requester, _staff, _admin = table(Reply), table(Message), table(Requester), table(Staff), table(AdminEntry)


def writes(
    town: Town, text: str, phone: str = FIRST, provider_id: str = "up-1", at: datetime | None = None, channel: str = "sms"
) -> str | None:
    """Somebody sends a short message; what became of it, None when it is known already."""
    with town.context.database.unit_of_work() as session:
        found = inbox.take(session, channel, [Inbound(provider_id, phone, text, at)], town.now)
    return found[0].outcome if found else None


def told(town: Town, case: int, *, at: datetime | None = None) -> None:
    """The question about this case went out at a moment."""
    with town.context.database.unit_of_work() as session:
        asked = update(_message).where(_message.c.case_id == case, _message.c.notice == "fed_back")
        moment = at or town.now
        session.connection().execute(asked.values(state="accepted", sent_at=moment, tried_at=moment))


def asked(town: Town, *more: str, **where: str) -> int:
    """A case whose reporters were asked whether it is solved."""
    case = fed_back(town, *more, **where)
    told(town, case)
    return case


def kept(town: Town) -> list[Reply]:
    return town.rows(select(_reply).order_by(_reply.c.id))


def waiting(town: Town, user: str | None = None, *, settled: bool = False) -> list[dict[str, object]]:
    with town.context.database.unit_of_work() as session:
        return replies(session, catalogue(session).actor(user) if user else None, settled=settled)


# what is meant --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("meaning", "texts"),
    [
        (
            Meaning.SOLVED,
            ("Y", "y", " ｙ。", "是", "是的！", "已解决", "已解决，谢谢！", "【澄湖】Y", "Yes", "回复Y", "“Y”", "解决了 谢谢您"),
        ),
        (Meaning.UNSOLVED, ("N", "ｎ", "否", "没解决", "没有解决。", "未解决", "no", "N 没解决", "还没解决，谢谢")),
        (Meaning.STOP, ("TD", "td", "ＴＤ", "T D", "退订", "回TD退订", "T", "别再发了")),
        (
            Meaning.UNCLEAR,
            (
                "",
                "。",
                "谢谢",
                "Y N",
                "YN",
                "已解决吗",
                "不满意",
                "N，还在漏水",
                "解决",
                "ok",
                "取消",
                "不是没解决",
                "是不是解决了",
                "13812345678",
            ),
        ),
    ],
)
def test_only_what_cannot_be_meant_otherwise_is_understood(meaning: Meaning, texts: tuple[str, ...]) -> None:
    assert {text: meaning_of(text) for text in texts} == dict.fromkeys(texts, meaning)


# rating ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "solved"), [("Y", True), ("没解决", False)])
def test_a_resident_rates_by_short_message(town: Town, text: str, solved: bool) -> None:
    case = asked(town)
    assert writes(town, text, "+86 " + FIRST) == "done"
    (row,) = ratings(town, case)
    assert (row.requester_id, row.solved, row.score, row.channel, row.by) == (resident(town, FIRST), solved, None, "sms", "resident")
    assert town.state(case) == "evaluated"
    (reply,) = kept(town)
    assert (reply.case_id, reply.meaning, reply.settled_at, reply.phone, reply.text) == (
        case,
        "solved" if solved else "unsolved",
        town.now,
        FIRST,
        text,
    )
    assert waiting(town) == []


def test_phone_and_words_are_kept_encrypted(town: Town) -> None:
    writes(town, "还在漏水", FIRST)
    with town.context.database.unit_of_work() as session:
        (raw,) = session.connection().exec_driver_sql("SELECT phone, text FROM reply").all()
    assert FIRST.encode() not in bytes(raw.phone)
    assert "漏水".encode() not in bytes(raw.text)


def test_the_same_message_brought_again_is_one(town: Town) -> None:
    case = asked(town, SECOND)
    assert (writes(town, "N"), writes(town, "N")) == ("done", None)
    assert len(ratings(town, case)) == 1
    assert writes(town, "N", provider_id="up-1", channel="sms2") == "rated_already", "another channel counts for itself"


def test_a_message_without_a_number_of_its_own_is_told_apart_by_who_when_and_what(town: Town) -> None:
    at = town.now - timedelta(minutes=1)
    assert writes(town, "还在漏", provider_id="", at=at) == "reply_not_asked" or kept(town)
    assert writes(town, "还在漏", provider_id="", at=at) is None
    assert writes(town, "还在漏", provider_id="", at=at + timedelta(seconds=1)) is not None
    assert writes(town, "还在漏", provider_id="x" * 200) is not None
    assert len(kept(town)) == 3


def test_of_two_at_once_one_is_taken(town: Town) -> None:
    case = asked(town, SECOND)
    outcomes: list[str | None] = []
    threads = [Thread(target=lambda: outcomes.append(writes(town, "Y"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes, key=str) == [None, None, None, "done"]
    assert len(ratings(town, case)) == len(kept(town)) == 1


def test_of_several_questions_none_is_guessed_and_the_centre_looks(town: Town) -> None:
    first, second = asked(town), asked(town, place="chenguang-2")
    told(town, first, at=town.now - timedelta(hours=2))
    told(town, second, at=town.now - timedelta(hours=1))
    assert writes(town, "N", provider_id="1") == "reply_which_case"
    assert (ratings(town, first), ratings(town, second)) == ([], [])
    assert [m.name for m in town.messages(second) if m.notice == "reply_unclear"] == ["centre.duty"]
    rates(town, second, code(town, second), False)
    assert writes(town, "Y", provider_id="2") == "done", "only one of them is still open"
    assert [r.solved for r in ratings(town, first)] == [True]


@pytest.mark.parametrize("state", ["failed_perm", "dead", "failed_temp", "expired", "suppressed"])
def test_a_question_that_was_refused_is_not_what_is_answered(sqlite_town: Town, state: str) -> None:
    town = sqlite_town
    first, second = asked(town), asked(town, place="chenguang-2")
    with town.context.database.unit_of_work() as session:
        refused = update(_message).where(_message.c.case_id == second, _message.c.notice == "fed_back").values(state=state)
        session.connection().execute(refused)
    assert writes(town, "N") == "done"
    assert ([r.solved for r in ratings(town, first)], ratings(town, second)) == ([False], [])


def test_what_was_asked_after_the_message_was_sent_is_not_meant(town: Town) -> None:
    first, second = asked(town), asked(town, place="chenguang-2")
    told(town, first, at=town.now - timedelta(hours=2))
    told(town, second, at=town.now - timedelta(minutes=10))
    assert writes(town, "Y", at=town.now - timedelta(hours=1)) == "done"
    assert (len(ratings(town, first)), len(ratings(town, second))) == (1, 0)


def test_a_question_that_never_went_out_is_not_meant(town: Town) -> None:
    case = fed_back(town)
    with town.context.database.unit_of_work() as session:
        queued = update(_message).where(_message.c.case_id == case).values(state="queued", sent_at=None, tried_at=None)
        session.connection().execute(queued)
    assert writes(town, "Y") == "reply_not_asked"
    assert ratings(town, case) == []


def test_an_answer_that_comes_too_late_waits_for_a_person(town: Town) -> None:
    case = asked(town)
    rates(town, case, code(town, case), True)
    assert writes(town, "N", provider_id="1") == "rated_already"
    second = asked(town, place="chenguang-2")
    town.fast_forward(until=lambda: town.state(second) == "closed")
    assert writes(town, "N", provider_id="2") == "rating_not_open"
    assert [(w["no"], w["outcome"]) for w in waiting(town)] == [
        (town.case(case).no, "rated_already"),
        (town.case(second).no, "rating_not_open"),
    ]


def test_an_answer_of_an_earlier_round_is_not_taken_for_the_present_one(town: Town) -> None:
    case = asked(town, SECOND)
    rates(town, case, code(town, case), False)
    rates(town, case, code(town, case, SECOND), False)
    town.act(case, "rework", "centre.duty", reason="现场仍有外溢")
    done(town, case)
    with town.context.database.unit_of_work() as session:
        newest = select(_message.c.id).where(_message.c.notice == "fed_back").order_by(_message.c.id.desc()).limit(2)
        ids = list(session.connection().execute(newest).scalars())
        session.connection().execute(update(_message).where(_message.c.id.in_(ids)).values(sent_at=None, tried_at=None))
    assert writes(town, "Y") == "rating_not_open"
    assert [r.round for r in ratings(town, case)] == [1, 1]


# everything else ------------------------------------------------------------------------------------------------------


def test_what_is_unclear_waits_for_a_person_with_the_case_that_was_asked_about(town: Town) -> None:
    case = asked(town)
    assert writes(town, "N，还在漏水，请打13812345678") == "reply_unclear"
    assert ratings(town, case) == []
    (found,) = waiting(town)
    assert (found["no"], found["outcome"], found["meaning"]) == (town.case(case).no, "reply_unclear", "unclear")
    assert (found["phone"], found["text"]) == ("100****0001", "N，还在漏水，请打138****")
    assert [m.name for m in town.messages(case) if m.notice == "reply_unclear"] == ["centre.duty"]
    (entry,) = [e for e in town.journal(case) if e.action == "reply_unclear"]
    assert (entry.actor, entry.data) == ("system", {})
    assert complaints(town.context.database, town.now) == []


def test_td_ends_the_messages_and_needs_nobody(town: Town) -> None:
    town.reports("5号楼前下水道堵了，污水外溢")
    assert writes(town, "ＴＤ") == "done"
    (row,) = town.rows(select(_requester.c.unsubscribed_at).where(_requester.c.id == resident(town, FIRST)))
    assert row.unsubscribed_at == town.now
    assert waiting(town) == []


def test_a_td_that_comes_late_silences_nothing_newer_and_takes_nothing_back(sqlite_town: Town) -> None:
    town, written = sqlite_town, sqlite_town.now
    town.reports("5号楼前下水道堵了，污水外溢")
    town.now += timedelta(hours=2)
    ended = select(_requester.c.unsubscribed_at).where(_requester.c.id == resident(town, FIRST))
    assert writes(town, "TD", provider_id="1", at=written) == "done"
    assert town.rows(ended)[0].unsubscribed_at == written + timedelta(minutes=1)
    assert writes(town, "TD", provider_id="2") == "done"
    assert writes(town, "TD", provider_id="3", at=written) == "done"
    assert town.rows(ended)[0].unsubscribed_at == town.now


def test_strangers_and_staff_are_listed_and_change_nothing(town: Town) -> None:
    with town.context.database.unit_of_work() as session:
        session.connection().execute(update(_staff).where(_staff.c.name == "water.clerk").values(phone="+86 13700001111"))
    case = town.reports("5号楼前下水道堵了，污水外溢")
    town.turn()
    before = town.actions(case)
    assert writes(town, "Y", "13700001111", "1") == "reply_from_staff"
    assert writes(town, "TD", "13700001111", "2") == "reply_from_staff"
    assert writes(town, "Y", STRANGER, "3") == "reply_unknown_sender"
    assert writes(town, "TD", STRANGER, "4") == "reply_unknown_sender"
    assert town.actions(case) == before
    assert [r.staff_id for r in kept(town)] == [town.person_id("water.clerk")] * 2 + [None] * 2
    assert len(waiting(town)) == 4


def test_a_resident_who_was_never_asked_is_listed(town: Town) -> None:
    town.reports("5号楼前下水道堵了，污水外溢")
    assert writes(town, "Y") == "reply_not_asked"
    assert [w["no"] for w in waiting(town)] == [None]


# settling -------------------------------------------------------------------------------------------------------------


def settled(town: Town, reply_id: int, user: str) -> dict[str, object]:
    with town.context.database.unit_of_work() as session:
        return settle(session, reply_id, user, town.now)


def test_the_centre_settles_and_learns_the_number_on_record(town: Town) -> None:
    writes(town, "有事找你们", STRANGER)
    (found,) = waiting(town)
    with pytest.raises(Refused, match="centre_only"):
        settled(town, found["id"], "water.clerk")
    done_about = settled(town, found["id"], "centre.duty")
    assert (done_about["phone"], done_about["text"]) == (STRANGER, "有事找你们")
    (entry,) = town.rows(select(_admin).where(_admin.c.action == "reply_settled"))
    assert (entry.actor, entry.subject, entry.data) == ("centre.duty", str(found["id"]), {"no": None, "outcome": "reply_unknown_sender"})
    assert waiting(town) == []
    assert [w["id"] for w in waiting(town, settled=True)] == [found["id"]]
    with pytest.raises(Refused, match="reply_settled"):
        settled(town, found["id"], "centre.duty")
    with pytest.raises(Refused, match="unknown_reply"):
        settled(town, 10_000, "centre.duty")


def test_words_about_a_sensitive_case_are_for_its_readers(town: Town) -> None:
    case = asked(town)
    writes(town, "他又打孩子了")
    town.act(case, "restrict", "centre.duty", kind="minor", reason="孩子受伤")
    outsider = next(p.name for p in town.people_of(town.unit_id("water")) if p.id not in town.case(case).readers)
    assert [waiting(town, user)[0]["text"] for user in (None, outsider, "centre.duty")] == [None, None, "他又打孩子了"]
