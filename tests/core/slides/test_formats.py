"""Which files are images, what is refused before it is decoded, and how a decoder's failure is told."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import EmptySlideError, UnreadableImageError
from core.slides import MINIMUM_SIDE_PX, PIXEL_LIMIT, natural_key
from core.slides.formats import (
    Format,
    check_size,
    decoding,
    format_of,
    is_image,
    is_image_file,
    is_image_name,
)

DICOM_HEAD = bytes(128) + b"DICM"


def file(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("name", "claims"),
    [
        ("a.jpg", True),
        ("a.TIFF", True),
        ("a.svs", True),
        ("a.heic", True),  # not decoded here, and therefore to be named
        ("a.txt", False),
        ("IM000001", False),
        (".a.jpg", False),  # hidden
    ],
)
def test_a_name_claims_to_be_an_image_by_its_ending(name: str, claims: bool) -> None:
    assert is_image_name(Path("somewhere") / name) is claims


def test_dicom_is_an_image_whatever_its_name_and_no_folder_is_one(tmp_path: Path) -> None:
    assert is_image_file(file(tmp_path / "IM000001", DICOM_HEAD))
    assert not is_image_file(file(tmp_path / ".IM000001", DICOM_HEAD))
    assert not is_image_file(file(tmp_path / "notes", b"DICM"))  # its mark stands after 128 bytes
    assert not is_image_file(tmp_path)
    assert not is_image_file(tmp_path / "gone")


@pytest.mark.parametrize(
    ("head", "format_"),
    [
        (b"\xff\xd8\xff\xe0", Format.JPEG),
        (b"\x89PNG\r\n\x1a\n", Format.PNG),
        (b"BM" + bytes(12) + b"\x28\0\0\0", Format.BMP),
        (b"II*\0", Format.TIFF),
        (b"MM\0*", Format.TIFF),
        (b"II+\0", Format.TIFF),  # of more than 4 GB
        (b"MM\0+", Format.TIFF),
        (b"ZISRAWFILE", Format.CZI),
        (DICOM_HEAD, Format.DICOM),
        (b"II*\0" + DICOM_HEAD[4:], Format.DICOM),  # a DICOM file may begin so, and holds more than a TIFF
    ],
)
def test_the_first_bytes_say_how_a_file_is_encoded(tmp_path: Path, head: bytes, format_: Format) -> None:
    assert format_of(file(tmp_path / "a.gif", head)) is format_


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "a.jpg is empty (0 bytes)"),
        (b"BM is no picture", "a.jpg holds no JPEG, PNG, TIFF, BMP, DICOM or CZI image"),
        (b"GIF89a", "a.jpg is of a kind of picture that is not decoded here: save it as PNG, TIFF or JPEG"),
    ],
)
def test_a_file_of_no_known_encoding_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(UnreadableImageError) as refused:
        format_of(file(tmp_path / "a.jpg", content))
    assert said in str(refused.value)


HEIC, CR3 = b"\0\0\0\x18ftypheic", b"\0\0\0\x18ftypcrx "
JPEG, TIFF = b"\xff\xd8\xff\xe0", b"II*\0\x08\0\0\0"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.CR3", CR3, "a camera's RAW file"),
        ("a.dat", CR3, "a camera's RAW file"),
        ("a.ORF", HEIC, "a camera's RAW file"),
        ("a.NEF", TIFF, "a camera's RAW file"),
        ("a.tif", TIFF + b"CR\2\0", "a camera's RAW file"),
        ("a", b"FUJIFILMCCD-RAW 0201", "a camera's RAW file"),
        ("a.zvi", b"\xd0\xcf\x11\xe0", "a microscope program's own kind"),
        ("a.nd2", JPEG, "a microscope program's own kind"),
        ("a", b"\xda\xce\xbe\x0a", "a microscope program's own kind"),
        (
            "a.vsi",
            TIFF,
            "a microscope program's own kind",
        ),  # its small overview could be read, and is no field
        ("a.HIF", HEIC, "a kind of picture that is not decoded here"),
        ("a.bin", b"RIFF\0\0\0\0WEBPVP8 ", "a kind of picture that is not decoded here"),
        ("a.webp", b"", "empty"),
    ],
)
def test_a_picture_of_another_kind_is_named_with_what_to_do(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    path = file(tmp_path / name, content)
    assert is_image_file(path)
    with pytest.raises(UnreadableImageError, match=said):
        format_of(path)


def test_a_picture_is_known_by_its_content_where_its_name_says_nothing_or_another_kind(
    tmp_path: Path,
) -> None:
    assert is_image_file(file(tmp_path / "IMG_1", JPEG))
    assert is_image_file(file(tmp_path / "a.jpg.bak", JPEG))
    assert format_of(file(tmp_path / "a.heic", JPEG)) is Format.JPEG
    assert format_of(file(tmp_path / "a.mpo", JPEG)) is Format.JPEG


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("notes.txt", b"BM of the patient and other notes, with nothing else in them"),
        ("Thumbs.db", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
        ("a.thm", JPEG),  # a camera's thumbnail beside its film or RAW file
        ("a.xmp", b"<x:xmpmeta>"),
        ("report.pdf", b"%PDF-1.7"),
        ("film.mp4", b"\0\0\0\x18ftypisom"),
        ("Data0001.dat", bytes(200)),
    ],
)
def test_what_is_no_picture_by_name_and_content_is_passed_over(
    tmp_path: Path, name: str, content: bytes
) -> None:
    assert not is_image_file(file(tmp_path / name, content))


def test_a_picture_is_taken_from_32_pixels_a_side_up_to_100_million_in_all() -> None:
    assert (MINIMUM_SIDE_PX, PIXEL_LIMIT) == (32, 100_000_000)
    for sides in ((32, 32), (10_000, 10_000), (32, 3_125_000)):
        check_size(Path("a.png"), *sides)
    with pytest.raises(UnreadableImageError, match="31 x 5000 pixels: an image needs at least 32 x 32"):
        check_size(Path("a.png"), 31, 5000)
    with pytest.raises(UnreadableImageError, match="10000 x 10001 pixels, more than the 100 million"):
        check_size(Path("a.png"), 10_000, 10_001)


@pytest.mark.parametrize(
    ("raised", "said"),
    [
        (FileNotFoundError(2, "No such file"), "a.png does not exist"),
        (PermissionError(13, "denied"), "a.png cannot be read (Permission denied): correct that"),
        (OSError("broken\n data stream"), "damaged or cut short (broken data stream)"),
        (KeyError(), "damaged or cut short (KeyError)"),
        (MemoryError(), "a.png takes more memory than is there: save it smaller"),
        (ValueError("x" * 999), f"({'x' * 200})"),
    ],
)
def test_whatever_a_decoder_raises_is_told_of_its_file_in_one_line(raised: Exception, said: str) -> None:
    with pytest.raises(UnreadableImageError) as told, decoding(Path("a.png")):
        raise raised
    assert said in str(told.value)
    assert "\n" not in str(told.value)
    assert told.value.__cause__ is raised


def test_what_is_named_already_is_left_as_it_is() -> None:
    named = EmptySlideError("holds no image")
    with pytest.raises(EmptySlideError) as told, decoding(Path("a.png")):
        raise named
    assert told.value is named


def test_a_picture_whose_samples_no_camera_has_is_refused_before_it_takes_all_memory() -> None:
    check_size(Path("a.tif"), 10_000, 10_000, bytes_per_pixel=16)
    with pytest.raises(UnreadableImageError, match="81000000 pixels of 60000 bytes each would take 4860"):
        check_size(Path("a.tif"), 9000, 9000, bytes_per_pixel=60_000)


def test_a_file_that_cannot_be_looked_at_is_an_image_only_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "is_file", refuse)
    assert is_image_file(file(tmp_path / "a.jpg", JPEG))
    assert not is_image_file(file(tmp_path / "notes.txt", b"of the patient"))


def test_of_a_file_elsewhere_the_first_bytes_are_read_only_where_its_name_does_not_tell() -> None:
    def refuse() -> bytes:
        raise AssertionError

    assert is_image(Path("a.jpg"), refuse)
    assert not is_image(Path(".a.jpg"), refuse)
    assert is_image(Path("IM000001"), lambda: DICOM_HEAD)
    assert not is_image(Path("notes"), lambda: b"of the patient")


def test_numbers_are_ordered_by_value() -> None:
    names = ["b1", "a10b10", "a10", "", "A2", "a1", "a10b2"]
    assert sorted(names, key=natural_key) == ["", "a1", "A2", "a10", "a10b2", "a10b10", "b1"]


@given(st.lists(st.text(max_size=8), unique=True))
def test_the_natural_order_does_not_depend_on_the_order_given(texts: list[str]) -> None:
    backwards = texts[::-1]
    assert sorted(texts, key=natural_key) == sorted(backwards, key=natural_key)
