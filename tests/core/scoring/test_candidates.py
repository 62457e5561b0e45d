"""Candidates drawn for review: the map is that of the cell as it was scored, the field the one scored."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.cells.boxes import rounded_box
from core.cells.burned_in import BurnedIn
from core.cells.crops import background_colour
from core.cells.located import WhyNot
from core.cells.scored_field import ScoredField
from core.errors import UnreadableImageError
from core.results.fields import FieldRow
from core.results.tables import NUMBER_OF_REASON, CellRows, RankedCell, image_name
from core.scoring.candidates import candidates_by_field, draw_candidates, ranked_list
from core.scoring.field_pictures import FieldCandidates
from core.scoring.field_tasks import FieldTask, SlideInWork, score_field
from core.scoring.ledger import Ledger
from tests.coloured_cells import OTHER_CELL, REFERENCE, DiscModels, draw_field, save
from tests.core.scoring.test_ledger import IDENTITY, scored


def slide_of(image: np.ndarray, folder: Path) -> SlideInWork:
    save(folder / "slide" / "a.png", image)
    return SlideInWork(folder / "slide", "slide", str(folder), REFERENCE, None)


def candidates_of(found: ScoredField, number: int) -> FieldCandidates:
    cell = RankedCell("a.png", rounded_box(found.boxes[number]), 0.9, WhyNot.EVALUABLE, 1, image_name(1))
    return FieldCandidates(
        "a.png", found.content_hash, found.cell_colour, found.feature_statistics, (cell,), found.boxes
    )


def test_the_map_is_made_of_the_very_crop_that_was_scored(tmp_path: Path) -> None:
    models, slide = DiscModels(), slide_of(draw_field(cell=OTHER_CELL, infected=(7,)), tmp_path)
    found = score_field(models, FieldTask(slide, "a.png", "state", 1, 1.0)).scored
    assert found is not None
    draw_candidates(models, (slide, candidates_of(found, 7)))
    np.testing.assert_array_equal(models.classifier.mapped[0][0], models.classifier.scored[0][7])
    assert models.classifier.statistics == [REFERENCE.feature_statistics, found.feature_statistics]


def test_a_caption_over_a_cell_is_painted_over_in_its_map_as_in_its_score(tmp_path: Path) -> None:
    image = draw_field(infected=(7,))
    height, width = image.shape[:2]
    captions = BurnedIn(width, height, ((50, 50, 24, 12),))  # over the eighth disc, whose middle is (60, 60)
    reference = replace(REFERENCE, burned_in=captions)
    models, slide = DiscModels(), replace(slide_of(image, tmp_path), reference=reference)
    found = score_field(models, FieldTask(slide, "a.png", "state", 1, 1.0)).scored
    assert found is not None
    draw_candidates(models, (slide, candidates_of(found, 7)))
    np.testing.assert_array_equal(models.classifier.mapped[0][0], models.classifier.scored[0][7])
    plain = DiscModels()
    score_field(plain, FieldTask(slide_of(image, tmp_path), "a.png", "state", 1, 1.0))
    assert (plain.classifier.scored[0][7] != models.classifier.scored[0][7]).any()


def test_a_field_that_changed_since_it_was_scored_is_named_and_not_drawn(tmp_path: Path) -> None:
    models, slide = DiscModels(), slide_of(draw_field(), tmp_path)
    found = score_field(models, FieldTask(slide, "a.png", "state", 1, 1.0)).scored
    assert found is not None
    save(tmp_path / "slide" / "a.png", draw_field(seed=1))
    with pytest.raises(UnreadableImageError, match=r"a\.png was changed while its slide was scored"):
        draw_candidates(models, (slide, candidates_of(found, 7)))


def test_candidates_come_field_by_field_with_its_colour_and_its_other_cells(tmp_path: Path) -> None:
    names = ["dark.png", "none.png", "pale.png"]
    edge = NUMBER_OF_REASON["edge"]
    rows = [FieldRow(name, 9, 9, 2, 2, 1, None, name, "") for name in names]
    cells = CellRows(
        field=np.array([0, 0, 1, 2, 2, 2], np.int32),
        boxes=np.arange(24, dtype=np.float32).reshape(6, 4),
        detection_score=np.ones(6, np.float32),
        infected_score=np.array([0.7, 0.1, 0.2, 0.9, 0.3, 0.8], np.float32),
        second_score=np.full(6, np.nan, np.float32),
        why_not=np.array([0, 0, 0, 0, 0, edge], np.uint8),
    )
    with Ledger(tmp_path, IDENTITY, resume=True) as ledger:
        for name in names:
            ledger.add(scored(name))
        ledger.flush()
        by_field = candidates_by_field(ledger, rows, cells, review_budget=3)
        best = candidates_by_field(ledger, rows, cells, review_budget=2)
    assert [(one.field, [cell.rank for cell in one.cells]) for one in by_field] == [
        ("dark.png", [3]),
        ("pale.png", [1, 2]),
    ]
    # The cell of pale.png that is cut by the edge is on the list, and no neighbour to compare with.
    assert [one.other_boxes.tolist() for one in by_field] == [[[4, 5, 6, 7]], [[16, 17, 18, 19]]]
    assert by_field[0].cell_colour == (190.0, 120.5, 150.0)
    assert [cell.rank for cell in ranked_list(by_field)] == [1, 2, 3]
    assert [one.field for one in best] == ["pale.png"]


def test_a_cell_at_the_edge_is_shown_with_the_background_beyond_it(tmp_path: Path) -> None:
    models, slide = DiscModels(), slide_of(draw_field()[20:], tmp_path)  # through the middle of the first row
    found = score_field(models, FieldTask(slide, "a.png", "state", 1, 1.0)).scored
    assert found is not None
    cut = int(np.flatnonzero(found.why_not == "edge")[0])
    ((thumbnail, _),) = draw_candidates(models, (slide, candidates_of(found, cut)))
    side = thumbnail.crop.shape[0]
    background = background_colour(draw_field()[20:])
    assert (thumbnail.crop[: side // 4] == background).all()
    assert (thumbnail.crop[side // 2, side // 2] != background).any()  # the cell itself
