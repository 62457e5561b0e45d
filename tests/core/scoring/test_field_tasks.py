"""One field after another: each normalised by its own cells, all compared with those of the slide."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis.strategies import integers
from numpy.typing import NDArray

from core.cells.crops import GREY
from core.cells.reference import SlideReference
from core.cells.scored_field import ScoredField
from core.scoring.field_tasks import FieldTask, SlideInWork, measure_reference, score_field, spread_order
from tests.coloured_cells import CELL, Colour, DiscDetector, draw_field, save
from tests.drawn_cells import RecordingClassifier

OTHER_CELL = (150, 100, 110)
REFERENCE = SlideReference(28.0, (100.0, 100.0, 100.0), (1.5, 2.5))


@dataclass(frozen=True)
class Models:
    """A detector of discs, and a classifier that keeps what it is given."""

    detector: DiscDetector = field(default_factory=DiscDetector)
    classifier: RecordingClassifier = field(default_factory=RecordingClassifier)


def scored_alone(
    folder: Path, image: NDArray[np.uint8], models: Models, reference: SlideReference | None = REFERENCE
) -> ScoredField:
    """The image as the only field of a slide."""
    save(folder / "slide" / "a.png", image)
    slide = SlideInWork(folder / "slide", "slide", str(folder), reference, None)
    return score_field(models, FieldTask(slide, "a.png", "state", 1))


def test_the_fields_looked_at_first_lie_far_apart() -> None:
    assert spread_order(8) == [0, 4, 2, 6, 1, 5, 3, 7]


@given(integers(1, 3000))
def test_every_field_has_its_turn_once(count: int) -> None:
    assert sorted(spread_order(count)) == list(range(count))


@given(integers(16, 3000))
def test_the_first_eight_leave_no_quarter_of_the_slide_out(count: int) -> None:
    assert {4 * index // count for index in spread_order(count)[:8]} == {0, 1, 2, 3}


@pytest.mark.parametrize("cell", [CELL, OTHER_CELL])
def test_a_field_is_normalised_by_its_own_cells(tmp_path: Path, cell: Colour) -> None:
    models = Models()
    found = scored_alone(tmp_path, draw_field(cell=cell), models)
    (crops,) = models.classifier.scored
    assert len(crops) == 30
    assert np.median(crops[:, 18:30, 18:30], axis=(0, 1, 2)) == pytest.approx((GREY,) * 3, abs=1)
    assert found.cell_colour == pytest.approx(cell, abs=3)  # some of the room around the cells is in it


def test_a_field_of_few_cells_is_normalised_by_the_colour_of_its_slide(tmp_path: Path) -> None:
    models = Models()
    found = scored_alone(tmp_path, draw_field(columns=4, rows=4), models)
    assert found.cell_colour == REFERENCE.cell_colour
    # 56 ln of (200, 140, 150 + 6) over (100 + 6): 37, 18 and 22 levels brighter.
    expected = (GREY + 37, GREY + 18, GREY + 22)
    (crops,) = models.classifier.scored
    assert np.median(crops[:, 18:30, 18:30], axis=(0, 1, 2)) == pytest.approx(expected, abs=1)


def test_a_field_without_cells_has_the_colour_of_its_slide_and_is_not_scored(tmp_path: Path) -> None:
    models = Models()
    found = scored_alone(tmp_path, np.full((200, 200, 3), 235, np.uint8), models)
    assert (len(found), found.cell_colour) == (0, REFERENCE.cell_colour)
    assert models.classifier.scored == []


def test_cells_are_compared_with_the_statistics_of_their_slide(tmp_path: Path) -> None:
    models = Models()
    scored_alone(tmp_path, draw_field(), models)
    assert models.classifier.statistics == [REFERENCE.feature_statistics]


def test_a_field_is_not_scored_before_its_slide_is_measured(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="reference must be measured before"):
        scored_alone(tmp_path, draw_field(), Models(), reference=None)


def test_a_slide_is_measured_on_the_crops_that_scoring_will_cut(tmp_path: Path) -> None:
    models = Models()
    save(tmp_path / "slide" / "a.png", draw_field(cell=OTHER_CELL))
    slide = SlideInWork(tmp_path / "slide", "slide", "state", None, 8.6 / 28)
    reference = measure_reference(models, (slide, ["a.png"]))
    assert reference is not None
    scored_alone(tmp_path, draw_field(cell=OTHER_CELL), models, reference)
    np.testing.assert_array_equal(models.classifier.scored[0], models.classifier.measured[0])
