"""Which files of a folder are one DICOM whole slide, whatever series their levels are written as."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydicom.uid import generate_uid

from core.slides import find_slides, open_slide
from core.slides.dicom_slide import (
    SlideInstance,
    full_resolution,
    has_focal_planes,
    instances_beside,
    series_of_slides,
    slide_instance,
)
from tests.core.slides.dicom_slides import divide, make_sparse, write_level
from tests.core.slides.images import picture, write_dicom
from tests.core.slides.test_tiff import fields, stitched

IMAGE = picture(200, 300)
LABEL = ["ORIGINAL", "PRIMARY", "LABEL", "NONE"]
LARGE = SlideInstance(Path("0.dcm"), "i", "s", "study", "glass 7", True, 4000, 3000, 12, 12, 1)
HALF = replace(LARGE, path=Path("1.dcm"), instance="j", series="t", width_px=2000, height_px=1500)


def as_slides(folder: Path) -> list[str]:
    return [slide.path.name for slide in find_slides([folder]).slides]


def whole(path: Path) -> np.ndarray:
    return stitched(fields(path, region_px=100, overlap_px=30), 200, 300)


def test_a_file_says_what_it_is_part_of_and_how_often_it_covers_its_picture(tmp_path: Path) -> None:
    series = generate_uid()
    found = slide_instance(write_level(tmp_path / "a.dcm", IMAGE, series, ContainerIdentifier="glass 7"))
    assert found is not None
    assert (found.series, found.container, found.is_scan) == (series, "glass 7", True)
    assert (found.width_px, found.height_px, found.frames, found.places) == (300, 200, 20, 20)
    assert slide_instance(write_dicom(tmp_path / "b.dcm", [picture()])) is None


def test_levels_written_as_series_of_their_own_are_one_slide_of_the_largest(tmp_path: Path) -> None:
    for level in (2, 0, 1):
        image = IMAGE[:: 2**level, :: 2**level]
        write_level(tmp_path / f"level {2 - level}.dcm", image, generate_uid(), level)
    assert as_slides(tmp_path) == [tmp_path.name]
    slide = open_slide(tmp_path)
    assert [file.name for file in slide.files_of(slide.field_names()[0])] == ["level 2.dcm"]
    assert np.array_equal(whole(tmp_path), IMAGE)


def test_the_label_of_a_slide_is_none_though_it_is_a_series_of_its_own(tmp_path: Path) -> None:
    write_level(tmp_path / "0.dcm", picture(64, 64), generate_uid(), ImageType=LABEL)
    write_level(tmp_path / "1.dcm", IMAGE, generate_uid())
    assert as_slides(tmp_path) == [tmp_path.name]
    assert np.array_equal(whole(tmp_path), IMAGE)


def test_a_label_without_its_slide_is_not_passed_over(tmp_path: Path) -> None:
    write_level(tmp_path / "0.dcm", picture(64, 64), generate_uid(), ImageType=LABEL)
    assert as_slides(tmp_path) == [tmp_path.name]


def test_another_place_in_another_resolution_stays_a_slide_of_its_own(tmp_path: Path) -> None:
    write_level(tmp_path / "a.dcm", IMAGE, generate_uid())
    write_level(tmp_path / "b.dcm", picture(100, 150, seed=5), generate_uid(), 1)
    assert as_slides(tmp_path) == ["a.dcm", "b.dcm"]


def test_the_same_place_of_another_glass_stays_a_slide_of_its_own(tmp_path: Path) -> None:
    write_level(tmp_path / "a.dcm", IMAGE, generate_uid(), ContainerIdentifier="1")
    write_level(tmp_path / "b.dcm", IMAGE[::2, ::2], generate_uid(), 1, ContainerIdentifier="2")
    assert as_slides(tmp_path) == ["a.dcm", "b.dcm"]


@pytest.mark.parametrize(
    ("other", "is_level"),
    [
        (HALF, True),
        (replace(HALF, container=""), True),
        (replace(HALF, container="glass 8"), False),
        (replace(HALF, study="another"), False),
        (replace(HALF, height_px=1501), True),  # rounded
        (replace(HALF, height_px=1503), False),
        (replace(HALF, width_px=4000, height_px=3000), False),  # a copy, and no level
    ],
)
def test_a_level_is_of_one_study_and_glass_and_aspect(other: SlideInstance, is_level: bool) -> None:
    slides = series_of_slides([other, LARGE], lambda larger, smaller, times: True)
    assert slides == ({"s": LARGE.path} if is_level else {"t": other.path, "s": LARGE.path})


def test_pictures_have_the_last_word_and_the_nearest_level_is_asked_first() -> None:
    quarter = replace(HALF, path=Path("2.dcm"), series="u", width_px=1000, height_px=750)
    asked = []

    def shows(larger: Path, smaller: Path, times: float) -> bool:
        asked.append((larger.name, smaller.name, times))
        return False

    assert list(series_of_slides([LARGE, HALF, quarter], shows)) == ["s", "t", "u"]
    assert asked == [("0.dcm", "1.dcm", 2.0), ("1.dcm", "2.dcm", 2.0), ("0.dcm", "2.dcm", 4.0)]


def test_a_file_that_was_divided_is_one_level(tmp_path: Path) -> None:
    files = divide(write_level(tmp_path / "a.dcm", IMAGE, generate_uid()), 3)
    level = full_resolution(instances_beside(files[0]))
    assert [one.path for one in level] == files
    assert not has_focal_planes(level)
    assert np.array_equal(whole(tmp_path), IMAGE)


def test_a_copy_of_a_file_does_not_make_a_second_plane(tmp_path: Path) -> None:
    path = write_level(tmp_path / "a.dcm", IMAGE, generate_uid())
    (tmp_path / "b.dcm").write_bytes(path.read_bytes())
    assert not has_focal_planes(full_resolution(instances_beside(path)))


def test_tiles_that_say_where_they_lie_may_come_in_any_order_and_be_left_out(tmp_path: Path) -> None:
    make_sparse(write_level(tmp_path / "a.dcm", IMAGE, generate_uid()), left_out=[6])
    shown = whole(tmp_path)
    expected = IMAGE.copy()
    expected[64:128, 64:128] = 255  # the seventh of five a row
    assert np.array_equal(shown, expected)
