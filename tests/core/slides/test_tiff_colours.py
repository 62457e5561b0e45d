"""Colours and samples of TIFF pages, whatever their kind."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from core.errors import UnreadableImageError
from core.slides import open_slide
from tests.core.slides.images import picture


def read(path: Path) -> NDArray[np.uint8]:
    slide = open_slide(path)
    (name,) = slide.field_names()
    return slide.read_field(name).image


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_floating_point_samples_run_from_0_to_1_or_are_levels(tmp_path: Path, kind: type) -> None:
    image = picture()
    image[0, 0] = 255
    of_both: dict[str, NDArray[np.generic]] = {"share.tif": image / 255, "levels.tif": image}
    for name, data in of_both.items():
        tifffile.imwrite(tmp_path / name, data.astype(kind), photometric="rgb")
        # Half precision has eleven bits.
        assert np.abs(read(tmp_path / name).astype(int) - image).max() <= (1 if kind is np.float16 else 0)


@pytest.mark.parametrize("kind", [np.int16, np.uint32, np.int32])
def test_wider_and_signed_samples_are_levels_where_16_bits_hold_them(tmp_path: Path, kind: type) -> None:
    tifffile.imwrite(tmp_path / "a.tif", picture().astype(kind), photometric="rgb")
    assert np.array_equal(read(tmp_path / "a.tif"), picture())


@pytest.mark.parametrize(
    ("value", "said"), [(-1.0, "from -1 to"), (1e6, r"to 1e\+06"), (np.nan, "from nan|to nan")]
)
def test_samples_that_are_no_levels_are_not_decoded_and_not_called_damaged(
    tmp_path: Path, value: float, said: str
) -> None:
    data = picture().astype(np.float32)
    data[3, 4] = value
    tifffile.imwrite(tmp_path / "a.tif", data, photometric="rgb")
    with pytest.raises(UnreadableImageError, match=rf"not decoded here .*({said}).*: save it as RGB of 8"):
        read(tmp_path / "a.tif")


def test_ycbcr_samples_are_converted(tmp_path: Path) -> None:
    converted = cv2.cvtColor(picture(), cv2.COLOR_RGB2YCrCb)[..., [0, 2, 1]]
    tifffile.imwrite(tmp_path / "a.tif", converted, photometric="ycbcr", compression="zlib")
    assert np.abs(read(tmp_path / "a.tif").astype(int) - picture()).max() <= 2


def test_colours_of_another_kind_are_not_decoded_here(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", picture(), photometric="cielab")
    with pytest.raises(UnreadableImageError, match=r"not decoded here \(its colours are stored as CIELAB\)"):
        read(tmp_path / "a.tif")
