"""A field of several focal planes is its sharpest one."""

from pathlib import Path
from unittest.mock import Mock

import cv2
import numpy as np
import pytest

from core.errors import UnreadableImageError
from core.slides.focal_planes import FocalPlanes, of_one_place, sharpness
from core.slides.formats import Format
from core.slides.photograph import Photograph
from tests.core.slides.images import Image, picture, write_png


def plane(path: Path, image: Image) -> Photograph:
    return Photograph(write_png(path, image), Format.PNG)


def test_a_picture_is_the_less_sharp_the_more_it_is_blurred_and_noise_is_little_of_it() -> None:
    measures = [sharpness(np.asarray(cv2.GaussianBlur(picture(), (0, 0), spread))) for spread in (0.5, 2, 4)]
    assert measures == sorted(measures, reverse=True)
    noise = np.random.default_rng(0).normal(0, 2, (96, 128, 3))
    noisy = np.clip(cv2.GaussianBlur(picture(), (0, 0), 4) + noise, 0, 255).astype(np.uint8)
    assert sharpness(noisy) < measures[0]


def test_the_sharpest_plane_is_the_field_and_of_equal_ones_the_first(tmp_path: Path) -> None:
    blurred = np.asarray(cv2.GaussianBlur(picture(), (0, 0), 4), np.uint8)
    planes = [plane(tmp_path / f"{n}.png", image) for n, image in enumerate((blurred, picture(), blurred))]
    field = FocalPlanes(tuple(planes)).read("a")
    assert field.name == "a"
    assert np.array_equal(field.image, picture())
    same = FocalPlanes((planes[0], planes[2]))
    assert np.array_equal(same.read("a").image, blurred)


def test_another_plane_may_become_the_sharpest(tmp_path: Path) -> None:
    blurred = np.asarray(cv2.GaussianBlur(picture(), (0, 0), 4), np.uint8)
    planes = FocalPlanes(tuple(plane(tmp_path / f"{n}.png", blurred) for n in range(2)))
    planes.read("a")
    write_png(tmp_path / "1.png", picture())
    assert np.array_equal(planes.read("a").image, picture())


def test_a_plane_that_cannot_be_read_is_passed_over_and_none_at_all_is_an_error(tmp_path: Path) -> None:
    gone = Photograph(tmp_path / "gone.png", Format.PNG)
    whole = plane(tmp_path / "a.png", picture())
    assert np.array_equal(FocalPlanes((gone, whole)).read("a").image, picture())
    with pytest.raises(UnreadableImageError, match="does not exist"):
        FocalPlanes((gone, gone)).read("a")


def test_planes_that_may_not_be_looked_at_any_more_are_an_error_of_their_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planes = FocalPlanes(tuple(plane(tmp_path / f"{n}.png", picture()) for n in range(2)))
    monkeypatch.setattr(Path, "stat", Mock(side_effect=PermissionError(13, "Permission denied")))
    with pytest.raises(UnreadableImageError, match=r"0\.png cannot be read \(Permission denied\)"):
        planes.read("a")


def test_a_place_of_one_picture_is_that_picture(tmp_path: Path) -> None:
    only = plane(tmp_path / "a.png", picture())
    assert of_one_place([only]) is only
