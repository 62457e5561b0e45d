"""A chart is valid XML, spans its values, and says where there are none."""

import math
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from core.reports.line_chart import Line, line_chart


def drawn(*lines: Line, title: str = "CE", mark: float = 0) -> ET.Element:
    return ET.fromstring(line_chart(title, lines, mark))  # noqa: S314  (made here)


def points(chart: ET.Element) -> list[tuple[float, float]]:
    return [(float(circle.attrib["cx"]), float(circle.attrib["cy"])) for circle in chart.iter("circle")]


def test_a_higher_value_stands_higher_and_a_later_epoch_further_right() -> None:
    (x0, y0), (x1, y1) = points(drawn(Line("training", ((-1, 0.2), (2, 0.8)))))
    assert x1 > x0
    assert y1 < y0


def test_axes_have_round_numbers_around_the_values_and_whole_epochs() -> None:
    texts = [text.text for text in drawn(Line("training", ((-1, 0.2), (2, 0.8)))).iter("text")]
    assert texts == ["CE", "0.2", "0.4", "0.6", "0.8", "-1", "0", "1", "2"]


@given(
    st.lists(st.tuples(st.integers(-9, 30), st.floats(-1e6, 1e6) | st.just(math.nan)), min_size=1, max_size=9)
)
def test_every_defined_value_lies_within_the_picture(given_points: list[tuple[int, float]]) -> None:
    chart = drawn(Line("training", tuple(given_points)))
    assert len(points(chart)) == sum(math.isfinite(y) for _, y in given_points)
    assert all(0 <= x <= 300 and 0 <= y <= 190 for x, y in points(chart))


def test_one_value_alone_has_a_scale_too() -> None:
    ((_, y),) = points(drawn(Line("training", ((0, 0.7),))))
    assert 26 < y < 166


def test_without_values_the_chart_says_so() -> None:
    texts = [text.text for text in drawn(Line("training", ((0, math.nan),))).iter("text")]
    assert texts == ["CE", "nothing is defined"]


def test_names_cannot_break_the_page() -> None:
    assert next(drawn(title='<b> & "c"').iter("text")).text == '<b> & "c"'
