"""Which files are images, what is refused before it is decoded, and how a decoder's failure is told."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import EmptySlideError, UnreadableImageError
from core.slides import MINIMUM_SIDE_PX, PIXEL_LIMIT, natural_key
from core.slides.formats import Format, check_size, decoding, format_of, is_image_file, is_image_name

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
        (b"BM", Format.BMP),
        (b"II*\0", Format.TIFF),
        (b"MM\0*", Format.TIFF),
        (b"II+\0", Format.TIFF),  # of more than 4 GB
        (b"MM\0+", Format.TIFF),
        (DICOM_HEAD, Format.DICOM),
        (b"II*\0" + DICOM_HEAD[4:], Format.TIFF),
    ],
)
def test_the_first_bytes_say_how_a_file_is_encoded(tmp_path: Path, head: bytes, format_: Format) -> None:
    assert format_of(file(tmp_path / "a.gif", head)) is format_


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "a.jpg is empty (0 bytes)"), (b"GIF89a", "a.jpg holds no JPEG, PNG, TIFF, BMP or DICOM image")],
)
def test_a_file_of_no_known_encoding_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(UnreadableImageError) as refused:
        format_of(file(tmp_path / "a.jpg", content))
    assert said in str(refused.value)


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
        (OSError("broken\n data stream"), "damaged or of a kind not decoded here (broken data stream)"),
        (KeyError(), "damaged or of a kind not decoded here (KeyError)"),
        (ValueError("x" * 999), f"({'x' * 200})"),
    ],
)
def test_whatever_a_decoder_raises_is_told_of_its_file_in_one_line(raised: Exception, said: str) -> None:
    with pytest.raises(UnreadableImageError) as told, decoding(Path("a.png")):
        raise raised
    assert said in str(told.value)
    assert "\n" not in str(told.value)
    assert told.value.__cause__ is raised


@pytest.mark.parametrize("raised", [EmptySlideError("holds no image"), MemoryError()])
def test_what_is_named_already_and_a_lack_of_memory_are_left_as_they_are(raised: Exception) -> None:
    with pytest.raises(type(raised)) as told, decoding(Path("a.png")):
        raise raised
    assert told.value is raised


def test_numbers_are_ordered_by_value() -> None:
    names = ["b1", "a10b10", "a10", "", "A2", "a1", "a10b2"]
    assert sorted(names, key=natural_key) == ["", "a1", "A2", "a10", "a10b2", "a10b10", "b1"]


@given(st.lists(st.text(max_size=8), unique=True))
def test_the_natural_order_does_not_depend_on_the_order_given(texts: list[str]) -> None:
    backwards = texts[::-1]
    assert sorted(texts, key=natural_key) == sorted(backwards, key=natural_key)
