"""Damaged files of every format either give a field or an `UnreadableImageError` of one line."""

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from core.errors import UnreadableImageError
from core.slides import open_slide
from tests.core.slides.images import picture, write_dicom, write_jpeg, write_png, write_pyramid


def _write_bmp(path: Path) -> None:
    Pillow.fromarray(picture()).save(path)


def _write_tiled(path: Path) -> None:
    tifffile.imwrite(path, picture(), tile=(32, 32), photometric="rgb", compression="zlib")


WRITERS: dict[str, Callable[[Path], object]] = {
    "a.jpg": lambda path: write_jpeg(path, picture()),
    "a.png": lambda path: write_png(path, picture()),
    "a.bmp": _write_bmp,
    "strips.tif": lambda path: tifffile.imwrite(path, picture(), photometric="rgb"),
    "tiles.tif": _write_tiled,
    "a.svs": lambda path: write_pyramid(path, picture(), "Aperio Image Library v1\n|MPP = 0.5"),
    "a.dcm": lambda path: write_dicom(path, [picture()] * 2),
    "jpeg.dcm": lambda path: write_dicom(path, [picture()] * 2, compressed=True),
}


@pytest.mark.parametrize("name", WRITERS)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_damage_gives_a_field_or_a_named_error(tmp_path: Path, name: str, data: st.DataObject) -> None:
    path = tmp_path / name
    WRITERS[name](path)
    content = bytearray(path.read_bytes())
    # Headers lie at the ends, where most of the damage is done.
    near_an_end = st.one_of(st.integers(0, 600), st.integers(-600, -1), st.integers(0, len(content) - 1))
    for at, value in data.draw(st.lists(st.tuples(near_an_end, st.integers(0, 255)), max_size=6)):
        content[at % len(content)] = value
    kept = data.draw(st.one_of(st.just(len(content)), st.integers(0, len(content))))
    path.write_bytes(content[:kept])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            slide = open_slide(path, region_px=64, overlap_px=16)
            fields = [slide.read_field(field) for field in slide.field_names()[:4]]
        except UnreadableImageError as error:
            message = str(error)
        else:
            message = ""
    if message:
        assert str(path) in message
        assert "\n" not in message
        return
    for field in fields:
        height_px, width_px, channels = field.image.shape
        assert channels == 3
        assert field.image.dtype == np.uint8
        assert field.owned.right <= width_px
        assert field.owned.bottom <= height_px
