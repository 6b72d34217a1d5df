"""Answering without a login: keys are good for one matter of one person, once, for a while, and nobody guesses them."""

from datetime import timedelta
from threading import Thread

import pytest
from sqlalchemy import insert, select, update

from models import AnswerCode, AnswerTry, Case, CaseReporter, Message, table
from notifications.answering import Kind, Purpose, asked_by, kinds_for
from rules.facts import Refused, State
from services.answers import Matter
from services.answers.keys import CODE_LENGTH, LINK_LENGTH, digest_of, secret_of, typed
from services.answers.minting import mint
from services.answers.tries import DEVICE_WITHIN, OF_DEVICE, OVERALL, OVERALL_WITHIN
from services.ratings.codes import ALPHABET
from tests.support.answered import SITE, answers, kept, key_of, keys_of, leaves, minted, opens, rows_of, tries, unminted
from tests.support.in_hand import sent
from tests.support.rated import FIRST, code, done, fed_back, rates, ratings, resident
from tests.support.town import Town

SECOND = "10000000002"
WRONG = "222222"
_message, _try, _case, _answer = table(Message), table(AnswerTry), table(Case), table(AnswerCode)


def stands(town: Town, case: int, unit: str = "water") -> str:
    return next(str(o.state) for o in town.orders(case) if o.code == unit)


# the keys themselves --------------------------------------------------------------------------------------------------


def test_a_message_that_is_sent_again_carries_the_same_keys_and_none_is_kept(town: Town) -> None:
    case = sent(town)
    (row,) = rows_of(town, case, "dispatched_lead")
    short, link = keys_of(town, case, "dispatched_lead")
    assert (len(short), set(short) <= set(ALPHABET)) == (CODE_LENGTH, True)
    assert link.startswith(f"{SITE}/a/")
    assert len(link.rpartition("/")[2]) == LINK_LENGTH
    before = kept(town)
    town.now += timedelta(minutes=5)
    assert keys_of(town, case, "dispatched_lead") == (short, link)
    assert kept(town) == before
    assert not any(secret in str(each) for each in before for secret in (short, link.rpartition("/")[2]))
    (other,) = [r for r in rows_of(town, case, "dispatched_co") if r.channel == row.channel][:1]
    assert set(minted(town, [other])[other.id]).isdisjoint({short, link})


def test_a_restored_backup_gives_another_message_with_the_same_number_other_keys(town: Town) -> None:
    (row,) = rows_of(town, sent(town), "dispatched_lead")
    later = row.queued_at + timedelta(seconds=1)
    assert all(secret_of(kind, row.id, row.queued_at, 0) != secret_of(kind, row.id, later, 0) for kind in Kind)


def test_a_code_that_is_another_messages_already_is_passed_over(town: Town) -> None:
    case = sent(town)
    unminted(town)
    (row,) = rows_of(town, case, "dispatched_lead")
    first, second = (secret_of(Kind.CODE, row.id, row.queued_at, turn) for turn in (0, 1))
    other = rows_of(town, case, "dispatched_co")[0]
    minted(town, [other], kinds=frozenset({Kind.CODE}))
    with town.context.database.unit_of_work() as session:
        session.connection().execute(update(_answer).values(digest=digest_of(Kind.CODE, first)))
    assert keys_of(town, case, "dispatched_lead")[0] == second
    assert keys_of(town, case, "dispatched_lead")[0] == second, "and it is found again"
    found = opens(town, second)
    assert isinstance(found, Matter)
    assert found.actor.name == "water.clerk"


def test_only_messages_to_one_person_about_one_case_carry_keys(town: Town) -> None:
    (row,) = rows_of(town, sent(town), "dispatched_lead")
    with town.context.database.unit_of_work() as session:
        alone = update(_message).where(_message.c.id == row.id)
        session.connection().execute(alone.values(staff_id=None, unit_id=town.unit_id("water")))
        (phone,) = session.connection().execute(select(_message).where(_message.c.id == row.id)).all()
        session.connection().execute(alone.values(staff_id=row.staff_id, unit_id=None, case_id=None))
        (digest,) = session.connection().execute(select(_message).where(_message.c.id == row.id)).all()
        session.connection().execute(alone.values(case_id=row.case_id))
    with town.context.database.unit_of_work() as session:
        assert mint(session, [phone, digest], town.now, SITE) == {}
    assert minted(town, [row], base="")[row.id][1] == "", "nobody is given a link to nowhere"
    assert minted(town, [row], kinds=frozenset()) == {}


