"""Which files of a folder are one DICOM whole slide, whatever series their levels are written as."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset
from pydicom.uid import generate_uid

from core.errors import UnreadableImageError
from core.slides import dicom_slide, find_slides, open_slide
from core.slides.dicom_frames import shared_header_of
from core.slides.dicom_planes import tile_matrix
from core.slides.dicom_slide import (
    SlideInstance,
    full_resolution,
    instances_beside,
    series_of_slides,
    slide_instance,
)
from tests.core.slides.dicom_slides import divide, make_sparse, write_level, write_planes
from tests.core.slides.images import picture, write_dicom
from tests.core.slides.test_tiff import fields, stitched

IMAGE = picture(200, 300)
LABEL = ["ORIGINAL", "PRIMARY", "LABEL", "NONE"]
LARGE = SlideInstance(Path("0.dcm"), "i", "s", "study", "glass 7", True, False, 4000, 3000, 0.25)
HALF = replace(
    LARGE,
    path=Path("1.dcm"),
    instance="j",
    series="t",
    is_reduced=True,
    width_px=2000,
    height_px=1500,
    um_per_pixel=0.5,
)


def as_slides(folder: Path) -> list[str]:
    return [slide.path.name for slide in find_slides([folder]).slides]


def whole(path: Path) -> np.ndarray:
    return stitched(fields(path, region_px=100, overlap_px=30), 200, 300)


def test_a_file_says_what_it_is_part_of_in_what_size_and_scale(tmp_path: Path) -> None:
    series = generate_uid()
    found = slide_instance(write_level(tmp_path / "a.dcm", IMAGE, series, ContainerIdentifier="glass 7"))
    assert found is not None
    assert (found.series, found.container, found.is_scan) == (series, "glass 7", True)
    assert (found.width_px, found.height_px, found.um_per_pixel) == (300, 200, 0.25)
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
        (replace(HALF, um_per_pixel=0.25), False),  # a smaller area
        (replace(HALF, um_per_pixel=0.49), True),
        (replace(HALF, um_per_pixel=None), True),
    ],
)
def test_a_level_is_of_one_study_and_glass_and_aspect(other: SlideInstance, is_level: bool) -> None:
    slides = series_of_slides([other, LARGE], lambda larger, smaller, times: True)
    assert slides == ({"s": LARGE.path} if is_level else {"t": other.path, "s": LARGE.path})


def test_pictures_have_the_last_word_and_the_nearest_level_is_asked_first() -> None:
    quarter = replace(HALF, path=Path("2.dcm"), series="u", width_px=1000, height_px=750)
    quarter = replace(quarter, um_per_pixel=1.0)
    asked = []

    def shows(larger: Path, smaller: Path, times: float) -> bool | None:
        asked.append((larger.name, smaller.name, times))
        return False

    assert list(series_of_slides([LARGE, HALF, quarter], shows)) == ["s", "t", "u"]
    assert asked == [("0.dcm", "1.dcm", 2.0), ("1.dcm", "2.dcm", 2.0), ("0.dcm", "2.dcm", 4.0)]


def test_a_file_that_was_divided_is_one_level(tmp_path: Path) -> None:
    files = divide(write_level(tmp_path / "a.dcm", IMAGE, generate_uid()), 3)
    level = full_resolution(instances_beside(files[0]))
    assert [one.path for one in level] == files
    assert tile_matrix(tuple(files)).is_plain
    assert np.array_equal(whole(tmp_path), IMAGE)


def test_a_copy_of_a_file_does_not_make_a_second_plane(tmp_path: Path) -> None:
    path = write_level(tmp_path / "a.dcm", IMAGE, generate_uid())
    (tmp_path / "b.dcm").write_bytes(path.read_bytes())
    assert [one.path.name for one in full_resolution(instances_beside(path))] == ["b.dcm"]


def test_tiles_that_say_where_they_lie_may_come_in_any_order_and_be_left_out(tmp_path: Path) -> None:
    make_sparse(write_level(tmp_path / "a.dcm", IMAGE, generate_uid()), left_out=[6])
    shown = whole(tmp_path)
    expected = IMAGE.copy()
    expected[64:128, 64:128] = 255  # the seventh of five a row
    assert np.array_equal(shown, expected)


def test_reduced_levels_without_the_full_resolution_are_named_and_not_scored_as_the_slide(
    tmp_path: Path,
) -> None:
    series = generate_uid()
    for level in (1, 2):
        write_level(tmp_path / f"{level}.dcm", IMAGE[:: 2**level, :: 2**level], series, level)
    (slide,) = find_slides([tmp_path]).slides
    told = r"1\.dcm .*full resolution .* is not here.*: copy all files of its series"
    with pytest.raises(UnreadableImageError, match=told):
        fields(slide.path)
    with pytest.raises(UnreadableImageError, match=told):
        open_slide(tmp_path / "2.dcm")


OVERVIEW = ["ORIGINAL", "PRIMARY", "OVERVIEW", "NONE"]
EDGE = np.full((600, 2400, 3), 240, np.uint8)
EDGE[:, :100] = picture(600, 100)
BLANK = np.full((200, 300, 3), 240, np.uint8)


def test_an_area_in_the_series_of_a_larger_one_is_named_and_not_taken_for_its_level(tmp_path: Path) -> None:
    series = generate_uid()
    write_level(tmp_path / "a.dcm", IMAGE, series)
    write_level(tmp_path / "b.dcm", picture(100, 150, seed=5), series)
    with pytest.raises(UnreadableImageError, match=r"b\.dcm .*150 x 100 .* no reduced copy .*: put the"):
        open_slide(tmp_path / "a.dcm")


@pytest.mark.parametrize("height_px", [100, 128])
def test_a_level_whose_last_tiles_are_filled_up_is_one(tmp_path: Path, height_px: int) -> None:
    series = generate_uid()
    write_level(tmp_path / "a.dcm", IMAGE, series)
    write_level(tmp_path / "b.dcm", np.resize(IMAGE[::2, ::2], (height_px, 192, 3)), series, 1)
    assert np.array_equal(whole(tmp_path), IMAGE)


def test_a_second_scan_with_a_bare_middle_in_the_same_scale_stays_a_slide(tmp_path: Path) -> None:
    write_level(tmp_path / "a.dcm", EDGE, generate_uid())
    write_level(tmp_path / "b.dcm", EDGE[::2, ::2], generate_uid())
    assert as_slides(tmp_path) == ["a.dcm", "b.dcm"]


def test_two_glasses_with_bare_middles_are_told_apart_by_their_edges(tmp_path: Path) -> None:
    write_level(tmp_path / "a.dcm", EDGE, generate_uid())
    write_level(tmp_path / "b.dcm", EDGE[::-2, ::-2], generate_uid(), 1)
    assert as_slides(tmp_path) == ["a.dcm", "b.dcm"]
    write_level(tmp_path / "b.dcm", EDGE[::2, ::2], generate_uid(), 1)
    assert as_slides(tmp_path) == [tmp_path.name]


@pytest.mark.parametrize(("stated", "slides"), [(True, 1), (False, 2)])
def test_of_blank_scans_the_scale_decides_where_it_is_stated(
    tmp_path: Path, stated: bool, slides: int
) -> None:
    said: dict[str, Any] = {} if stated else {"SharedFunctionalGroupsSequence": []}
    write_level(tmp_path / "a.dcm", BLANK, generate_uid(), **said)
    write_level(tmp_path / "b.dcm", BLANK[::2, ::2], generate_uid(), 1, **said)
    assert len(as_slides(tmp_path)) == slides


def test_a_level_in_a_series_of_its_own_is_none_where_the_largest_cannot_be_looked_at(tmp_path: Path) -> None:
    write_planes(tmp_path / "a.dcm", [IMAGE, IMAGE], generate_uid())
    write_level(tmp_path / "b.dcm", IMAGE[::2, ::2], generate_uid(), 1)
    assert as_slides(tmp_path) == [tmp_path.name]
    cut = write_level(tmp_path / "a.dcm", IMAGE, generate_uid())
    cut.write_bytes(cut.read_bytes()[:100_000])
    assert as_slides(tmp_path) == [tmp_path.name]


def test_an_overview_of_another_glass_is_named_where_its_scan_is_missing(tmp_path: Path) -> None:
    write_level(tmp_path / "a.dcm", IMAGE, generate_uid(), ContainerIdentifier="A")
    other: dict[str, Any] = {"ImageType": OVERVIEW, "ContainerIdentifier": "B"}
    write_level(tmp_path / "b.dcm", picture(64, 64), generate_uid(), **other)
    assert as_slides(tmp_path) == ["a.dcm", "b.dcm"]
    with pytest.raises(UnreadableImageError, match=r"b\.dcm .*label or overview .*: copy its scan beside it"):
        open_slide(tmp_path / "b.dcm")


@pytest.mark.parametrize("container", ["A", ""])
def test_an_overview_of_the_same_glass_is_no_slide(tmp_path: Path, container: str) -> None:
    write_level(tmp_path / "a.dcm", IMAGE, generate_uid(), ContainerIdentifier="A")
    of_it: dict[str, Any] = {"ImageType": OVERVIEW, "ContainerIdentifier": container}
    write_level(tmp_path / "b.dcm", picture(64, 64), generate_uid(), **of_it)
    assert as_slides(tmp_path) == [tmp_path.name]


@pytest.mark.parametrize("lost", [0, 1, 2])
def test_a_divided_file_of_which_a_part_is_missing_is_named(tmp_path: Path, lost: int) -> None:
    files = divide(write_level(tmp_path / "a.dcm", IMAGE, generate_uid()), 3)
    files.pop(lost).unlink()
    with pytest.raises(UnreadableImageError, match=r"not all parts are here \(2 of 3\): copy all files"):
        open_slide(files[0])


def test_a_file_with_fewer_tiles_than_its_grid_is_named(tmp_path: Path) -> None:
    path = write_level(tmp_path / "a.dcm", IMAGE, generate_uid(), NumberOfFrames=19)
    with pytest.raises(UnreadableImageError, match=r"19 tiles, where 1 planes of 4 x 5 are 20"):
        open_slide(path)


def test_more_frames_than_a_file_can_hold_are_named(tmp_path: Path) -> None:
    path = write_level(tmp_path / "a.dcm", IMAGE, generate_uid(), NumberOfFrames=100_000_000)
    with pytest.raises(UnreadableImageError, match="100000000 frames in"):
        slide_instance(path)


def test_each_header_of_a_folder_is_read_once_and_again_when_the_file_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []

    def counted(path: Path) -> Dataset:
        read.append(path.name)
        return shared_header_of(path)

    monkeypatch.setattr(dicom_slide, "shared_header_of", counted)
    names = [f"{number}.dcm" for number in range(5)]
    for number, name in enumerate(names):
        write_level(
            tmp_path / name, picture(64, 64, seed=number), generate_uid(), StudyInstanceUID=str(number)
        )
    for path in as_slides(tmp_path):
        instances_beside(tmp_path / path)
    assert sorted(read) == names
    write_level(tmp_path / "0.dcm", IMAGE, generate_uid())
    found = slide_instance(tmp_path / "0.dcm")
    assert found is not None
    assert found.width_px == 300
