"""Drawn candidates and contact sheets: sizes, what is where, and input that must not spoil them."""

from dataclasses import replace

import numpy as np
import pytest

from core.reports import candidates as drawn
from core.reports.candidates import CELL_PX, CandidatePicture, candidate_image, cell_and_map, contact_sheet
from core.reports.drawing import PAPER

GREEN = (20, 200, 40)


def candidate(
    rank: int = 1, field_name: str = "field 1.jpg", side: int = 80, map_value: float = 0.0
) -> CandidatePicture:
    crop = np.full((side, side, 3), GREEN, np.uint8)
    activation = np.full((side, side), map_value, np.float32)
    return CandidatePicture(rank, 0.987, "", field_name, crop, activation, 40.0)


def green_pixels(page: np.ndarray) -> int:
    return int((np.abs(page.astype(int) - GREEN).max(axis=2) <= 2).sum())


@pytest.mark.parametrize("number", [1, 2, 5, 7, 37, 100])
def test_sheet_shows_each_candidate_once_in_a_grid_of_at_most_ten_columns(number: int) -> None:
    listed = [candidate(rank + 1) for rank in range(number)]
    page = contact_sheet("slide", listed, looked_at=1000, evaluable=900)
    assert page.dtype == np.uint8
    share = green_pixels(page) / drawn.TILE_PX**2
    assert 0.97 * number < share <= number  # the corners cover a little of each
    assert page.shape[1] <= 2 * 24 + 10 * (drawn.TILE_PX + 14)


def test_sheet_reads_from_left_to_right_and_then_down() -> None:
    shades = [np.full((8, 8, 3), 10 * rank, np.uint8) for rank in range(1, 8)]
    blank_map = np.zeros((8, 8), np.float32)
    page = contact_sheet(
        "s",
        [CandidatePicture(rank, 0.9, "", "f", crop, blank_map, 4) for rank, crop in enumerate(shades, 1)],
        looked_at=9,
        evaluable=9,
    )
    places = [
        np.argwhere((page == 10 * rank).all(axis=2) & (np.ptp(page, axis=2) == 0)).mean(axis=0)
        for rank in range(1, 8)
    ]
    rows = [round(float(place[0])) for place in places]
    assert len({*rows[:5]}) == 1
    assert len({*rows[5:]}) == 1
    assert rows[5] > rows[0]
    assert [place[1] for place in places[:5]] == sorted(place[1] for place in places[:5])


def written_on_sheet(
    monkeypatch: pytest.MonkeyPatch, *candidates: CandidatePicture, looked_at: int, evaluable: int
) -> list[str]:
    written: list[str] = []
    monkeypatch.setattr(drawn, "write", lambda *args: written.append(args[3]))
    contact_sheet("slide", candidates, looked_at=looked_at, evaluable=evaluable)
    return written


def test_sheet_of_a_slide_without_any_cell_says_so_instead_of_being_blank(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert (contact_sheet("slide", [], looked_at=0, evaluable=0) != PAPER).any()
    text = " ".join(written_on_sheet(monkeypatch, looked_at=0, evaluable=0))
    assert "No cell was found on this slide." in text
    assert "excludes nothing" in text
    assert "research use only" in text
    assert "negative" not in text


def test_sheet_tells_how_much_of_the_list_it_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    written = written_on_sheet(monkeypatch, candidate(), looked_at=138_800, evaluable=120_000)
    assert "The first 1 of 138 800 objects looked at; 120 000 cells counted" in written


def test_what_is_looked_at_and_not_counted_is_shown_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    clump = replace(candidate(), why_not="clump")
    assert "clump" in written_on_sheet(monkeypatch, clump, looked_at=2, evaluable=1)
    written: list[str] = []
    monkeypatch.setattr(drawn, "write", lambda *args: written.append(args[3]))
    candidate_image(clump)
    assert "score 0.987; not counted: clump" in written


def test_every_candidate_image_has_one_size_whatever_the_crop() -> None:
    shapes = {
        candidate_image(candidate(rank, "é" * rank * 20, side)).shape for rank, side in ((1, 20), (999, 700))
    }
    assert len(shapes) == 1


@pytest.mark.parametrize("name", ["", "a\nb\tc", "long " * 200, "é" * 500, "名" * 200, "\x00\x07", "../../x"])
def test_any_name_keeps_a_sheet_in_its_size(name: str) -> None:
    plain = contact_sheet("slide", [candidate()], looked_at=10, evaluable=1)
    named = contact_sheet(name, [candidate(field_name=name)], looked_at=10, evaluable=1)
    assert named.shape == plain.shape
    assert candidate_image(candidate(field_name=name)).shape == candidate_image(candidate()).shape


@pytest.mark.parametrize(
    ("crop", "activation_map", "message"),
    [
        (
            np.zeros((5, 6, 3), np.uint8),
            np.zeros((5, 6)),
            r"crop must be \(S, S, 3\) uint8; it is \(5, 6, 3\)",
        ),
        (np.zeros((5, 5, 3)), np.zeros((5, 5)), "float64"),
        (np.zeros((5, 5, 3), np.uint8), np.zeros((6, 6)), r"activation_map must be \(5, 5\)"),
        (np.zeros((5, 5, 3), np.uint8), np.full((5, 5), 1.5), r"lie in \[0, 1\]; it goes from 1.5 to 1.5"),
        (np.zeros((5, 5, 3), np.uint8), np.full((5, 5), np.nan), "nan"),
    ],
)
def test_pictures_that_do_not_fit_are_named(
    crop: np.ndarray, activation_map: np.ndarray, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        CandidatePicture(1, 0.5, "", "f", crop, activation_map, 3.0)


def test_cell_and_map_are_cut_from_where_they_were_drawn() -> None:
    crop = np.zeros((64, 64, 3), np.uint8)
    crop[...] = np.linspace(0, 250, 64, dtype=np.uint8)[:, None, None]
    activation = np.tile(np.linspace(0, 1, 64, dtype=np.float32), (64, 1))
    image = candidate_image(CandidatePicture(1, 0.9, "", "field", crop, activation, 20.0))
    cell, map_ = cell_and_map(image)
    assert cell.shape == map_.shape == (CELL_PX, CELL_PX, 3)
    assert cell[0].max() <= 2
    assert cell[-1].min() >= 247
    assert abs(int(map_[0, 0, 0]) - int(cell[0, 0, 0])) <= 2  # where the map is nought, the cell shows
    square = np.zeros((70, 70, 3), np.uint8)
    assert cell_and_map(square) == (square,)
