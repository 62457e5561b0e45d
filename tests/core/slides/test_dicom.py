"""Visible-light DICOM images: each frame is a field."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import simplejpeg
from numpy.typing import NDArray
from pydicom import Dataset, dcmread
from pydicom.encaps import encapsulate

from core.errors import UnreadableImageError
from core.slides import open_slide
from tests.core.slides.images import jpeg, picture, write_dicom, write_grey_dicom


def test_a_single_frame_is_the_picture_with_its_scale(tmp_path: Path) -> None:
    slide = open_slide(write_dicom(tmp_path / "a.dcm", [picture()]))
    assert slide.field_names() == ("a.dcm",)
    field = slide.read_field("a.dcm")
    assert np.array_equal(field.image, picture())
    assert field.um_per_pixel == pytest.approx(0.1)


def test_each_frame_of_several_is_a_field(tmp_path: Path) -> None:
    frames = [picture(seed=seed) for seed in range(3)]
    slide = open_slide(write_dicom(tmp_path / "a.dcm", frames))
    assert slide.field_names() == ("a.dcm#frame=1", "a.dcm#frame=2", "a.dcm#frame=3")
    for name, frame in zip(slide.field_names(), frames, strict=True):
        assert np.array_equal(slide.read_field(name).image, frame)


def out_of_focus(image: NDArray[np.uint8], spread_px: float) -> NDArray[np.uint8]:
    return np.asarray(cv2.GaussianBlur(image, (0, 0), spread_px), np.uint8)


@pytest.mark.parametrize("compressed", [False, True])
def test_frames_that_show_one_place_are_one_field_the_sharpest_though_the_file_does_not_say_so(
    tmp_path: Path, compressed: bool
) -> None:
    frames = [out_of_focus(picture(), 4), picture(), out_of_focus(picture(), 3)]
    slide = open_slide(write_dicom(tmp_path / "a.dcm", frames, compressed=compressed))
    assert slide.field_names() == ("a.dcm",)
    assert slide.planes_of("a.dcm") == 3
    only = open_slide(write_dicom(tmp_path / "b.dcm", [picture()], compressed=compressed))
    assert np.array_equal(slide.read_field("a.dcm").image, only.read_field("b.dcm").image)


def plane_positions(places: list[tuple[int, int]]) -> list[Dataset]:
    groups = []
    for place, depth in places:
        position, group = Dataset(), Dataset()
        position.XOffsetInSlideCoordinateSystem = position.YOffsetInSlideCoordinateSystem = place
        position.ZOffsetInSlideCoordinateSystem = depth
        group.PlanePositionSlideSequence = [position]
        groups.append(group)
    return groups


def plane_indices(places: list[tuple[int, int]]) -> list[Dataset]:
    groups = []
    for indices in places:
        content, group = Dataset(), Dataset()
        content.DimensionIndexValues = list(indices)
        group.FrameContentSequence = [content]
        groups.append(group)
    return groups


@pytest.mark.parametrize("declared", ["positions", "indices", "focal planes"])
def test_planes_too_blurred_to_tell_their_place_by_are_put_together_where_the_file_says_so(
    tmp_path: Path, declared: str
) -> None:
    flat = np.full((96, 128, 3), 180, np.uint8)
    path = write_dicom(
        tmp_path / "a.dcm", [picture(), picture(seed=1), flat, out_of_focus(picture(seed=1), 4)]
    )
    places = [(1, 1), (2, 1), (1, 2), (2, 2)]
    dataset = dcmread(path)
    match declared:
        case "positions":
            dataset.PerFrameFunctionalGroupsSequence = plane_positions(places)
        case "indices":
            dataset.PerFrameFunctionalGroupsSequence = plane_indices(places)
            place, depth = Dataset(), Dataset()
            place.DimensionIndexPointer, depth.DimensionIndexPointer = 0x0040072A, 0x0040074A
            dataset.DimensionIndexSequence = [place, depth]
        case _:
            dataset.TotalPixelMatrixFocalPlanes = 2
    dataset.save_as(path)
    slide = open_slide(path)
    assert [(name, slide.planes_of(name)) for name in slide.field_names()] == [
        ("a.dcm#frame=1", 2),
        ("a.dcm#frame=2", 2),
    ]


def test_jpeg_frames_equal_the_decoded_jpegs(tmp_path: Path) -> None:
    frames = [picture(seed=seed) for seed in range(3)]
    slide = open_slide(write_dicom(tmp_path / "a.dcm", frames, compressed=True))
    for name, frame in zip(slide.field_names(), frames, strict=True):
        assert np.array_equal(slide.read_field(name).image, simplejpeg.decode_jpeg(jpeg(frame, "422")))


@pytest.mark.parametrize("colours", ["MONOCHROME2", "MONOCHROME1"])
def test_grey_frames_are_scaled_by_their_stored_bits_and_turned_where_white_is_zero(
    tmp_path: Path, colours: str
) -> None:
    pixels = np.zeros((64, 64), np.uint16)
    pixels[0, 1] = 512
    slide = open_slide(write_grey_dicom(tmp_path / "a.dcm", pixels, 12, colours))
    image = slide.read_field("a.dcm").image
    black, grey = (0, 32) if colours == "MONOCHROME2" else (255, 223)  # 512 / 4095 of 255 is 31.9
    assert image[0, 0].tolist() == [black] * 3
    assert image[0, 1].tolist() == [grey] * 3


@pytest.mark.parametrize("compressed", [False, True])
def test_a_frame_cut_short_is_refused_and_the_whole_ones_are_read(tmp_path: Path, compressed: bool) -> None:
    path = write_dicom(tmp_path / "a.dcm", [picture(seed=seed) for seed in range(2)], compressed=compressed)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 9 // 10])
    slide = open_slide(path)
    assert slide.read_field("a.dcm#frame=1").image.shape == (96, 128, 3)
    with pytest.raises(UnreadableImageError, match=r"a\.dcm is damaged or cut short"):
        slide.read_field("a.dcm#frame=2")


def test_frames_behind_some_damaged_ones_are_still_compared(tmp_path: Path) -> None:
    frames = [picture(seed=1)] * 18 + [out_of_focus(picture(), 3), picture()]
    path = write_dicom(tmp_path / "a.dcm", frames, compressed=True)
    items = [jpeg(frame, "422") for frame in frames]
    items[1:18:2] = [bytes(8)] * 9
    dataset = dcmread(path)
    dataset.PixelData = encapsulate(items)
    dataset.save_as(path)
    assert open_slide(path).planes_of("a.dcm#frame=19") == 2


def test_a_dicom_file_without_a_picture_is_refused(tmp_path: Path) -> None:
    dataset = dcmread(write_dicom(tmp_path / "a.dcm", [picture()]))
    del dataset.Rows, dataset.PixelData
    dataset.save_as(tmp_path / "a.dcm")
    with pytest.raises(UnreadableImageError, match="without a picture"):
        open_slide(tmp_path / "a.dcm")


def test_more_frames_than_the_file_can_hold_are_refused(tmp_path: Path) -> None:
    dataset = dcmread(write_dicom(tmp_path / "a.dcm", [picture()]))
    dataset.NumberOfFrames = 2_000_000_000
    dataset.save_as(tmp_path / "a.dcm")
    with pytest.raises(UnreadableImageError, match="2000000000 frames"):
        open_slide(tmp_path / "a.dcm")


def test_a_jpeg_frame_of_another_size_than_the_file_states_is_refused_undecoded(tmp_path: Path) -> None:
    path = write_dicom(tmp_path / "a.dcm", [picture()], compressed=True)
    content = bytearray(path.read_bytes())
    sides = (
        content.rindex(b"\xff\xc0") + 5
    )  # of the frame header: marker, length, precision, then height, width
    assert content[sides : sides + 4] == bytes([0, 96, 0, 128])
    content[sides : sides + 4] = bytes([117] * 4)
    path.write_bytes(content)
    with pytest.raises(UnreadableImageError, match="a frame of 30069 x 30069 pixels"):
        open_slide(path).read_field("a.dcm")


def test_a_header_value_of_an_unknown_kind_is_a_damaged_file(tmp_path: Path) -> None:
    path = write_dicom(tmp_path / "a.dcm", [picture()])
    content = bytearray(path.read_bytes())
    kind = content.index(b"\x08\x00\x16\x00UI") + 4  # the tag of the SOP class
    content[kind : kind + 2] = b"ZZ"
    path.write_bytes(content)
    with pytest.raises(UnreadableImageError, match=r"a\.dcm is damaged or cut short"):
        open_slide(path)
