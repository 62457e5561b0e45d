"""Which scales a light microscope could have made."""

import math

import pytest

from core.slides.scale import credible_um_per_pixel


@pytest.mark.parametrize("um_per_pixel", [0.01, 0.1, 0.25, 2.0])
def test_a_scale_of_a_microscope_is_believed(um_per_pixel: float) -> None:
    assert credible_um_per_pixel(um_per_pixel) == um_per_pixel


@pytest.mark.parametrize(
    "said",
    [
        None,
        25_400 / 72,  # of a printed page
        0.00025,  # millimetres for micrometres
        250.0,  # nanometres for micrometres
        0.0,
        -0.1,
        math.nan,
        math.inf,
    ],
)
def test_any_other_is_as_none_at_all(said: float | None) -> None:
    assert credible_um_per_pixel(said) is None
