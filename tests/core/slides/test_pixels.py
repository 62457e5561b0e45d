"""Every kind of sample becomes 8-bit RGB; a picture is known again by its pixels."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from core.slides.pixels import bits_in_use, cmyk_to_rgb, content_hash, encoded, to_rgb


def test_grey_is_repeated_in_three_channels() -> None:
    assert to_rgb(np.array([[0, 7], [200, 255]], np.uint8)).tolist() == [
        [[0, 0, 0], [7, 7, 7]],
        [[200, 200, 200], [255, 255, 255]],
    ]


def test_one_bit_pixels_are_black_and_white() -> None:
    assert to_rgb(np.array([[False, True]])).tolist() == [[[0, 0, 0], [255, 255, 255]]]
    assert to_rgb(np.array([[0, 1]], np.uint8), bits=1).tolist() == [[[0, 0, 0], [255, 255, 255]]]


@pytest.mark.parametrize(
    ("maximum", "bits"),
    [
        (0, 8),
        (255, 8),
        (256, 10),
        (1023, 10),
        (1024, 12),
        (4095, 12),
        (4096, 14),
        (16383, 14),
        (16384, 16),
        (65535, 16),
    ],
)
def test_the_depth_is_the_smallest_in_use_that_holds_the_maximum(maximum: int, bits: int) -> None:
    assert bits_in_use(maximum) == bits


def test_a_12_bit_picture_in_16_bits_keeps_its_brightness() -> None:
    pixels = np.array([[0, 2048, 4095]], np.uint16)
    assert to_rgb(pixels)[0, :, 0].tolist() == [0, 128, 255]  # 2048 / 4095 of 255 is 127.53


def test_two_fields_of_one_camera_are_scaled_alike_though_their_maxima_differ() -> None:
    bright, dim = np.array([[1000, 4090]], np.uint16), np.array([[1000, 2100]], np.uint16)
    assert to_rgb(bright)[0, 0, 0] == to_rgb(dim)[0, 0, 0] == 62  # 1000 / 4095 of 255 is 62.27


def test_values_beyond_the_stated_bits_are_white() -> None:
    assert to_rgb(np.array([[5000]], np.uint16), bits=12)[0, 0].tolist() == [255, 255, 255]


def test_transparent_pixels_are_laid_on_white() -> None:
    pixels = np.array([[[100, 0, 200, 255], [100, 0, 200, 0], [100, 0, 200, 51]]], np.uint8)
    # The last: a fifth of the colour and four fifths of white.
    assert to_rgb(pixels)[0].tolist() == [[100, 0, 200], [255, 255, 255], [224, 204, 244]]


def test_colours_that_were_multiplied_by_alpha_are_not_multiplied_again() -> None:
    pixels = np.array([[[20, 0, 40, 51]]], np.uint8)
    assert to_rgb(pixels, premultiplied=True)[0, 0].tolist() == [224, 204, 244]


def test_16_bit_alpha_does_not_darken_12_bit_colours() -> None:
    pixels = np.array([[[4095, 2048, 0, 65535]]], np.uint16)
    assert to_rgb(pixels)[0, 0].tolist() == [255, 128, 0]


@given(st.lists(st.integers(0, 65535), min_size=2, max_size=20))
def test_a_brighter_sample_never_becomes_darker(values: list[int]) -> None:
    ordered = np.sort(np.array([values], np.uint16))
    scaled = to_rgb(ordered)[0, :, 0].astype(int)
    assert (np.diff(scaled) >= 0).all()


def test_samples_that_are_no_counts_of_light_are_refused() -> None:
    with pytest.raises(ValueError, match="float32"):
        to_rgb(np.zeros((4, 4), np.float32))  # type: ignore[arg-type]  # the fault under test
    with pytest.raises(ValueError, match="5 channels"):
        to_rgb(np.zeros((4, 4, 5), np.uint8))


def test_no_ink_is_white_full_black_is_black_and_cyan_takes_red_away() -> None:
    ink = np.array([[[0, 0, 0, 0], [0, 0, 0, 255], [255, 0, 0, 0], [0, 51, 0, 51]]], np.uint8)
    assert cmyk_to_rgb(ink)[0].tolist() == [[255, 255, 255], [0, 0, 0], [0, 255, 255], [204, 163, 204]]


def test_the_hash_tells_pixels_and_shapes_apart() -> None:
    image = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    changed = image.copy()
    changed[3, 3, 2] += 1
    hashes = {content_hash(image), content_hash(changed), content_hash(image.reshape(2, 8, 3))}
    assert len(hashes) == 3
    assert all(len(text) == 32 for text in hashes)
    assert content_hash(image[:, ::-1][:, ::-1]) == content_hash(image)


def test_a_picture_in_a_file_is_as_it_was_drawn_and_one_that_no_file_holds_is_named() -> None:
    image = np.random.default_rng(0).integers(0, 256, (5, 7, 3)).astype(np.uint8)
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(encoded(image, ".png")))), image)
    with pytest.raises(ValueError, match=r"shape \(1, 70000, 3\) as \.jpg"):
        encoded(np.zeros((1, 70_000, 3), np.uint8), ".jpg")