@pytest.mark.parametrize(
    ("medium", "address", "kinds"),
    [
        ("sms", "phone", {Kind.CODE}),
        ("email", "email", {Kind.LINK}),
        ("im", "im", {Kind.LINK}),
        ("im", "none", set()),
        ("voice", "phone", set()),
    ],
)
def test_a_groups_robot_carries_no_keys(medium: str, address: str, kinds: set[Kind]) -> None:
    assert kinds_for(medium, address) == kinds


def test_what_is_kept_of_a_message_holds_no_key(town: Town) -> None:
    case = sent(town)
    code, link = keys_of(town, case, "dispatched_lead")
    (row,) = rows_of(town, case, "dispatched_lead")
    assert "输码******" in row.wording
    assert code not in row.wording
    assert link.rpartition("/")[2] not in row.wording


@pytest.mark.parametrize("text", ["K7QM2X", "k7qm2x", " k7q m2x ", "Ｋ７ＱＭ２Ｘ", "K7Q-M2X", "k7q－m2x"])
def test_a_code_is_known_however_it_is_typed(text: str) -> None:
    assert typed(text) == "K7QM2X"


# taking over a work order ---------------------------------------------------------------------------------------------


def test_a_clerk_takes_over_the_work_order_by_code_as_himself_and_once(town: Town) -> None:
    case = sent(town)
    short, link = keys_of(town, case, "dispatched_lead")
    found = opens(town, short)
    assert isinstance(found, Matter)
    assert (found.purpose, found.no, found.acts, found.actor.name) == (Purpose.ACKNOWLEDGE, town.case(case).no, True, "water.clerk")
    assert (found.urgency, found.state, found.due) == ("P2", State.DISPATCHED, town.open_clock(case, "acknowledge", "water").due_at)
    assert isinstance(opens(town, link), Matter)
    assert stands(town, case) == "sent", "looking changes nothing"
    assert answers(town, short) == "done"
    assert stands(town, case) == "working"
    entry = next(e for e in reversed(town.journal(case)) if e.action == "acknowledge" and e.thing == "order")
    assert entry.actor == "water.clerk"
    assert (opens(town, short), answers(town, short)) == ("answer_used", "answer_used")
    other = opens(town, link)
    assert isinstance(other, Matter)
    assert (other.acts, answers(town, link)) == (False, "answer_settled")


def test_each_key_is_for_its_own_work_order(town: Town) -> None:
    case = sent(town)
    rows = rows_of(town, case, "dispatched_co")
    short = minted(town, [rows[0]])[rows[0].id][0]
    assert answers(town, short) == "done"
    unit = next(p.name for p in town.messages(case) if p.id == rows[0].id).partition(".")[0]
    assert {o.code for o in town.orders(case) if o.state == "working"} == {unit}


