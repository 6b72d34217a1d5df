"""Telephone numbers: the forms that are right, and what each is good for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.facts import Refused
from rules.phones import PhoneKind, check_phone, kind_of, shown, tidy


@pytest.mark.parametrize(
    ("typed", "kept", "kind"),
    [
        ("13812345678", "13812345678", PhoneKind.MOBILE),
        ("+86 138-1234-5678", "13812345678", PhoneKind.MOBILE),
        ("0086 19912345678", "19912345678", PhoneKind.MOBILE),
        ("8613812345678", "13812345678", PhoneKind.MOBILE),
        ("１３８１２３４５６７８", "13812345678", PhoneKind.MOBILE),
        ("10000000001", "10000000001", PhoneKind.FICTIONAL),
        ("0592-2021234", "05922021234", PhoneKind.LANDLINE),
        ("(010) 6512 3456", "01065123456", PhoneKind.LANDLINE),
        ("+86 592 2021234", "05922021234", PhoneKind.LANDLINE),
        ("400-820-8820", "4008208820", PhoneKind.SERVICE),
        ("95588", "95588", PhoneKind.SERVICE),
        ("12345", "12345", PhoneKind.SERVICE),
    ],
)
def test_a_number_is_kept_in_one_form(typed: str, kept: str, kind: PhoneKind) -> None:
    assert (tidy(typed), kind_of(typed)) == (kept, kind)
    assert check_phone(typed, voice=True) == kept


@pytest.mark.parametrize(
    "typed", ["", "123", "110", "12812345678", "138123456789", "1381234567", "+85291234567", "abc", "0592", "0592-1021234"]
)
def test_what_is_no_number_is_refused_even_to_be_rung_up(typed: str) -> None:
    for voice in (False, True):
        with pytest.raises(Refused) as refused:
            check_phone(typed, voice=voice)
        assert refused.value.code == "phone_form"


@pytest.mark.parametrize("typed", ["0592-2021234", "400-820-8820", "12345"])
def test_what_takes_no_short_messages_is_refused_for_them(typed: str) -> None:
    with pytest.raises(Refused) as refused:
        check_phone(typed)
    assert refused.value.code == "phone_no_sms"


def test_a_refusal_does_not_give_the_number_away() -> None:
    assert shown("13812345") == "138*****"
    assert shown("0592-2021234") == "059********"
    assert len(shown("9" * 300)) == 20


@given(st.text(max_size=30))
def test_a_number_in_its_kept_form_stays_as_it_is(typed: str) -> None:
    if kind_of(typed) is not None:
        assert tidy(tidy(typed)) == tidy(typed)
        assert kind_of(tidy(typed)) is kind_of(typed)
