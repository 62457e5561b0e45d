"""The sheet of reference pictures: what each row shows, and that the committed file is what is drawn."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from datasets.reference_pictures import DRAWN, TILE_PX, drawn_picture, reference_sheet, write_reference_sheet

COMMITTED = Path(__file__).parents[2] / "app" / "board" / "reference.png"


def pictures(kind: str) -> list[NDArray[np.int_]]:
    draw, seeds = DRAWN[kind]
    return [drawn_picture(draw, seed).astype(int) for seed in seeds]


def purple(picture: NDArray[np.int_]) -> float:
    """Share of pixels that take the stain of chromatin, which lets hardly any green through."""
    _, green, blue = np.moveaxis(picture, -1, 0)
    return float(((green < 80) & (blue - green > 20)).mean())


def blue(picture: NDArray[np.int_]) -> float:
    """Share of pixels that take the stain of cytoplasm, which lets blue through."""
    red, _, blue = np.moveaxis(picture, -1, 0)
    return float((blue - red > 20).mean())


@pytest.mark.parametrize("kind", [kind for kind in DRAWN if " " in kind])
def test_each_stage_shows_chromatin_and_cytoplasm(kind: str) -> None:
    for picture in pictures(kind):
        assert purple(picture) > 0.001
        assert blue(picture) > 0.003


def test_late_stages_of_vivax_hold_more_stain_than_its_rings() -> None:
    rings = max(blue(picture) for picture in pictures("vivax ring"))
    for stage in ("trophozoite", "schizont", "gametocyte"):
        assert min(blue(picture) for picture in pictures(f"vivax {stage}")) > rings


def test_a_howell_jolly_body_has_chromatin_and_no_cytoplasm() -> None:
    for picture in pictures("howell-jolly"):
        assert purple(picture) > 0.001
        assert blue(picture) == 0


def test_a_refracting_place_is_brighter_than_the_slide_and_takes_no_stain() -> None:
    for picture in pictures("refracting"):
        slide = picture[:4, :4].mean()
        assert picture.mean(axis=2).max() > slide + 10
        assert purple(picture) == blue(picture) == 0


def test_a_grain_of_stain_is_nearly_black() -> None:
    for picture in pictures("stain"):
        assert picture.max(axis=2).min() < 90


def test_the_sheet_has_a_row_for_each_kind_and_three_pictures_in_it() -> None:
    sheet = reference_sheet()
    assert sheet.shape == (len(DRAWN) * TILE_PX, 3 * TILE_PX, 3)
    draw, seeds = DRAWN["platelet"]
    row = list(DRAWN).index("platelet")
    here = sheet[row * TILE_PX : (row + 1) * TILE_PX, TILE_PX : 2 * TILE_PX]
    assert np.array_equal(here, drawn_picture(draw, seeds[1]))


def test_the_committed_file_is_what_is_drawn_and_small(tmp_path: Path) -> None:
    assert COMMITTED.stat().st_size < 150_000
    write_reference_sheet(tmp_path / "again.png")
    committed, again = (
        np.asarray(Image.open(file).convert("RGB"), int) for file in (COMMITTED, tmp_path / "again.png")
    )
    # Other machines round otherwise.
    assert np.abs(committed - again).mean() < 1, (
        "python -m datasets.reference_pictures app/board/reference.png"
    )
