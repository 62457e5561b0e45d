"""Frames of DICOM files in the encodings that microscopes and archives write."""

import time
from pathlib import Path
from unittest.mock import Mock

import imagecodecs
import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.encaps import encapsulate, encapsulate_extended
from pydicom.uid import (
    HTJ2K,
    JPEG2000,
    MPEG2MPML,
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    HTJ2KLossless,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from core.errors import UnreadableImageError
from core.slides import dicom_frames, open_slide
from core.slides.dicom_frames import frame_image, header_of
from tests.core.slides.images import jpeg, picture, write_dicom

IMAGE = picture()
GREY = IMAGE[..., 1].copy()


def written(path: Path) -> Dataset:
    return dcmread(write_dicom(path, [IMAGE]))


def encapsulated(path: Path, encoding: UID, data: bytes, colours: str = "RGB") -> Path:
    dataset = written(path)
    dataset.file_meta.TransferSyntaxUID = encoding
    dataset.PhotometricInterpretation = colours
    if colours == "MONOCHROME2":
        dataset.SamplesPerPixel = 1
        del dataset.PlanarConfiguration
    dataset.PixelData = encapsulate([data])
    dataset["PixelData"].VR = "OB"
    dataset.save_as(path, enforce_file_format=True)
    return path


@pytest.mark.parametrize(
    ("encoding", "data", "colours"),
    [
        (JPEGLSLossless, imagecodecs.jpegls_encode(IMAGE), "RGB"),
        (JPEG2000Lossless, imagecodecs.jpeg2k_encode(IMAGE, codecformat="j2k", reversible=True), "YBR_RCT"),
        (JPEG2000, imagecodecs.jpeg2k_encode(IMAGE, codecformat="j2k", reversible=True), "RGB"),
        (HTJ2KLossless, imagecodecs.htj2k_encode(IMAGE), "YBR_RCT"),
        (HTJ2K, imagecodecs.htj2k_encode(IMAGE), "RGB"),
    ],
    ids=["JPEG-LS", "JPEG 2000", "JPEG 2000 without transformation", "HTJ2K", "HTJ2K lossy"],
)
def test_a_losslessly_encoded_frame_is_the_picture(
    tmp_path: Path, encoding: UID, data: bytes, colours: str
) -> None:
    assert np.array_equal(frame_image(encapsulated(tmp_path / "a.dcm", encoding, data, colours), 0), IMAGE)


@pytest.mark.parametrize(
    ("encoding", "data"),
    [(JPEGLSLossless, imagecodecs.jpegls_encode(GREY)), (JPEGLosslessSV1, imagecodecs.ljpeg_encode(GREY))],
    ids=["JPEG-LS", "lossless JPEG"],
)
def test_a_grey_frame_is_grey(tmp_path: Path, encoding: UID, data: bytes) -> None:
    image = frame_image(encapsulated(tmp_path / "a.dcm", encoding, data, "MONOCHROME2"), 0)
    assert np.array_equal(image, np.repeat(GREY[..., np.newaxis], 3, axis=2))


def test_a_jpeg_frame_that_says_it_is_rgb_is_decoded(tmp_path: Path) -> None:
    image = frame_image(encapsulated(tmp_path / "a.dcm", JPEGBaseline8Bit, jpeg(IMAGE)), 0)
    assert image.shape == IMAGE.shape


@pytest.mark.parametrize("encoding", [DeflatedExplicitVRLittleEndian, RLELossless])
def test_a_deflated_and_a_run_length_encoded_file_are_read(tmp_path: Path, encoding: UID) -> None:
    dataset = written(tmp_path / "a.dcm")
    if encoding == RLELossless:
        dataset.compress(encoding)
    else:
        dataset.file_meta.TransferSyntaxUID = encoding
    dataset.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    assert np.array_equal(frame_image(tmp_path / "a.dcm", 0), IMAGE)


@pytest.mark.parametrize("kind", ["OB", "OW"])
def test_a_big_endian_file_is_read(tmp_path: Path, kind: str) -> None:
    dataset = Dataset()  # one that was read cannot be turned round
    dataset.update(written(tmp_path / "a.dcm"))
    dataset.file_meta = written(tmp_path / "a.dcm").file_meta
    if kind == "OW":
        dataset.PixelData = np.frombuffer(dataset.PixelData, "<u2").byteswap().tobytes()
    dataset["PixelData"].VR = kind
    dataset.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    dataset.save_as(tmp_path / "a.dcm", enforce_file_format=True, implicit_vr=False, little_endian=False)
    assert np.array_equal(frame_image(tmp_path / "a.dcm", 0), IMAGE)


@pytest.mark.parametrize("encoding", [JPEGLSLossless, JPEG2000Lossless])
def test_an_encoded_frame_cut_short_is_damaged(tmp_path: Path, encoding: UID) -> None:
    encode = imagecodecs.jpegls_encode if encoding == JPEGLSLossless else imagecodecs.jpeg2k_encode
    data = encode(IMAGE)
    path = encapsulated(tmp_path / "a.dcm", encoding, bytes(data[: len(data) * 2 // 3]))
    begun = time.process_time()
    with pytest.raises(UnreadableImageError, match=r"a\.dcm is damaged or cut short"):
        frame_image(path, 0)
    assert time.process_time() - begun < 1  # a decoder of JPEG-LS looks for the end for seconds


def test_a_film_is_not_called_damaged_but_said_to_be_not_decoded_here(tmp_path: Path) -> None:
    path = encapsulated(tmp_path / "a.dcm", MPEG2MPML, bytes(100))
    with pytest.raises(UnreadableImageError, match=r"not decoded here .*MPEG2.*: save it uncompressed"):
        frame_image(path, 0)


def test_a_deflated_file_that_would_fill_all_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.slides.dicom_frames._MOST_INFLATED_BYTES", 1 << 20)
    path = tmp_path / "a.dcm"
    dataset = dcmread(write_dicom(path, [np.zeros((1000, 1000, 3), np.uint8)]))
    dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    dataset.save_as(path, enforce_file_format=True)
    assert path.stat().st_size < 10_000
    with pytest.raises(UnreadableImageError, match="inflates to more than 1 MiB: save it without deflation"):
        header_of(path)


def test_a_dicom_file_that_begins_as_a_tiff_is_read_with_all_its_frames(tmp_path: Path) -> None:
    frames = [picture(seed=seed) for seed in range(3)]
    path = write_dicom(tmp_path / "a.tif", frames)
    path.write_bytes(b"II*\0" + path.read_bytes()[4:])
    slide = open_slide(path)
    assert slide.field_names() == ("a.tif#frame=1", "a.tif#frame=2", "a.tif#frame=3")
    for name, frame in zip(slide.field_names(), frames, strict=True):
        assert np.array_equal(slide.read_field(name).image, frame)


@pytest.mark.parametrize(
    ("table", "items"), [("none", 1), ("none", 3), ("basic", 1), ("basic", 3), ("extended", 1)]
)
def test_each_frame_is_found_by_whatever_table_there_is(tmp_path: Path, table: str, items: int) -> None:
    pictures = [picture(seed=seed) for seed in range(3)]
    encoded = [bytes(imagecodecs.jpegls_encode(image)) for image in pictures]
    path = tmp_path / "a.dcm"
    dataset = dcmread(write_dicom(path, pictures))
    dataset.file_meta.TransferSyntaxUID = JPEGLSLossless
    if table == "extended":
        dataset.PixelData, offsets, lengths = encapsulate_extended(encoded)
        dataset.ExtendedOffsetTable, dataset.ExtendedOffsetTableLengths = offsets, lengths
    else:
        dataset.PixelData = encapsulate(encoded, fragments_per_frame=items, has_bot=table == "basic")
    dataset["PixelData"].VR = "OB"
    dataset.save_as(path, enforce_file_format=True)
    for index in (2, 0, 1):
        assert np.array_equal(frame_image(path, index), pictures[index])


def test_the_header_of_a_file_is_read_once_for_all_its_frames_and_again_when_it_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Mock(wraps=dcmread)
    monkeypatch.setattr(dicom_frames, "dcmread", read)
    path = write_dicom(tmp_path / "a.dcm", [picture(seed=seed) for seed in range(3)], compressed=True)
    for index in range(3):
        frame_image(path, index)
    assert read.call_count == 1
    write_dicom(path, [IMAGE])
    assert np.array_equal(frame_image(path, 0), IMAGE)


def test_a_plain_frame_cut_short_is_damaged_and_those_before_it_are_read(tmp_path: Path) -> None:
    path = write_dicom(tmp_path / "a.dcm", [IMAGE, IMAGE])
    path.write_bytes(path.read_bytes()[:-100])
    assert np.array_equal(frame_image(path, 0), IMAGE)
    with pytest.raises(UnreadableImageError, match=r"of 36864 bytes of a frame"):
        frame_image(path, 1)


def test_colours_that_lie_plane_by_plane_are_put_together(tmp_path: Path) -> None:
    dataset = written(tmp_path / "a.dcm")
    dataset.PlanarConfiguration, dataset.PixelData = 1, np.moveaxis(IMAGE, -1, 0).tobytes()
    dataset.save_as(tmp_path / "a.dcm")
    assert np.array_equal(frame_image(tmp_path / "a.dcm", 0), IMAGE)