def test_of_two_who_use_one_key_at_once_one_is_told_that_it_is_used(town: Town) -> None:
    case = sent(town)
    short, _ = keys_of(town, case, "dispatched_lead")
    outcomes: list[str] = []
    threads = [Thread(target=lambda: outcomes.append(answers(town, short))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["answer_used"] * 3 + ["done"]
    assert town.actions(case).count("acknowledge") == 1 + len([o for o in town.orders(case) if o.lead and o.state == "working"])


def test_a_work_order_that_was_taken_back_before_the_message_went_out_can_only_be_looked_at(town: Town) -> None:
    case = sent(town)
    unminted(town)
    town.act(case, "recall", "centre.duty", reason="派错了")
    found = opens(town, keys_of(town, case, "dispatched_lead")[0])
    assert isinstance(found, Matter)
    assert (found.purpose, found.acts) == (Purpose.OPEN, False)


def test_a_notice_that_asks_nothing_lets_look_and_no_more(town: Town) -> None:
    case = sent(town)
    row = rows_of(town, case, "dispatched_reporter")[0]
    short = minted(town, [row])[row.id][0]
    found = opens(town, short)
    assert isinstance(found, Matter)
    assert (found.purpose, found.actor.resident_id) == (Purpose.OPEN, resident(town, FIRST))
    assert answers(town, short) == "answer_reads_only"
    assert isinstance(opens(town, short), Matter), "looking uses nothing up"


# rating ---------------------------------------------------------------------------------------------------------------


def test_a_resident_rates_by_the_code_of_the_message(town: Town) -> None:
    case = fed_back(town, SECOND)
    codes = {row.requester_id: minted(town, [row])[row.id][0] for row in rows_of(town, case, "fed_back")}
    assert answers(town, codes[resident(town, SECOND)]) == "answer_unsaid"
    assert answers(town, codes[resident(town, SECOND)], False, 2) == "done"
    assert answers(town, codes[resident(town, FIRST)], True) == "done"
    assert [(r.requester_id, r.solved, r.score, r.channel) for r in ratings(town, case)] == [
        (resident(town, SECOND), False, 2, "link"),
        (resident(town, FIRST), True, None, "link"),
    ]
    assert town.state(case) == "evaluated"


def test_both_codes_of_a_resident_are_one_right(town: Town) -> None:
    first, second = fed_back(town), fed_back(town, phone=SECOND, place="chenguang-2")
    short, _ = keys_of(town, first, "fed_back")
    rates(town, first, code(town, first), True)
    assert answers(town, short, True) == "answer_settled"
    short, _ = keys_of(town, second, "fed_back")
    with pytest.raises(Refused, match="wrong_code"):
        rates(town, second, WRONG, True)
    rates(town, second, short.lower(), True)
    assert [r.requester_id for r in ratings(town, second)] == [resident(town, SECOND)]
    with pytest.raises(Refused, match="rated_already"):
        rates(town, second, code(town, second, SECOND), True)


def test_the_short_code_of_another_case_rates_nothing(town: Town) -> None:
    first, second = fed_back(town), fed_back(town, phone=SECOND, place="chenguang-2")
    with pytest.raises(Refused, match="wrong_code"):
        rates(town, first, keys_of(town, second, "fed_back")[0], True)
    with pytest.raises(Refused, match="wrong_code"):
        rates(town, first, keys_of(town, first, "dispatched_reporter")[0], True)


def test_a_code_of_an_earlier_round_opens_nothing(town: Town) -> None:
    case = fed_back(town, SECOND)
    row = next(r for r in rows_of(town, case, "fed_back") if r.requester_id == resident(town, SECOND))
    short = minted(town, [row])[row.id][0]
    rates(town, case, code(town, case), False)
    rates(town, case, code(town, case, SECOND), True)
    town.act(case, "rework", "centre.duty", reason="现场仍有外溢")
    done(town, case)
    assert town.case(case).round == 2
    assert (opens(town, short), answers(town, short, True)) == ("answer_expired", "answer_expired")
    with pytest.raises(Refused, match="wrong_code"):
        rates(town, case, short, True)


def test_a_rating_code_ends_with_its_window(town: Town) -> None:
    case = fed_back(town)
    due = town.open_clock(case, "evaluate").due_at
    short, _ = keys_of(town, case, "fed_back")
    assert kept(town)[-1].expires_at == due
    town.now = due
    assert opens(town, short) == "answer_expired"


def test_a_reminder_of_an_acknowledgement_is_good_for_acknowledging_others_for_looking() -> None:
    purposes = [
        asked_by(notice, clock).purpose for notice, clock in (("clock_due", "acknowledge"), ("clock_due", "handle"), ("fed_back", "x"))
    ]
    assert purposes == [Purpose.ACKNOWLEDGE, Purpose.OPEN, Purpose.RATE]


# who may, and until when ----------------------------------------------------------------------------------------------


def test_a_key_ends_after_a_while_and_a_message_sent_again_brings_it_back(town: Town) -> None:
    case = sent(town)
    short, link = keys_of(town, case, "dispatched_lead")
    town.now += timedelta(days=3)
    assert (opens(town, short), answers(town, link)) == ("answer_expired", "answer_expired")
    assert keys_of(town, case, "dispatched_lead") == (short, link)
    assert isinstance(opens(town, short), Matter)


def test_who_has_left_holds_a_key_to_nothing(town: Town) -> None:
    case = sent(town)
    short, link = keys_of(town, case, "dispatched_lead")
    leaves(town, "water.clerk")
    assert [opens(town, key) for key in (short, link)] == ["answer_unknown"] * 2
    assert answers(town, link) == "answer_unknown"
    assert stands(town, case) == "sent"


def test_a_sensitive_case_opens_to_named_readers_only(town: Town) -> None:
    case = sent(town)
    _, link = keys_of(town, case, "dispatched_lead")
    other = rows_of(town, case, "dispatched_co")[0]
    theirs = minted(town, [other])[other.id][1]
    town.act(case, "restrict", "centre.duty", kind="minor", reason="孩子受伤")
    with town.context.database.unit_of_work() as session:
        session.connection().execute(update(_case).where(_case.c.id == case).values(readers=[town.person_id("water.clerk")]))
    assert isinstance(opens(town, link), Matter)
    assert (opens(town, theirs), answers(town, theirs)) == ("answer_unknown", "answer_unknown")


def test_who_no_longer_speaks_for_a_case_holds_a_key_to_nothing(town: Town) -> None:
    case = fed_back(town, SECOND)
    row = next(r for r in rows_of(town, case, "fed_back") if r.requester_id == resident(town, SECOND))
    short = minted(town, [row])[row.id][0]
    with town.context.database.unit_of_work() as session:
        session.connection().execute(update(table(CaseReporter)).values(until=town.now))
    assert opens(town, short) == "answer_unknown"


# guessing -------------------------------------------------------------------------------------------------------------


def test_after_five_wrong_codes_a_device_waits_and_others_do_not(town: Town) -> None:
    case = sent(town)
    short, link = keys_of(town, case, "dispatched_lead")
    assert [opens(town, WRONG) for _ in range(OF_DEVICE)] == ["answer_unknown"] * OF_DEVICE
    assert (opens(town, short), answers(town, short)) == ("answer_too_many", "answer_too_many")
    assert isinstance(opens(town, short, "phone-2"), Matter)
    assert isinstance(opens(town, link), Matter), "a link cannot be guessed and is not counted"
    town.now += DEVICE_WITHIN
    assert answers(town, short) == "done"


def test_many_guesses_at_once_are_counted_one_by_one(town: Town) -> None:
    outcomes: list[Matter | str] = []
    threads = [Thread(target=lambda: outcomes.append(opens(town, WRONG))) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, outcomes)) == ["answer_too_many"] * (12 - OF_DEVICE) + ["answer_unknown"] * OF_DEVICE


def test_after_a_hundred_wrong_codes_nobodys_is_looked_at(town: Town) -> None:
    short, _ = keys_of(town, sent(town), "dispatched_lead")
    with town.context.database.unit_of_work() as session:
        session.connection().execute(insert(_try), [{"device": f"d{n}", "at": town.now} for n in range(OVERALL - 1)])
    assert isinstance(opens(town, short, "phone-1"), Matter)
    assert opens(town, "???", "phone-2") == "answer_unknown"
    assert opens(town, short, "phone-1") == "answer_too_many"
    town.now += OVERALL_WITHIN
    assert isinstance(opens(town, short, "phone-1"), Matter)


def test_what_is_no_link_is_unknown_and_not_counted(town: Town) -> None:
    for wrong in ("K7QM2X", "A" * LINK_LENGTH, "", "../cases"):
        assert opens(town, f"{SITE}/a/{wrong}") == "answer_unknown"
    short, _ = keys_of(town, sent(town), "dispatched_lead")
    assert opens(town, f"{SITE}/a/{short}") == "answer_unknown", "a code is no link, so nobody guesses codes by way of links"
    assert tries(town) == 0


def test_where_wrong_codes_came_from_is_kept_as_a_hash_for_a_day(town: Town) -> None:
    opens(town, WRONG, "192.0.2.7")
    assert "192.0.2.7" not in str(town.rows(select(_try)))
    town.now += timedelta(days=1, seconds=1)
    opens(town, WRONG, "192.0.2.7")
    assert tries(town) == 1
    assert key_of(WRONG).possible
