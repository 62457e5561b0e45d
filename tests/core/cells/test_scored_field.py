"""One image after another: each normalised by its own cells, all compared with those of the slide."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from core.cells.burned_in import BurnedIn
from core.cells.classification import FeatureStatistics, FieldScores
from core.cells.crops import GREY, surrounded_crops
from core.cells.reference import SlideReference
from core.cells.scored_field import ScoredField, score_image
from core.slides.field import Field, Rectangle
from tests.coloured_cells import CELL, OTHER_CELL, REFERENCE, Colour, DiscModels, draw_field
from tests.drawn_cells import RecordingClassifier


def scored(
    image: NDArray[np.uint8],
    models: DiscModels,
    owned: Rectangle | None = None,
    *,
    reference: SlideReference = REFERENCE,
    seen_share: float = 1.0,
) -> ScoredField:
    height, width = image.shape[:2]
    whole = Rectangle(0, 0, width, height)
    return score_image(models, Field("a.png", image, None, 0, 0, owned or whole), reference, seen_share)


@pytest.mark.parametrize("cell", [CELL, OTHER_CELL])
def test_a_field_is_normalised_by_its_own_cells(cell: Colour) -> None:
    models = DiscModels()
    found = scored(draw_field(cell=cell), models)
    (crops,) = models.classifier.scored
    assert len(crops) == 30
    assert np.median(crops[:, 18:30, 18:30], axis=(0, 1, 2)) == pytest.approx((GREY,) * 3, abs=1)
    assert found.cell_colour == pytest.approx(cell, abs=3)  # some of the room around the cells is in it


def test_a_field_of_few_cells_is_normalised_by_the_colour_of_its_slide() -> None:
    models = DiscModels()
    found = scored(draw_field(columns=4, rows=4), models)
    assert found.cell_colour == REFERENCE.cell_colour
    # 56 ln of (200, 140, 150 + 6) over (100 + 6): 37, 18 and 22 levels brighter.
    expected = (GREY + 37, GREY + 18, GREY + 22)
    (crops,) = models.classifier.scored
    assert np.median(crops[:, 18:30, 18:30], axis=(0, 1, 2)) == pytest.approx(expected, abs=1)


def test_a_field_without_cells_has_the_colour_of_its_slide_and_is_not_scored() -> None:
    models = DiscModels()
    found = scored(np.full((200, 200, 3), 235, np.uint8), models)
    assert (len(found), found.cell_colour) == (0, REFERENCE.cell_colour)
    assert models.classifier.scored == []


def test_cells_are_compared_with_the_statistics_of_their_slide() -> None:
    models = DiscModels()
    scored(draw_field(), models)
    assert models.classifier.statistics == [REFERENCE.feature_statistics]


def test_what_does_not_count_is_scored_too_and_has_no_part_in_what_is_typical() -> None:
    models = DiscModels()
    found = scored(draw_field(5, 5)[20:, 20:], models)  # through the middle of the first row and column
    at_edge = found.why_not == "edge"
    assert at_edge.sum() == 9
    assert not np.isnan(found.infected_score).any()
    (evaluable,) = models.classifier.evaluable
    np.testing.assert_array_equal(evaluable, ~at_edge)
    assert found.cell_colour == REFERENCE.cell_colour  # 16 cells count: too few for a colour of their own


def test_a_field_whose_cells_are_all_cut_is_looked_at_in_the_colour_of_its_slide() -> None:
    models = DiscModels()
    found = scored(draw_field(columns=2, rows=2)[20:60, 20:60], models)  # a quarter of each of four cells
    assert set(found.why_not) <= {"edge", "not a red cell"}
    assert len(found) == len(models.classifier.scored[0]) == 4
    assert np.isfinite(found.infected_score).all()
    assert found.cell_colour == REFERENCE.cell_colour


def test_what_belongs_to_the_neighbouring_region_is_not_looked_at_here() -> None:
    models = DiscModels()
    found = scored(draw_field(), models, owned=Rectangle(0, 0, 120, 200))  # the left three of six columns
    duplicate = found.why_not == "duplicate"
    assert duplicate.sum() == 15
    np.testing.assert_array_equal(np.isnan(found.infected_score), duplicate)
    assert len(models.classifier.scored[0]) == 15


def test_the_same_image_gives_the_same_cells_and_the_same_hash() -> None:
    image = draw_field(infected=(7,))
    first, second = (scored(image.copy(), DiscModels()) for _ in range(2))
    assert first.content_hash == second.content_hash
    np.testing.assert_array_equal(first.boxes, second.boxes)
    assert scored(image[:, 1:], DiscModels()).content_hash != first.content_hash


class Graded(RecordingClassifier):
    """Scores its first object 0, the last but for one 1, evenly between."""

    def score_field(
        self, crops: NDArray[np.uint8], evaluable: NDArray[np.bool_], slide: FeatureStatistics
    ) -> FieldScores:
        return FieldScores(np.linspace(0, 1, len(crops), dtype=np.float32), slide)


def test_the_second_look_sees_the_best_of_the_field() -> None:
    models, image = DiscModels(classifier=Graded()), draw_field()
    found = scored(image, models, seen_share=0.1)
    seen = found.infected_score >= 0.5  # more than a tenth of 30 are taken for infected
    assert seen.sum() == 15
    np.testing.assert_array_equal(np.isfinite(found.second_score), seen)
    # Even odds of the second look leave those of the first.
    np.testing.assert_allclose(found.second_score[seen], found.infected_score[seen], atol=2e-6)
    (crops,) = models.second_look.seen
    np.testing.assert_array_equal(crops, surrounded_crops(image, found.boxes[seen], found.cell_colour))
    assert models.second_look.statistics == [REFERENCE.second_statistics]
    assert found.second_features.tolist() == [[number] for number in range(15)]  # a row for each crop


def test_of_a_field_in_which_nothing_stands_out_it_sees_its_share() -> None:
    models = DiscModels()
    found = scored(draw_field(), models, seen_share=0.1)
    assert np.isfinite(found.second_score).sum() == len(models.second_look.seen[0]) == 3


def test_a_field_without_cells_is_not_seen() -> None:
    models = DiscModels()
    found = scored(np.full((200, 200, 3), 235, np.uint8), models, seen_share=1.0)
    assert models.second_look.seen == []
    assert len(found.second_features) == 0


def test_a_caption_is_not_seen_by_the_second_look_either() -> None:
    models, image = DiscModels(), draw_field()
    barred = image.copy()
    barred[2:8, 30:60] = 0
    reference = replace(REFERENCE, burned_in=BurnedIn(image.shape[1], image.shape[0], ((28, 0, 34, 10),)))
    found = scored(barred, models, reference=reference)
    (crops,) = models.second_look.seen
    painted = reference.burned_in.painted_over(barred)
    seen = np.isfinite(found.second_score)
    np.testing.assert_array_equal(crops, surrounded_crops(painted, found.boxes[seen], found.cell_colour))
