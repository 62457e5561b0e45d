"""Styles of slides drawn at random: each can be seen."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from datasets.synthetic import random_style


@given(seed=st.integers(0, 2**32))
def test_every_drawn_style_can_be_seen(seed: int) -> None:
    style = random_style(np.random.default_rng(seed))
    assert all(80 <= level <= 255 for level in style.background)
    assert max(style.haemoglobin) > 0.15
    # Chromatin is purple: it takes more green than red and blue.
    assert style.chromatin[1] > max(style.chromatin[0], style.chromatin[2])
    assert style.oval + style.burr + style.target + style.tear_drop < 1.2
    assert 1 <= style.jpeg_quality <= 100
