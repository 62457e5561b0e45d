"""Maps over images and on sheets: what is coloured, what stays, where things stand, and what is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from core.reports import overlays
from core.reports.drawing import PAPER, text_width
from core.reports.overlays import TRUTH, MapTile, contoured, map_sheet, overlaid, reduced

SHADE = (200, 90, 140)


def plain(height: int = 40, width: int = 40) -> NDArray[np.uint8]:
    return np.full((height, width, 3), SHADE, np.uint8)


def rising(height: int, width: int) -> NDArray[np.float32]:
    return np.linspace(0, 1, height * width, dtype=np.float32).reshape(height, width)


def pixels(page: NDArray[np.uint8], colour: tuple[int, int, int]) -> NDArray[np.bool_]:
    return np.asarray((page == colour).all(axis=2))


def test_map_leaves_the_picture_alone_where_it_is_zero_and_never_hides_it() -> None:
    image = np.arange(64 * 96 * 3, dtype=np.uint32).reshape(64, 96, 3).astype(np.uint8)
    half = np.zeros((64, 96), np.float32)
    half[:, 48:] = 1.0
    marked = overlaid(image, half)
    assert (marked[:, :48] == image[:, :48]).all()
    assert (marked[:, 48:] != image[:, 48:]).any()
    black, white = (overlaid(np.full((8, 8, 3), v, np.uint8), np.ones((8, 8), np.float32)) for v in (0, 255))
    assert (white.astype(int) - black == 102).all()  # two fifths of the contrast remain under the map


def test_map_is_coloured_from_dark_blue_to_yellow() -> None:
    black = np.zeros((4, 4, 3), np.uint8)
    red, green, blue = overlaid(black, np.ones((4, 4), np.float32))[0, 0] / 0.6
    assert red > 240
    assert green > 220
    assert blue < 60


def test_colours_get_lighter_with_every_step_of_the_map() -> None:
    scale = overlays.colours(np.linspace(0, 1, 256)[None])[0].astype(float)
    lightness = scale @ (0.2126, 0.7152, 0.0722)
    assert (np.diff(lightness) > -1).all()
    assert lightness[-1] - lightness[0] > 150


def test_opacity_is_that_of_the_strongest_place() -> None:
    black, full = np.zeros((4, 4, 3), np.uint8), np.ones((4, 4), np.float32)
    assert (overlaid(black, full, opacity=0.0) == 0).all()
    assert (overlaid(black, full, opacity=1.0)[0, 0] == overlays.colours(full)[0, 0]).all()


def test_a_small_map_is_laid_smoothly_over_the_whole_of_a_large_image() -> None:
    image = np.zeros((60, 90, 3), np.uint8)
    marked = overlaid(image, np.array([[0.0, 1.0]], np.float32)).astype(int)
    assert marked.shape == image.shape
    assert (marked == marked[:1]).all()
    assert np.abs(np.diff(marked[0], axis=0)).max() <= 12  # no edge between the map's two cells
    assert (marked[0, :22] == 0).all()
    assert (marked[0, 68:] == marked[0, -1]).all()


def test_a_large_map_is_averaged_over_a_small_image() -> None:
    checked = np.indices((8, 8)).sum(axis=0).astype(np.float32) % 2
    marked = overlaid(np.zeros((2, 2, 3), np.uint8), checked, opacity=1.0)
    half = np.full((2, 2), 0.5)
    assert np.abs(marked - overlays.colours(half) / 2).max() <= 1


@given(
    arrays.arrays(
        np.float32,
        arrays.array_shapes(min_dims=2, max_dims=2, max_side=9),
        elements=st.floats(0, 1, width=32),
    ),
    st.integers(1, 40),
    st.integers(1, 40),
)
def test_any_map_fits_any_image(activation_map: NDArray[np.float32], height: int, width: int) -> None:
    marked = overlaid(plain(height, width), activation_map)
    assert marked.shape == (height, width, 3)
    assert marked.dtype == np.uint8


def test_the_truth_is_a_green_line_along_the_inner_edge_of_its_region() -> None:
    region = np.zeros((240, 240), bool)
    region[60:120, 30:200] = True
    green = pixels(contoured(plain(240, 240), region), TRUTH)
    inner = np.zeros_like(region)
    inner[62:118, 32:198] = True
    assert (green == (region & ~inner)).all()


def test_a_region_that_is_the_whole_image_is_framed() -> None:
    green = pixels(contoured(plain(120, 120), np.ones((120, 120), bool)), TRUTH)
    assert green[0].all()
    assert green[:, -1].all()
    assert not green[2:-2, 2:-2].any()


def test_no_region_no_line() -> None:
    assert (contoured(plain(), np.zeros((40, 40), bool)) == plain()).all()


def tile(image: NDArray[np.uint8], *captions: str) -> MapTile:
    return MapTile(image, captions)


def test_a_sheet_has_a_row_an_image_and_a_column_a_method() -> None:
    shades = [[(10 * row + column + 40,) * 3 for column in range(3)] for row in range(4)]
    rows = [[tile(np.full((50, 50, 3), shade, np.uint8), "a") for shade in row] for row in shades]
    page = map_sheet("t", "s", ["image", "cam", "grad-cam"], rows, tile_px=100)
    places = np.array([[np.argwhere(pixels(page, shade)).mean(axis=0) for shade in row] for row in shades])
    assert np.ptp(np.rint(places[..., 0]), axis=1).max() == 0
    assert np.ptp(np.rint(places[..., 1]), axis=0).max() == 0
    assert (np.diff(places[:, 0, 0]) > 100).all()
    assert (np.diff(places[0, :, 1]) > 100).all()


@pytest.mark.parametrize(
    ("height", "width", "drawn"), [(30, 60, 50 * 100), (200, 100, 100 * 50), (7, 7, 1e4)]
)
def test_images_keep_their_proportions(height: int, width: int, drawn: int) -> None:
    page = map_sheet("t", "s", ["image"], [[tile(plain(height, width))]], tile_px=100)
    assert pixels(page, SHADE).sum() == drawn


def test_a_sheet_names_its_columns_captions_scale_and_purpose(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    monkeypatch.setattr(overlays, "write", lambda *args: written.append(args[3]))
    marked = MapTile(plain(), ("cell 7.png", "infected 0.93"), rising(3, 3))
    map_sheet("cells", "2 images", ["image", "score-cam"], [[tile(plain(), "cell 7.png"), marked]])
    assert {"cells", "2 images", "image", "score-cam", "cell 7.png", "infected 0.93", "0", "1"} <= {*written}
    assert "research use only, not for diagnosis" in written
    assert not any("ground truth" in line for line in written)


@pytest.mark.parametrize("columns", [1, 2, 3])
def test_the_legend_is_whole_on_narrow_and_wide_sheets(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    written: list[str] = []

    def noted(_: object, __: int, ___: int, text: str, size_px: int, width_px: int, *____: object) -> None:
        assert text_width(text, size_px) <= width_px
        written.append(text)

    monkeypatch.setattr(overlays, "write", noted)
    tiles = [MapTile(plain(), (), region=np.ones((40, 40), bool))] * columns
    map_sheet("t", "s", ["c"] * columns, [tiles])
    legend = "of each map's largest value; an empty map has nothing that speaks for the class"
    assert legend in " ".join(written)


def test_the_lines_of_the_legend_lie_one_below_the_other_on_the_page() -> None:
    page = map_sheet("t", "s", ["c"], [[MapTile(plain(), (), rising(3, 3), np.ones((40, 40), bool))]])
    assert (page[-8:] == PAPER).all()


def test_the_green_line_is_explained_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    monkeypatch.setattr(overlays, "write", lambda *args: written.append(args[3]))
    map_sheet("t", "s", ["image"], [[MapTile(plain(), (), region=np.ones((40, 40), bool))]])
    assert "green: the ground truth" in written


def test_map_and_truth_are_drawn_on_the_sheet() -> None:
    region = np.zeros((40, 40), bool)
    region[:, :20] = True
    page = map_sheet("t", "s", ["map"], [[MapTile(plain(), (), np.ones((2, 2), np.float32), region)]])
    assert pixels(page, TRUTH).any()
    assert not pixels(page, SHADE).any()


@pytest.mark.parametrize("name", ["", "a\nb\tc", "long " * 200, "é" * 500, "名" * 200, "\x00\x07", "../../x"])
def test_any_name_keeps_a_sheet_in_its_size(name: str) -> None:
    short = map_sheet("t", "s", ["c"], [[tile(plain(), "n")]])
    assert map_sheet(name, name, [name], [[tile(plain(), name)]]).shape == short.shape


def test_a_sheet_without_rows_is_a_head() -> None:
    assert (map_sheet("t", "s", ["image"], []) != PAPER).any()


def test_a_tile_kept_for_later_is_drawn_as_the_whole_one() -> None:
    image = np.random.default_rng(0).integers(0, 256, (300, 450, 3), np.uint8)
    whole = MapTile(image, ("name",), rising(5, 5), image[..., 0] > 250)
    kept = reduced(whole, 100)
    assert kept.image.shape == (67, 100, 3)
    pages = [map_sheet("t", "s", ["c"], [[each]], tile_px=100) for each in (whole, kept)]
    assert (pages[0] == pages[1]).all()


@pytest.mark.parametrize(
    ("image", "activation_map", "region", "message"),
    [
        (np.zeros((5, 6), np.uint8), rising(2, 2), None, r"image must be \(H, W, 3\) uint8; it is \(5, 6\)"),
        (np.zeros((5, 6, 3)), rising(2, 2), None, "float64"),
        (
            plain(),
            np.zeros((1, 2, 2), np.float32),
            None,
            r"activation_map must be \(h, w\); it is \(1, 2, 2\)",
        ),
        (plain(), 2 * rising(2, 2), None, r"lie in \[0, 1\]; it goes from 0.0 to 2.0"),
        (plain(), np.full((2, 2), np.nan, np.float32), None, "nan"),
        (plain(), rising(2, 2), np.zeros((4, 4), bool), r"region must be \(40, 40\) bool"),
    ],
)
def test_what_does_not_fit_is_named(
    image: NDArray[np.uint8], activation_map: NDArray[np.float32], region: NDArray[np.bool_], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        overlaid(image, activation_map, region=region)
    with pytest.raises(ValueError, match=message):
        MapTile(image, (), activation_map, region)


def test_an_opacity_over_one_is_refused() -> None:
    with pytest.raises(ValueError, match=r"opacity must lie in \[0, 1\]; it is 1.5"):
        overlaid(plain(), rising(2, 2), opacity=1.5)
