"""Scans read through OpenSlide: a TIFF with Aperio's marks, and a DICOM whole slide."""

import os
import pickle
from pathlib import Path

import numpy as np
import pytest
import tifffile
from pydicom.uid import generate_uid

from core.errors import UnreadableImageError
from core.slides import find_slides, open_overview, open_slide
from core.slides.whole_slide import show_one_place
from tests.core.slides.images import picture, write_pyramid, write_whole_slide_instance
from tests.core.slides.test_tiff import fields, stitched

APERIO = "Aperio Image Library v1\n300x200 (64x64)|AppMag = 40|MPP = 0.5"


@pytest.mark.parametrize("name", ["a.svs", "a.tif"])
def test_an_aperio_scan_is_its_full_resolution_in_regions(tmp_path: Path, name: str) -> None:
    path = write_pyramid(tmp_path / name, picture(200, 300), APERIO)
    parts = fields(path, region_px=100, overlap_px=30)
    assert np.array_equal(stitched(parts, 200, 300), picture(200, 300))
    assert {part.um_per_pixel for part in parts} == {0.5}  # as the scanner says, not as the TIFF does


def test_a_dicom_whole_slide_is_one_slide_of_its_full_resolution(dicom_scan: Path) -> None:
    (found,) = find_slides([dicom_scan]).slides
    assert (found.name, found.path) == ("scan", dicom_scan)
    parts = fields(found.path, region_px=100, overlap_px=30)
    assert np.array_equal(stitched(parts, 200, 300), picture(200, 300))
    assert {part.um_per_pixel for part in parts} == {0.25}


def test_two_dicom_series_in_a_folder_are_two_slides(dicom_scan: Path) -> None:
    other = picture(150, 150, seed=5)
    write_whole_slide_instance(dicom_scan / "9.dcm", other, generate_uid(), um_per_pixel=0.25, level=0)
    found = find_slides([dicom_scan]).slides
    assert [slide.name for slide in found] == ["1", "9"]
    assert np.array_equal(stitched(fields(found[1].path, region_px=100, overlap_px=30), 150, 150), other)


def test_a_scan_holds_no_open_handle_when_it_is_sent_to_a_worker(dicom_scan: Path) -> None:
    slide = open_slide(dicom_scan, region_px=100, overlap_px=30)
    name = slide.field_names()[0]
    before = slide.read_field(name)
    copy = pickle.loads(pickle.dumps(slide))  # noqa: S301 - the bytes are our own
    assert np.array_equal(copy.read_field(name).image, before.image)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_worker_reads_with_a_handle_of_its_own(dicom_scan: Path) -> None:
    slide = open_slide(dicom_scan, region_px=100, overlap_px=30)
    expected = [slide.read_field(name).image for name in slide.field_names()]
    child = os.fork()
    if child == 0:
        same = all(
            np.array_equal(slide.read_field(name).image, image)
            for name, image in zip(slide.field_names(), expected, strict=True)
        )
        os._exit(0 if same else 1)
    for name, image in zip(slide.field_names(), expected, strict=True):
        assert np.array_equal(slide.read_field(name).image, image)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_dicom_whole_slide_whose_files_begin_as_tiffs_do_is_read_as_one(dicom_scan: Path) -> None:
    for path in dicom_scan.iterdir():
        path.write_bytes(b"II*\0" + path.read_bytes()[4:])
    (found,) = find_slides([dicom_scan]).slides
    parts = fields(found.path, region_px=100, overlap_px=30)
    assert np.array_equal(stitched(parts, 200, 300), picture(200, 300))


def test_a_region_of_a_dicom_whole_slide_comes_from_all_files_of_its_series(dicom_scan: Path) -> None:
    write_whole_slide_instance(
        dicom_scan / "9.dcm", picture(150, 150), generate_uid(), um_per_pixel=0.25, level=0
    )
    slide = open_slide(dicom_scan / "1.dcm")
    assert [file.name for file in slide.files_of(slide.field_names()[0])] == ["1.dcm", "2.dcm"]


def test_a_scan_cut_short_is_refused(tmp_path: Path) -> None:
    path = write_pyramid(tmp_path / "a.svs", picture(200, 300), APERIO)
    path.write_bytes(path.read_bytes()[:40_000])
    with pytest.raises(UnreadableImageError, match=r"a\.svs"):
        open_slide(path)


def test_a_plain_tiff_named_svs_is_refused_with_the_remedy(tmp_path: Path) -> None:
    path = tmp_path / "a.svs"
    tifffile.imwrite(path, picture(), photometric="rgb")
    with pytest.raises(
        UnreadableImageError, match="no whole-slide scan that OpenSlide knows: save it as a tiled"
    ):
        open_slide(path)


@pytest.mark.parametrize(("compression", "has_one"), [("zlib", True), ("jpeg2000", False)])
def test_a_pyramid_in_an_encoding_that_openslide_does_not_know_has_no_overview(
    tmp_path: Path, compression: str, has_one: bool
) -> None:
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as writer:
        for level, step in enumerate((1, 2)):
            writer.write(
                picture(200, 300)[::step, ::step],
                tile=(64, 64),
                photometric="rgb",
                compression=compression,
                subfiletype=level,
                metadata=None,
            )
    assert (open_overview(path) is not None) == has_one
    assert np.array_equal(stitched(fields(path, region_px=100, overlap_px=30), 200, 300), picture(200, 300))


def test_a_scan_that_was_looked_at_in_vain_can_still_be_opened(dicom_scan: Path) -> None:
    path = dicom_scan / "2.dcm"
    path.write_bytes(path.read_bytes()[:100_000])
    assert show_one_place(path, path, 1.0) is None
    assert open_slide(path).field_names()
