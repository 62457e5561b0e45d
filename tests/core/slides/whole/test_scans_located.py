"""Cells of a drawn smear are located once on every kind of scan, across regions and joined tiles alike."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial import KDTree

from core.cells.located import WhyNot, find_cells
from core.cells.reference import SlideReference
from core.slides import open_slide
from datasets.synthetic import random_style, render_field
from models.loading import load_models
from tests.core.slides.images import Image, write_png
from tests.core.slides.mirax_files import mirax_layout, write_mrxs
from tests.core.slides.scanner_files import (
    write_bif,
    write_ndpi,
    write_philips,
    write_scn,
    write_svs,
)

HEIGHT, WIDTH, CELL_PX = 1024, 1472, 40.0
MARGIN_PX = 60
"""Left out of the comparison: where whole tiles and photographs end, a scan shows less of the picture."""
SHIFTS = {(row, column): (3 * (column % 2), 2 * (row % 3)) for row in range(10) for column in range(14)}
SCANS: dict[str, Callable[[Path, Image], Path]] = {
    "a.svs": write_svs,
    "a.ndpi": lambda path, image: write_ndpi(path, [image]),
    "a.bif": lambda path, image: write_bif(path, image, 8),
    "a.tiff": write_philips,
    "a.scn": lambda path, image: write_scn(path, [(image, 0, 0)]),
    "a.mrxs": lambda path, image: write_mrxs(path, image, mirax_layout(10, 14, SHIFTS)),
}


def middles(path: Path) -> NDArray[np.float64]:
    """Where the cells lie that count, on the slide; those near its border left out."""
    detector, reference = load_models().detector, SlideReference(CELL_PX, (150.0, 120.0, 160.0))
    slide = open_slide(path, region_px=640)
    found = []
    for name in slide.field_names():
        field = slide.read_field(name)
        cells = find_cells(field, detector, reference)
        boxes = cells.boxes[cells.why_not == WhyNot.EVALUABLE]
        found.append(boxes[:, :2] + boxes[:, 2:] / 2 + (field.left_px, field.top_px))
    all_of_them = np.concatenate(found).astype(np.float64)
    inside = (all_of_them > MARGIN_PX) & (all_of_them < np.array((WIDTH, HEIGHT)) - MARGIN_PX)
    return all_of_them[inside.all(axis=1)]


@pytest.mark.slow
def test_every_kind_of_scan_has_the_cells_of_its_picture_each_once(tmp_path: Path) -> None:
    style = random_style(np.random.default_rng(1))
    image, _ = render_field(
        style, seed=1, index=0, width_px=WIDTH, height_px=HEIGHT, cell_diameter_px=CELL_PX, cells=330
    )
    expected = middles(write_png(tmp_path / "photograph.png", image))
    assert len(expected) > 150
    for name, write in SCANS.items():
        found = middles(write(tmp_path / name, image))
        apart, _ = KDTree(found).query(found, k=2)
        assert apart[:, 1].min() > CELL_PX / 3, name  # none twice
        away, _ = KDTree(found).query(expected)
        assert (away < CELL_PX / 8).mean() > 0.97, name
        assert abs(len(found) / len(expected) - 1) < 0.03, name
