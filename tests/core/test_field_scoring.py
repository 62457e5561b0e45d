from hypothesis import given
from hypothesis.strategies import integers

from core.field_scoring import spread_order


def test_the_fields_looked_at_first_lie_far_apart() -> None:
    assert spread_order(8) == [0, 4, 2, 6, 1, 5, 3, 7]


@given(integers(1, 3000))
def test_every_field_has_its_turn_once(count: int) -> None:
    assert sorted(spread_order(count)) == list(range(count))


@given(integers(16, 3000))
def test_the_first_eight_leave_no_quarter_of_the_slide_out(count: int) -> None:
    assert {4 * index // count for index in spread_order(count)[:8]} == {0, 1, 2, 3}
