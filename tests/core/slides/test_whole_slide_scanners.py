"""Scans as their scanners write them: each is what OpenSlide takes it for, and counts in full, once."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import openslide
import pytest
import tifffile
from numpy.typing import NDArray

from core.errors import UnreadableImageError
from core.slides import Slide, find_slides, open_overview, open_slide
from core.slides.tiff_pages import full_page
from tests.core.slides.images import picture, write_png
from tests.core.slides.mirax_files import mirax_layout, write_mrxs
from tests.core.slides.scanner_files import (
    UM_PER_PIXEL,
    bif_size,
    write_bif,
    write_ndpi,
    write_philips,
    write_scn,
    write_svs,
)
from tests.core.slides.test_tiff import fields, stitched

HEIGHT, WIDTH = 304, 432
IMAGE = picture(HEIGHT, WIDTH)
SHIFTS = {(0, 1): (3, 0), (1, 0): (0, 4), (1, 1): (-4, 2), (1, 2): (0, 3)}
"""Off the grid, within what photographs of a stage overlap."""
MOST_APART = 12
"""Levels, by JPEG of quality 97."""


def write_mirax(path: Path) -> Path:
    return write_mrxs(path, IMAGE, mirax_layout(2, 3, SHIFTS))


SCANS: dict[str, tuple[str, Callable[[Path], Path]]] = {
    "a.svs": ("aperio", lambda path: write_svs(path, IMAGE)),
    "a.ndpi": ("hamamatsu", lambda path: write_ndpi(path, [IMAGE])),
    "a.bif": ("ventana", lambda path: write_bif(path, IMAGE, 12)),
    "a.tiff": ("philips", lambda path: write_philips(path, IMAGE)),
    "a.scn": ("leica", lambda path: write_scn(path, [(IMAGE, 0, 0)])),
    "a.mrxs": ("mirax", write_mirax),
}
SHOWN = {"a.bif": bif_size(IMAGE, 12), "a.mrxs": (232, 336)}
"""Height and width, where whole tiles or photographs do not fill all of the picture."""


def all_of(slide: Slide) -> NDArray[np.int64]:
    """The slide put together from what its regions own."""
    parts = [slide.read_field(name) for name in slide.field_names()]
    height = max(part.top_px + part.image.shape[0] for part in parts)
    width = max(part.left_px + part.image.shape[1] for part in parts)
    return stitched(parts, height, width).astype(np.int64)


@pytest.mark.parametrize("name", SCANS)
def test_a_scan_is_its_full_resolution_once_in_its_scale(tmp_path: Path, name: str) -> None:
    vendor, write = SCANS[name]
    path = write(tmp_path / name)
    assert openslide.OpenSlide.detect_format(path) == vendor
    (found,) = find_slides([tmp_path]).slides
    slide = open_slide(found.path, region_px=100, overlap_px=30)
    assert len(slide.field_names()) > 4
    assert {slide.read_field(one).um_per_pixel for one in slide.field_names()} == {UM_PER_PIXEL}
    height, width = SHOWN.get(name, (HEIGHT, WIDTH))
    assert np.abs(all_of(slide)[:height, :width] - IMAGE[:height, :width]).max() <= MOST_APART


@pytest.mark.parametrize("name", SCANS)
def test_neither_label_nor_macro_nor_a_level_is_a_field(tmp_path: Path, name: str) -> None:
    _, write = SCANS[name]
    path = write(tmp_path / name)
    with openslide.OpenSlide(path) as scan:
        assert scan.level_count > 1
        assert "macro" in scan.associated_images
    assert open_slide(path).field_names() == (f"{name}#x=0,y=0",)
    assert open_overview(path) is not None


@pytest.mark.parametrize("name", ["a.svs", "a.bif", "a.scn", "a.ndpi"])
def test_a_scan_is_known_by_its_content_whatever_its_name(tmp_path: Path, name: str) -> None:
    _, write = SCANS[name]
    path = write(tmp_path / name).rename(tmp_path / "renamed.tif")
    assert open_slide(path).field_names() == ("renamed.tif#x=0,y=0",)
    assert [slide.path for slide in find_slides([tmp_path]).slides] == [path]


@pytest.mark.parametrize("name", ["a.svs", "a.bif", "a.scn", "a.ndpi", "a.tiff"])
def test_a_scan_cut_short_in_its_full_resolution_is_named(tmp_path: Path, name: str) -> None:
    _, write = SCANS[name]
    path = write(tmp_path / name)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])
    with pytest.raises(UnreadableImageError, match=r"a\.\w+ is (cut short|damaged)"):
        open_slide(path)


def test_photographs_that_a_stage_took_off_its_grid_are_joined_without_a_seam(tmp_path: Path) -> None:
    shown = all_of(open_slide(write_mirax(tmp_path / "a.mrxs")))
    assert shown.shape == (232, 336, 3)  # as the grid says: what lies beyond is a few pixels
    assert np.abs(shown - IMAGE[:232, :336]).max() <= MOST_APART


def test_tiles_that_overlap_are_joined_without_a_seam(tmp_path: Path) -> None:
    height, width = bif_size(IMAGE, 20)
    shown = all_of(open_slide(write_bif(tmp_path / "a.bif", IMAGE, 20)))
    assert np.array_equal(shown, IMAGE[:height, :width])


def test_a_mirax_scan_changes_with_any_file_of_its_folder_and_is_named_without_it(tmp_path: Path) -> None:
    path = write_mirax(tmp_path / "a.mrxs")
    slide = open_slide(path)
    files = [file.name for file in slide.files_of(slide.field_names()[0])]
    assert files == ["a.mrxs", "Data0000.dat", "Index.dat", "Slidedat.ini"]
    (tmp_path / "a").rename(tmp_path / "b")
    with pytest.raises(UnreadableImageError, match=r"a\.mrxs lies without its scan, .* a folder of the same"):
        open_slide(path)


def test_a_mirax_scan_among_pictures_is_a_slide_of_its_own(tmp_path: Path) -> None:
    write_mirax(tmp_path / "scan.mrxs")
    write_png(tmp_path / "field.png", picture())
    slides = find_slides([tmp_path]).slides
    assert [slide.path.name for slide in slides] == [tmp_path.name, "scan.mrxs"]
    assert open_slide(tmp_path).field_names() == ("field.png",)


def test_regions_cover_what_was_scanned_of_the_glass_and_keep_its_coordinates(tmp_path: Path) -> None:
    other = picture(HEIGHT, WIDTH, seed=3)
    path = write_scn(tmp_path / "a.scn", [(IMAGE, 700, 1000), (other, 1300, 1000)])
    slide = open_slide(path, region_px=600, overlap_px=60)
    assert slide.field_names() == ("a.scn#x=700,y=1000", "a.scn#x=1132,y=1000")
    first, second = (slide.read_field(name) for name in slide.field_names())
    assert np.array_equal(first.image[:, :WIDTH], IMAGE)
    assert (first.image[:, WIDTH:500] == 255).all()  # between two areas nothing was scanned
    assert np.array_equal(second.image[:, 1300 - 1132 :], other)
    assert (second.left_px, second.top_px) == (1132, 1000)


def test_what_was_not_scanned_is_white(tmp_path: Path) -> None:
    shown = all_of(open_slide(write_svs(tmp_path / "a.svs", IMAGE, left_out=2)))
    assert (shown[:64, :128] == 255).all()
    assert np.abs(shown[64:] - IMAGE[64:]).max() <= MOST_APART


def test_regions_of_which_no_tile_was_scanned_are_no_fields(tmp_path: Path) -> None:
    path = write_svs(tmp_path / "a.svs", IMAGE, left_out=14)  # two rows of seven tiles of 64 px
    slide = open_slide(path, region_px=100, overlap_px=20)
    tops = [slide.read_field(name).top_px for name in slide.field_names()]
    assert min(tops) > 128 - 100
    assert np.abs(all_of(slide)[128:] - IMAGE[128:]).max() <= MOST_APART


def test_a_scan_that_states_no_scale_gives_none_though_it_states_an_objective(tmp_path: Path) -> None:
    (field,) = fields(write_svs(tmp_path / "a.svs", IMAGE, mpp=None))
    assert field.um_per_pixel is None


def test_of_an_ndpi_in_focal_planes_each_region_is_the_sharpest(tmp_path: Path) -> None:
    blurred = np.full_like(IMAGE, 128)
    left, right = IMAGE.copy(), IMAGE.copy()
    left[:, WIDTH // 2 :] = blurred[:, WIDTH // 2 :]
    right[:, : WIDTH // 2] = blurred[:, : WIDTH // 2]
    path = write_ndpi(tmp_path / "a.ndpi", [left, blurred, right])
    slide = open_slide(path, region_px=160, overlap_px=0)
    names = slide.field_names()
    assert {slide.planes_of(name) for name in names} == {3}
    ends = [slide.read_field(name) for name in names if "x=0," in name or "x=272," in name]
    assert len(ends) == 4
    for field in ends:
        here = IMAGE[field.top_px :, field.left_px :][:160, :160].astype(int)
        assert np.abs(field.image - here).max() <= MOST_APART
    assert {field.um_per_pixel for field in ends} == {UM_PER_PIXEL}


def test_a_scan_whose_macro_picture_is_cut_short_is_read(tmp_path: Path) -> None:
    path = write_svs(tmp_path / "a.svs", IMAGE)
    with tifffile.TiffFile(path, mode="r+") as tiff:
        macro = full_page(tiff, len(tiff.pages) - 1)
        macro.tags["StripByteCounts"].overwrite(tiff.filehandle.size - macro.dataoffsets[0] + 1)
    assert np.abs(all_of(open_slide(path)) - IMAGE).max() <= MOST_APART
