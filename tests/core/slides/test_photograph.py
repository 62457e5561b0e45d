"""JPEG, PNG and BMP fields: each kind of picture read right, each damaged one refused by name."""

import io
import re
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image as Pillow

from core.errors import UnreadableImageError
from core.slides import Field, Rectangle, content_hash, open_slide
from tests.core.slides.images import jpeg, picture, write_jpeg, write_png


def read(path: Path) -> Field:
    slide = open_slide(path)
    (name,) = slide.field_names()
    return slide.read_field(name)


def refusal(path: Path) -> str:
    with pytest.raises(UnreadableImageError) as caught:
        read(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def save(path: Path, image: Pillow.Image, **options: Any) -> Path:  # noqa: ANN401 - handed on to Pillow
    image.save(path, **options)
    return path


def test_a_png_field_is_the_picture_itself(tmp_path: Path) -> None:
    image = picture()
    field = read(write_png(tmp_path / "a.png", image))
    assert np.array_equal(field.image, image)
    assert field.image.dtype == np.uint8
    assert (field.name, field.um_per_pixel, field.left_px, field.top_px) == ("a.png", None, 0, 0)
    assert field.owned == Rectangle(0, 0, 128, 96)


def test_a_jpeg_field_equals_what_opencv_decodes(tmp_path: Path) -> None:
    data = jpeg(picture())
    (tmp_path / "a.jpg").write_bytes(data)
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    expected = decoded[..., ::-1]
    assert np.abs(read(tmp_path / "a.jpg").image.astype(int) - expected).max() <= 2


def test_a_field_is_decoded_by_its_content_not_its_name(tmp_path: Path) -> None:
    path = write_png(tmp_path / "a.png", picture())
    assert np.array_equal(read(path.rename(tmp_path / "a.jpg")).image, picture())


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB"])
@pytest.mark.parametrize("ending", ["png", "bmp"])
def test_bilevel_grey_palette_and_colour_pictures_equal_pillows(
    tmp_path: Path, mode: str, ending: str
) -> None:
    image = Pillow.fromarray(picture()).convert(mode)
    path = save(tmp_path / f"a.{ending}", image)
    assert np.array_equal(read(path).image, np.asarray(image.convert("RGB")))


def test_a_16_bit_png_of_12_bits_is_not_black(tmp_path: Path) -> None:
    image = picture()
    path = write_png(tmp_path / "a.png", (image.astype(np.uint32) * 4095 // 255).astype(np.uint16))
    assert np.abs(read(path).image.astype(int) - image).max() <= 1


def test_a_transparent_png_is_laid_on_white(tmp_path: Path) -> None:
    opacity = np.zeros((96, 128, 1), np.uint8)
    opacity[:, 64:] = 255
    image = read(write_png(tmp_path / "a.png", np.concatenate([picture(), opacity], axis=2))).image
    assert (image[:, :64] == 255).all()
    assert np.array_equal(image[:, 64:], picture()[:, 64:])


def test_a_palette_png_with_a_transparent_colour_is_laid_on_white(tmp_path: Path) -> None:
    image = Pillow.new("P", (40, 40), 1)
    image.putpalette([10, 20, 30, 200, 100, 50])
    image.paste(0, (0, 0, 40, 20))
    pixels = read(save(tmp_path / "a.png", image, transparency=0)).image
    assert pixels[0, 0].tolist() == [255, 255, 255]
    assert pixels[39, 0].tolist() == [200, 100, 50]


def test_a_grey_jpeg_is_grey(tmp_path: Path) -> None:
    image = read(save(tmp_path / "a.jpg", Pillow.fromarray(picture()).convert("L"), quality=95)).image
    assert image.shape == (96, 128, 3)
    assert (image == image[..., :1]).all()
    assert image.std() > 10


def test_a_cmyk_jpeg_shows_its_colours_with_and_without_adobes_inversion(tmp_path: Path) -> None:
    ink = Pillow.new("CMYK", (64, 64), (55, 135, 195, 0))
    inverted = io.BytesIO()
    ink.save(inverted, "JPEG", quality=100)  # Pillow writes Adobe's marker and inverts
    (tmp_path / "inverted.jpg").write_bytes(inverted.getvalue())
    upright = io.BytesIO()
    Pillow.eval(ink, lambda value: 255 - value).save(upright, "JPEG", quality=100)
    marker = upright.getvalue().index(b"\xff\xee")
    (tmp_path / "upright.jpg").write_bytes(upright.getvalue()[:marker] + upright.getvalue()[marker + 16 :])
    for name in ("inverted.jpg", "upright.jpg"):
        assert np.abs(read(tmp_path / name).image.astype(int) - (200, 120, 60)).max() <= 3


def test_pixels_are_taken_as_stored_whatever_the_exif_orientation(tmp_path: Path) -> None:
    exif = Pillow.Exif()
    exif[0x0112] = 6
    image = Pillow.fromarray(picture())
    turned = save(tmp_path / "turned.jpg", image, exif=exif, quality=95)
    plain = save(tmp_path / "plain.jpg", image, quality=95)
    assert np.array_equal(read(turned).image, read(plain).image)


def test_the_dots_per_inch_of_a_photograph_are_no_scale(tmp_path: Path) -> None:
    path = save(tmp_path / "a.jpg", Pillow.fromarray(picture()), dpi=(101_600, 101_600))
    assert read(path).um_per_pixel is None


def test_a_picture_saved_under_other_names_and_formats_has_one_hash(tmp_path: Path) -> None:
    image = Pillow.fromarray(picture())
    paths = [save(tmp_path / name, image) for name in ("a.png", "b.png", "c.bmp", "d.tif")]
    assert len({content_hash(read(path).image) for path in paths}) == 1


@pytest.mark.parametrize("share", [0.3, 0.7, 0.999])
@pytest.mark.parametrize("ending", ["jpg", "png", "bmp", "tif"])
def test_a_picture_cut_short_is_refused(tmp_path: Path, ending: str, share: float) -> None:
    path = save(tmp_path / f"cut.{ending}", Pillow.fromarray(picture(200, 200)))
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    assert refusal(path).startswith(str(path))
    assert "copy" in refusal(path)


def test_a_progressive_jpeg_cut_short_is_refused(tmp_path: Path) -> None:
    path = save(tmp_path / "cut.jpg", Pillow.fromarray(picture(200, 200)), progressive=True)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    assert "cut short" in refusal(path)


@pytest.mark.parametrize("many", [16, 5000])
@pytest.mark.parametrize("padding", [b"\0", b"\xff"])
def test_a_jpeg_with_padding_before_its_end_is_whole(tmp_path: Path, padding: bytes, many: int) -> None:
    data = jpeg(picture())
    (tmp_path / "a.jpg").write_bytes(data[:-2] + many * padding + data[-2:])
    assert np.array_equal(
        read(tmp_path / "a.jpg").image, read(write_jpeg(tmp_path / "b.jpg", picture())).image
    )


def test_a_jpeg_with_a_few_bytes_between_its_parts_is_whole(tmp_path: Path) -> None:
    data, stray = jpeg(picture()), bytes(range(1, 31))
    scan = data.rindex(b"\xff\xda")
    for name, content in {
        "before the scan.jpg": data[:scan] + stray + data[scan:],
        "before the end.jpg": data[:-2] + stray + data[-2:],
        "behind the end.jpg": data + stray,
    }.items():
        (tmp_path / name).write_bytes(content)
        whole = read(write_jpeg(tmp_path / "whole.jpg", picture())).image
        assert np.array_equal(read(tmp_path / name).image, whole), name


def test_a_jpeg_cut_short_is_refused_whatever_was_put_behind_it_or_between_its_parts(tmp_path: Path) -> None:
    data, stray = jpeg(picture()), bytes(range(1, 31))
    scan = data.rindex(b"\xff\xda")
    cut = data[: len(data) * 2 // 3]
    for name, content in {
        "an end.jpg": cut + b"\xff\xd9",
        "padding and an end.jpg": cut + bytes(100) + b"\xff\xd9",
        "stray bytes.jpg": cut[:scan] + stray + cut[scan:],
        "stray bytes and an end.jpg": cut[:scan] + stray + cut[scan:] + b"\xff\xd9",
    }.items():
        (tmp_path / name).write_bytes(content)
        assert "damaged or cut short" in refusal(tmp_path / name), name


def test_a_jpeg_with_restarts_of_which_a_part_is_damaged_is_refused(tmp_path: Path) -> None:
    options = [cv2.IMWRITE_JPEG_QUALITY, 90, cv2.IMWRITE_JPEG_RST_INTERVAL, 2]
    data = cv2.imencode(".jpg", picture(240, 320), options)[1].tobytes()
    (tmp_path / "whole.jpg").write_bytes(data)
    read(tmp_path / "whole.jpg")
    restarts = [match.start() for match in re.finditer(rb"\xff[\xd0-\xd7]", data)]
    assert len(restarts) > 100
    for number, at in enumerate(restarts[5:60:5]):
        path = tmp_path / f"{number}.jpg"
        path.write_bytes(data[:at] + b"\x12\x34\x56" + data[at:])
        assert "damaged or cut short" in refusal(path)


def test_stray_bytes_before_the_scan_are_found_behind_a_thumbnail(tmp_path: Path) -> None:
    thumbnail, data = jpeg(picture(40, 40, seed=1)), jpeg(picture())
    notes = b"\xff\xe1" + (len(thumbnail) + 2).to_bytes(2, "big") + thumbnail
    scan = data.rindex(b"\xff\xda")
    path = tmp_path / "a.jpg"
    path.write_bytes(data[:2] + notes + data[2:scan] + bytes(range(1, 31)) + data[scan:])
    assert np.array_equal(read(path).image, read(write_jpeg(tmp_path / "b.jpg", picture())).image)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.touch()
    assert "is empty (0 bytes)" in refusal(path)


def test_a_text_file_named_jpg_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_text("no picture at all")
    assert "holds no JPEG, PNG, TIFF, BMP, DICOM or CZI image" in refusal(path)


@pytest.mark.parametrize("ending", ["jpg", "png", "bmp", "tif"])
def test_a_picture_of_one_pixel_is_refused(tmp_path: Path, ending: str) -> None:
    path = save(tmp_path / f"a.{ending}", Pillow.new("RGB", (1, 1)))
    assert "has 1 x 1 pixels: an image needs at least 32 x 32" in refusal(path)


@pytest.mark.parametrize("ending", ["jpg", "png", "bmp"])
def test_a_picture_over_the_pixel_limit_is_refused_before_it_is_decoded(tmp_path: Path, ending: str) -> None:
    path = save(tmp_path / f"a.{ending}", Pillow.fromarray(picture()))
    data = bytearray(path.read_bytes())
    match ending:  # the header claims 20000 x 20000; decoding the pixels behind it would fail otherwise
        case "jpg":
            at = data.index(b"\xff\xc0") + 5
            data[at : at + 4] = (20000).to_bytes(2, "big") * 2
        case "png":
            data[16:24] = (20000).to_bytes(4, "big") * 2
        case "bmp":
            data[18:26] = (20000).to_bytes(4, "little") * 2
    path.write_bytes(data)
    message = refusal(path)
    assert "20000 x 20000 pixels, more than the 100 million" in message
    assert "save it as a tiled or pyramidal TIFF" in message


@pytest.mark.parametrize("name", ["two words.png", "Zoë Müller.png", "новый.png", "-x.png"])
def test_names_with_spaces_and_accents_are_read(tmp_path: Path, name: str) -> None:
    assert read(write_png(tmp_path / name, picture())).name == name


def test_a_newline_in_a_name_leaves_the_message_on_one_line(tmp_path: Path) -> None:
    path = tmp_path / "two\nlines.jpg"
    path.write_bytes(jpeg(picture())[:500])
    assert "two\\nlines.jpg" in refusal(path)


def test_a_file_that_has_gone_since_is_named(tmp_path: Path) -> None:
    path = write_jpeg(tmp_path / "a.jpg", picture())
    slide = open_slide(path)
    path.unlink()
    with pytest.raises(UnreadableImageError, match=r"a\.jpg does not exist"):
        slide.read_field("a.jpg")
