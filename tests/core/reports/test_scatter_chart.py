"""A chart of dots is valid XML, says each name once, and no name lies on another."""

import math
from itertools import combinations
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.reports.scatter_chart import HEIGHT, WIDTH, Dot, label_boxes, scatter_chart

AXES = ("accuracy, %", "EPG, %")


def drawn(*dots: Dot, front: list[tuple[float, float]] | None = None, title: str = "Front") -> ET.Element:
    return ET.fromstring(scatter_chart(title, AXES, dots, front or []))  # noqa: S314  (made here)


def of_class(chart: ET.Element, kind: str) -> list[ET.Element]:
    return [one for one in chart.iter() if one.attrib.get("class", "") == kind]


def corners(chart: ET.Element) -> list[tuple[float, float]]:
    (line,) = of_class(chart, "front")
    pairs = (pair.split(",") for pair in line.attrib["points"].split())
    return [(float(x), float(y)) for x, y in pairs]


def place(dot: ET.Element) -> tuple[float, float]:
    """Where a dot's outline begins."""
    x, y = dot.attrib["d"][1:].replace("a", " ").replace("l", " ").split()[:2]
    return float(x), float(y)


def test_a_higher_figure_stands_higher_and_a_larger_one_further_right() -> None:
    low, high = of_class(drawn(Dot("a", 90, 40, marked=False), Dot("b", 95, 70, marked=False)), "dot")
    assert place(high)[0] > place(low)[0]
    assert place(high)[1] < place(low)[1]


def test_a_marked_dot_differs_in_shape_and_not_in_colour_alone() -> None:
    chart = drawn(Dot("a", 90, 40, marked=False), Dot("b", 95, 70, marked=True))
    (ring,), (diamond,) = of_class(chart, "dot"), of_class(chart, "dot marked")
    assert ("a" in ring.attrib["d"], "a" in diamond.attrib["d"]) == (True, False)
    assert [text.text for text in of_class(chart, "label marked")] == ["b"]
    assert [text.text for text in of_class(chart, "label")] == ["a"]


def test_each_dot_tells_its_values() -> None:
    chart = drawn(Dot("energy", 93.25, 71.5, marked=True))
    assert [title.text for title in chart.iter("title")] == ["energy (accuracy, %: 93.25; EPG, %: 71.5)"]


def test_the_front_goes_down_in_steps_at_its_dots() -> None:
    dots = (Dot("a", 90, 70, marked=True), Dot("b", 95, 40, marked=True))
    chart = drawn(*dots, front=[(95, 40), (90, 70)])
    line = corners(chart)
    # From the left edge to a, down to b's height, on to b, down to the axis.
    ys = [y for _, y in line]
    xs = [x for x, _ in line]
    assert xs == sorted(xs)
    assert ys == sorted(ys)
    assert (line[0][1], line[1][0], line[2][1], line[3][0]) == (
        line[1][1],
        line[2][0],
        line[3][1],
        line[4][0],
    )
    (_, top), (_, lower) = (place(dot) for dot in of_class(chart, "dot marked"))
    assert line[1][1] == pytest.approx(top + 4.5, abs=0.11)
    assert line[3][1] == pytest.approx(lower + 4.5, abs=0.11)


def test_without_dots_the_chart_says_so() -> None:
    texts = [text.text for text in drawn(Dot("a", math.nan, 1, marked=False)).iter("text")]
    assert texts == ["Front", "nothing is defined"]


def test_names_cannot_break_the_page() -> None:
    chart = drawn(Dot('<b> & "c"', 1, 1, marked=False), title='<b> & "c"')
    assert [text.text for text in of_class(chart, "label")] == ['<b> & "c"']


@given(st.lists(st.tuples(st.floats(60, 740), st.floats(40, 380)), min_size=1, max_size=22), st.booleans())
def test_names_lie_within_the_picture_and_not_on_each_other(
    places: list[tuple[float, float]], alike: bool
) -> None:
    given_places = [places[0]] * len(places) if alike else places
    boxes = label_boxes(["energy-dice-shuffled"] * len(places), given_places, [])
    for box in boxes:
        assert 0 <= box.left <= box.right <= WIDTH
        assert 0 <= box.top <= box.bottom <= HEIGHT
    assert not any(one.meets(other) for one, other in combinations(boxes, 2))


def test_no_name_lies_on_the_front() -> None:
    # Right of its dot is where a name goes first; there it stays unless the front goes on there.
    (beside,) = label_boxes(["ce"], [(300, 200)], [(60, 200), (300, 200), (300, 380)])
    (off,) = label_boxes(["ce"], [(300, 200)], [(300, 200), (700, 200)])
    assert beside.top < 200 < beside.bottom
    assert beside.left > 300
    assert not off.top < 200 < off.bottom or off.right < 300


def test_22_arms_in_one_place_have_a_name_each() -> None:
    chart = drawn(*(Dot(f"energy-dice-{number}", 90, 50, marked=False) for number in range(22)))
    assert len({(text.attrib["x"], text.attrib["y"]) for text in of_class(chart, "label")}) == 22
    assert of_class(chart, "leader")
