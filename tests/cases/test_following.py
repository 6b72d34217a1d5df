"""A token opens one case for one reporter, however it is typed; of a merged case too; wrong ones are counted."""

from sqlalchemy import select

from models import CaseReporter, table
from rules.facts import Refused
from services.answers import tries
from services.following import follower, reports, token_of
from tests.support.rated import joins
from tests.support.town import Town

_reporter = table(CaseReporter)


def look(town: Town, no: str, token: str, device: str = "a phone") -> int | Refused:
    with town.context.database.unit_of_work() as session:
        return follower(session, no, token, device, town.now)


def test_a_token_is_one_reporters_of_one_case(town: Town) -> None:
    first, second = (town.case(town.reports("楼道灯坏了", phone=f"1390000000{n}")) for n in (1, 2))
    own = token_of(first.no, first.requester_id)
    assert own == token_of(first.no, first.requester_id)
    assert len({own, token_of(second.no, second.requester_id), token_of(first.no, second.requester_id)}) == 3
    for typed in (own, own.lower(), f" {own.replace('-', ' ')} ", own.replace("-", "")):
        assert look(town, first.no.lower(), typed) == first.requester_id
    for no, token in ((second.no, own), (first.no, ""), ("BH-20261120-0099", own), (first.no, token_of(first.no, second.requester_id))):
        found = look(town, no, token)
        assert isinstance(found, Refused)
        assert found.code == "follow_unknown"
    with town.context.database.unit_of_work() as session:
        assert reports(session, first.no, first.requester_id)
        assert not reports(session, first.no, second.requester_id)


def test_who_joined_a_case_by_a_merge_follows_both(town: Town) -> None:
    kept = town.reports("5号楼前下水道堵了，污水外溢", phone="13900000001")
    joins(town, kept, "13900000002")
    joined = town.rows(select(_reporter.c.via_case_id).where(_reporter.c.case_id == kept))[0].via_case_id
    one, other = town.case(kept), town.case(joined)
    assert look(town, one.no, token_of(one.no, other.requester_id)) == other.requester_id
    assert look(town, other.no, token_of(other.no, other.requester_id)) == other.requester_id


def test_after_some_wrong_tokens_a_device_waits(town: Town) -> None:
    case = town.case(town.reports("楼道灯坏了"))
    for _ in range(tries.OF_DEVICE):
        look(town, case.no, "2222-2222")
    found = look(town, case.no, token_of(case.no, case.requester_id))
    assert isinstance(found, Refused)
    assert found.code == "answer_too_many"
    assert look(town, case.no, token_of(case.no, case.requester_id), "another phone") == case.requester_id
