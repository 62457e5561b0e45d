"""Fields read once more and laid on each other, by workers of which each reads a few."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from core.cells.located import WhyNot
from core.cells.scored_field import ScoringModels
from core.overlap import Placement
from core.scoring import overlap_pictures
from core.scoring.field_tasks import SlideInWork, read_as_scored, slide_in_work
from core.scoring.overlap_pictures import DoubtfulOverlap, NeighbouringFields, by_borders, by_pictures
from core.scoring.survey import SurveyedField
from core.scoring.workers import Workers
from core.slides import Field, content_hash, open_slide
from tests.coloured_cells import save
from tests.core.overlap.test_registration import CELL_PX, photograph, smear

WIDTHS_PX = (float(CELL_PX), float(CELL_PX))


class LastFirst:
    """Workers of this process whose tasks end in another order than they were given in."""

    def map(self, task: Callable[[Any, Any], Any], items: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
        yield from [(item, task(None, item)) for item in reversed(list(items))]


WORKERS = cast(Workers[ScoringModels], LastFirst())


def surveyed(name: str, picture: NDArray[np.uint8]) -> SurveyedField:
    height, width = picture.shape[:2]
    return SurveyedField(name, width, height, content_hash(picture), None, "", "", WhyNot.EVALUABLE)


@pytest.fixture
def row(tmp_path: Path) -> tuple[SlideInWork, list[SurveyedField]]:
    """Three photographs, each with a strip of 40 px of the one before, and one of another place."""
    place = smear(1, width=1200)
    pictures = [photograph(place, left) for left in (0, 360, 720)] + [photograph(smear(2), 0)]
    fields = []
    for number, picture in enumerate(pictures):
        name = f"{number}.png"
        save(tmp_path / "slide" / name, picture)
        fields.append(surveyed(name, picture))
    return slide_in_work(open_slide(tmp_path / "slide"), {}, None), fields


def neighbours(fields: list[SurveyedField], *pairs: tuple[int, int]) -> list[NeighbouringFields]:
    return [NeighbouringFields(fields[first], fields[second], WIDTHS_PX) for first, second in pairs]


@pytest.mark.parametrize("pairs_at_once", [1, 2, 64])
def test_strips_are_found_pair_by_pair_however_many_a_worker_is_given(
    row: tuple[SlideInWork, list[SurveyedField]], pairs_at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overlap_pictures, "PAIRS_AT_ONCE", pairs_at_once)
    slide, fields = row
    first, second, third = by_borders(WORKERS, slide, pytest.fail, neighbours(fields, (0, 1), (2, 3), (1, 2)))
    assert second is None
    for found in (first, third):
        assert found is not None
        assert abs(found.shift + 360 / CELL_PX) < 0.1


def test_doubtful_overlaps_are_told_in_the_order_in_which_they_were_asked(
    row: tuple[SlideInWork, list[SurveyedField]],
) -> None:
    slide, fields = row
    placements = [Placement(1, -360 / CELL_PX), Placement(1, -330 / CELL_PX), Placement(1, -360 / CELL_PX)]
    doubtful = [
        DoubtfulOverlap(fields[number], fields[number + 1], placement, WIDTHS_PX)
        for number, placement in enumerate(placements)
    ]
    assert by_pictures(WORKERS, slide, pytest.fail, doubtful) == [True, False, False]


def test_strips_of_a_field_that_was_changed_or_taken_away_since_are_not_looked_for(
    row: tuple[SlideInWork, list[SurveyedField]],
) -> None:
    slide, fields = row
    save(slide.path / "0.png", np.zeros((400, 400, 3), np.uint8))
    (slide.path / "3.png").unlink()
    remarks: list[str] = []
    pairs = neighbours(fields, (0, 1), (1, 2), (2, 3))
    changed, found, gone = by_borders(WORKERS, slide, remarks.append, pairs)
    assert changed is None
    assert gone is None
    assert found is not None
    assert len(remarks) == 2
    assert any("0.png was changed while its slide was scored" in remark for remark in remarks)
    doubtful = [
        DoubtfulOverlap(fields[number], fields[number + 1], Placement(1, -360 / CELL_PX), WIDTHS_PX)
        for number in (0, 1)
    ]
    assert by_pictures(WORKERS, slide, remarks.append, doubtful) == [False, True]
    assert remarks[2] in remarks[:2]


def test_each_field_of_a_row_is_read_once(
    row: tuple[SlideInWork, list[SurveyedField]], monkeypatch: pytest.MonkeyPatch
) -> None:
    slide, fields = row
    read: list[str] = []

    def noted(slide: SlideInWork, name: str, pixels_hash: str) -> Field:
        read.append(name)
        return read_as_scored(slide, name, pixels_hash)

    monkeypatch.setattr(overlap_pictures, "read_as_scored", noted)
    by_borders(WORKERS, slide, pytest.fail, neighbours(fields, (0, 1), (0, 2), (0, 3), (1, 2), (2, 3)))
    assert sorted(read) == ["0.png", "1.png", "2.png", "3.png"]


def test_a_disc_in_the_dark_is_no_strip_for_its_rim(tmp_path: Path) -> None:
    down, across = np.mgrid[:400, :400] - 200
    dark = np.hypot(down, across) > 195
    fields = []
    for number in (3, 4):
        picture = photograph(smear(number), 0)
        picture[dark] = 0
        save(tmp_path / "slide" / f"{number}.png", picture)
        fields.append(surveyed(f"{number}.png", picture))
    slide = slide_in_work(open_slide(tmp_path / "slide"), {}, None)
    assert by_borders(WORKERS, slide, pytest.fail, neighbours(fields, (0, 1))) == [None]
