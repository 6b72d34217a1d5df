"""Charts are drawn on the server: attributes only, a sentence, the right places on the scale, everything escaped."""

import re
from xml.etree import ElementTree as Xml

import pytest

from web.charts import Bar, Data, Dot, bars, days, dots
from web.charts.drawing import ticks

TABLE = Data(("名称", "值"), [("一", "1")])


def drawn(svg: str) -> Xml.Element:
    """The drawing, parsed: what is not well-formed does not parse."""
    root = Xml.fromstring(svg)
    for each in root.iter():
        assert not {"style", "onclick", "href"} & set(each.attrib), each.attrib
        assert each.tag in {"svg", "rect", "line", "text", "polyline", "circle"}
    return root


@pytest.mark.parametrize(("most", "last"), [(0, 1), (1, 1), (3, 3), (7, 8), (141, 150), (1999, 2000), (1001, 1500)])
def test_a_scale_has_round_steps_and_reaches_the_most(most: int, last: int) -> None:
    steps = ticks(most)
    assert steps[-1] == last >= most
    assert steps == list(range(0, last + 1, steps[1]))
    assert len(steps) <= 6


def test_days_are_columns_and_a_line_on_one_scale() -> None:
    names = [("11-19", "周四"), ("11-20", "周五")]
    chart = days(names, [4, 8], [8, 0], "近2天新收12件，结案8件", TABLE)
    root = drawn(chart.svg)
    assert (root.attrib["role"], root.attrib["aria-label"]) == ("img", "近2天新收12件，结案8件")
    half, whole = (float(each.attrib["height"]) for each in root.iter("rect"))
    assert whole == pytest.approx(2 * half)
    (line,) = root.iter("polyline")
    (_, top), (_, bottom) = (map(float, point.split(",")) for point in line.attrib["points"].split())
    column = list(root.iter("rect"))[1]
    assert top == pytest.approx(float(column.attrib["y"]))
    assert bottom == pytest.approx(float(column.attrib["y"]) + whole)
    assert {"11-19", "周五"} <= {each.text for each in root.iter("text")}
    assert days([], [], [], "没有", TABLE).svg.startswith("<svg")


def test_bars_show_the_median_within_nine_tenths() -> None:
    root = drawn(bars([Bar("研判", 5, 10, "5.0 / 10.0"), Bar("反馈", 0, 0, "0 / 0")], "时", "各步骤用时", TABLE).svg)
    light, dark, *none = (float(each.attrib["width"]) for each in root.iter("rect"))
    assert light == pytest.approx(2 * dark)
    assert none == [2, 2]  # what took no time is still there to be seen


def test_dots_lie_inside_their_intervals_and_what_is_small_has_none() -> None:
    rows = [Dot("街道类"), Dot("<b>湖滨</b>", 930, 899, 952, "93.0%", "331/356"), Dot("南浦", told="少于30件", of="3/4")]
    chart = dots(rows, 600, "各单位按期办结", TABLE)
    assert "<b>" not in chart.svg
    root = drawn(chart.svg)
    (dot,) = root.iter("circle")
    whiskers = [line for line in root.iter("line") if line.attrib["class"] == "axis"]
    low, high = float(whiskers[0].attrib["x1"]), float(whiskers[0].attrib["x2"])
    assert low < float(dot.attrib["cx"]) < high
    texts = [each.text for each in root.iter("text")]
    assert [each for each in texts if re.fullmatch(r"60%|100%", each or "")] == ["60%", "100%"]
    assert texts.index("街道类") < texts.index("<b>湖滨</b>") < texts.index("少于30件")
