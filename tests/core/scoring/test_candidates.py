"""Suspects drawn for review: the map is that of the cell as it was scored."""

from pathlib import Path

import numpy as np

from core.scoring.candidates import Suspect, draw_suspects
from core.scoring.field_tasks import SlideInWork
from tests.coloured_cells import draw_field
from tests.core.scoring.test_field_tasks import OTHER_CELL, REFERENCE, Models, scored_alone


def test_the_map_is_made_of_the_very_crop_that_was_scored(tmp_path: Path) -> None:
    models, image = Models(), draw_field(cell=OTHER_CELL, infected=(7,))
    found = scored_alone(tmp_path, image, models)
    x, y, width, height = (float(side) for side in found.boxes[7])
    suspect = Suspect(1, 0.9, "a.png", (x, y, width, height), found.cell_colour, found.feature_statistics)
    slide = SlideInWork(tmp_path / "slide", "slide", "drawn", REFERENCE, None)
    draw_suspects(models, (slide, (suspect,)))
    np.testing.assert_array_equal(models.classifier.mapped[0][0], models.classifier.scored[0][7])
    assert models.classifier.statistics == [REFERENCE.feature_statistics, found.feature_statistics]
