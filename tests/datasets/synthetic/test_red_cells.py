"""Red cells as they are drawn: the box of each shape is what it darkens."""

from dataclasses import replace

import pytest

from datasets.synthetic import Shape, SmearStyle
from tests.datasets.synthetic.plain_smear import PLAIN, assert_box_encloses_closely, dark_box, one_cell


@pytest.mark.parametrize(
    ("shape", "style"),
    [
        (Shape.ROUND, PLAIN),
        (Shape.OVAL, replace(PLAIN, oval=1.0)),
        (Shape.BURR, replace(PLAIN, burr=1.0)),
        (Shape.TARGET, replace(PLAIN, target=1.0)),
        (Shape.TEAR_DROP, replace(PLAIN, tear_drop=1.0)),
    ],
)
def test_a_box_is_the_extent_of_the_darkened_pixels(shape: Shape, style: SmearStyle) -> None:
    whole = 0
    for index in range(25):
        image, truth = one_cell(style, index)
        assert truth.shape == (shape,)
        if not truth.cut_by_edge[0]:
            assert_box_encloses_closely(truth.boxes[0], dark_box(image), at_most_larger_px=3)
            whole += 1
    assert whole > 5
