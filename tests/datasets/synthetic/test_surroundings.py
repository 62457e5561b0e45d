"""What lies among the red cells: of the size that it has beside them."""

from dataclasses import replace

from core.cells.detection import ObjectKind
from datasets.synthetic import render_field
from tests.datasets.synthetic.plain_smear import PLAIN


def test_white_cells_and_platelets_are_named_and_sized() -> None:
    style = replace(PLAIN, white_cells_per_1000_cells=50, platelets_per_100_cells=20)
    _, truth = render_field(style, seed=6, index=0, cells=100, cell_diameter_px=40, parasitaemia=0)
    width = truth.boxes[:, 2:].max(axis=1)
    assert (truth.kind == ObjectKind.WHITE_CELL).any()
    assert (width[truth.kind == ObjectKind.WHITE_CELL] > 44).all()
    assert (truth.kind == ObjectKind.PLATELET).any()
    assert (width[truth.kind == ObjectKind.PLATELET] < 30).all()
