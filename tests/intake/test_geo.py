"""Points: published pairs, there and back, what is no point."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.facts import Refused
from rules.geo import Datum, Point, checked, datum_named, distance_m, from_wgs84, in_china, parse_point, to_wgs84

#: WGS84 → GCJ-02 as published with the formulas: Shanghai, Shenzhen, Beijing.
GCJ02 = [
    ((31.1774276, 121.5272106), (31.17530398364597, 121.531541859215)),
    ((22.543847, 113.912316), (22.540796131694766, 113.9171764808363)),
    ((39.911954, 116.377817), (39.91334545536069, 116.38404722455657)),
    ((39.915, 116.404), (39.91640428150164, 116.41024449916938)),
]
#: WGS84 → BD-09, and GCJ-02 → BD-09.
WGS84_TO_BD09 = ((30.6107779, 121.0917077), (30.61484572185035, 121.10271732371203))
GCJ02_TO_BD09 = ((39.915, 116.404), (39.92133699351021, 116.41036949371029))
INSIDE = st.builds(Point, st.floats(3, 54), st.floats(73, 136))
ANYWHERE = st.builds(Point, st.floats(-90, 90), st.floats(-180, 180))


@pytest.mark.parametrize(("wgs84", "gcj02"), GCJ02)
def test_published_points_of_gcj02(wgs84: tuple[float, float], gcj02: tuple[float, float]) -> None:
    assert distance_m(from_wgs84(Point(*wgs84), Datum.GCJ02), Point(*gcj02)) < 0.02
    assert distance_m(to_wgs84(Point(*gcj02), Datum.GCJ02), Point(*wgs84)) < 0.02


def test_published_points_of_bd09() -> None:
    wgs84, bd09 = WGS84_TO_BD09
    assert distance_m(from_wgs84(Point(*wgs84), Datum.BD09), Point(*bd09)) < 0.02
    assert distance_m(to_wgs84(Point(*bd09), Datum.BD09), Point(*wgs84)) < 0.02
    gcj02, bd09 = GCJ02_TO_BD09
    assert distance_m(from_wgs84(to_wgs84(Point(*gcj02), Datum.GCJ02), Datum.BD09), Point(*bd09)) < 0.02


@given(INSIDE, st.sampled_from(Datum))
def test_there_and_back_is_the_same_point(point: Point, datum: Datum) -> None:
    assert distance_m(to_wgs84(from_wgs84(point, datum), datum), point) < 1e-4


@given(INSIDE, st.sampled_from([Datum.GCJ02, Datum.BD09]))
def test_inside_the_country_a_map_shifts_by_some_hundred_metres(point: Point, datum: Datum) -> None:
    assert 0 < distance_m(from_wgs84(point, datum), point) < 3000


@given(ANYWHERE, st.sampled_from(Datum))
def test_outside_the_country_nothing_is_shifted(point: Point, datum: Datum) -> None:
    if not in_china(point):
        assert to_wgs84(point, datum) == from_wgs84(point, datum) == point


@given(ANYWHERE, ANYWHERE)
def test_a_distance_is_the_same_both_ways_and_never_more_than_half_round_the_earth(one: Point, other: Point) -> None:
    assert math.isclose(distance_m(one, other), distance_m(other, one), rel_tol=1e-9, abs_tol=1e-6)
    assert 0 <= distance_m(one, other) <= math.pi * 6_371_008.8 + 1e-6
    assert distance_m(one, one) == 0


def test_a_known_distance() -> None:
    assert abs(distance_m(Point(31.17530398364597, 121.531541859215), Point(39.91334545536069, 116.38404722455657)) - 1_076_965) < 1500
    assert abs(distance_m(Point(31.0, 121.0), Point(31.001, 121.0)) - 111.2) < 0.1


@pytest.mark.parametrize("text", ["31.2304,121.4737", " 31.2304 , 121.4737 ", "31.2304，121.4737", "31.2304 121.4737", "+31.2304;121.4737"])
def test_a_point_is_read_however_it_is_typed(text: str) -> None:
    assert parse_point(text) == Point(31.2304, 121.4737)


@pytest.mark.parametrize(
    "text", ["", "31.2304", "121.4737,31.2304", "90.1,0", "0,-180.5", "nan,0", "inf,1", "1e2,3", "三十一,一百", "1,2,3"]
)
def test_what_is_no_point_is_refused(text: str) -> None:
    with pytest.raises(Refused) as refusal:
        parse_point(text)
    assert refusal.value.code == "bad_point"


@pytest.mark.parametrize("point", [Point(math.nan, 0), Point(0, math.inf), Point(-91, 0)])
def test_a_point_off_the_globe_is_refused(point: Point) -> None:
    with pytest.raises(Refused):
        checked(point)


def test_a_datum_is_known_however_it_is_written() -> None:
    assert [datum_named(t) for t in ("gcj-02", "GCJ02", "bd09ll", "WGS-84", "wgs84")] == ["GCJ02", "GCJ02", "BD09", "WGS84", "WGS84"]
    with pytest.raises(Refused):
        datum_named("Beijing54")
