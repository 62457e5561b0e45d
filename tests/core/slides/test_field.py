"""Where a field or a part of one lies."""

from core.slides.field import Rectangle


def test_a_rectangle_has_sides_and_keeps_them_where_it_is_moved() -> None:
    one = Rectangle(10, 20, 40, 100)
    assert (one.width, one.height) == (30, 80)
    assert one.moved(5, -20) == Rectangle(15, 0, 45, 80)
    assert (one.moved(5, -20).width, one.moved(5, -20).height) == (30, 80)
