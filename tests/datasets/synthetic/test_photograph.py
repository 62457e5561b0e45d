"""The photograph of a field: stains absorb light as Beer and Lambert have it."""

import numpy as np

from datasets.synthetic.photograph import photograph
from tests.datasets.synthetic.plain_smear import PLAIN


def test_where_two_cells_overlap_their_densities_add_up() -> None:
    # One unit of haemoglobin lets exp(-0.2), exp(-0.5), exp(-0.3) of 240 grey levels through: 196.5, 145.6,
    # 177.8; two units 160.9, 88.3, 131.7.
    amounts = np.zeros((4, 4, 4), np.float32)
    amounts[0, 1], amounts[0, 2] = 1.0, 2.0
    image = photograph(np.random.default_rng(0), amounts, PLAIN, cell_diameter_px=30)
    assert image[0, 0].tolist() == [240, 240, 240]
    assert image[1, 0].tolist() == [196, 146, 178]
    assert image[2, 0].tolist() == [161, 88, 132]
