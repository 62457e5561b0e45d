"""From the arguments of a command line to images with names of their own."""

from pathlib import Path

import numpy as np
import pytest

from core.errors import UnreadableImageError
from core.slides import find_images
from tests.core.slides.images import picture, write_png


def put(root: Path, *files: str) -> Path:
    for file in files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        write_png(root / file, picture())
    return root


def names(*paths: Path) -> list[str]:
    return [image.name for image in find_images(paths)[0]]


def test_folders_are_searched_however_deep_and_images_come_in_natural_order(tmp_path: Path) -> None:
    put(tmp_path / "all", "cell 10.png", "cell 2.png", "more/deeper/é.png")
    assert names(tmp_path / "all") == ["cell 2", "cell 10", "é"]


def test_images_of_one_name_get_names_that_differ(tmp_path: Path) -> None:
    put(tmp_path, "a/1.png", "b/1.png", "b/2.png", "b/1.PNG")
    found = names(tmp_path / "a", tmp_path / "b")
    assert len({name.casefold() for name in found}) == 4
    assert "2" in found


def test_an_image_reached_twice_counts_once(tmp_path: Path) -> None:
    put(tmp_path, "a/1.png", "a/2.png")
    assert names(tmp_path / "a" / "2.png", tmp_path / "a") == ["2", "1"]


def test_an_image_knows_its_folder_its_file_and_its_pixels(tmp_path: Path) -> None:
    put(tmp_path, "two\nlines/1.png")
    ((image,), problems) = find_images([tmp_path / "two\nlines" / "1.png"])
    assert problems == ()
    assert image.folder == tmp_path / "two\nlines"
    assert image.source == str(tmp_path / "two\nlines" / "1.png")
    assert np.array_equal(image.read(), picture())


def test_what_is_no_image_is_named_and_the_others_are_found(tmp_path: Path) -> None:
    put(tmp_path / "a", "1.png", "3.png")
    (tmp_path / "a" / "2.jpg").write_bytes(b"")
    images, problems = find_images([tmp_path / "a", tmp_path / "gone"])
    assert [image.name for image in images] == ["1", "3"]
    assert sorted(problem.reason for problem in problems) == [
        f"{tmp_path / 'a' / '2.jpg'} is empty (0 bytes): copy it again, or remove it",
        f"{tmp_path / 'gone'} does not exist",
    ]


def test_damaged_pixels_are_found_out_on_reading(tmp_path: Path) -> None:
    put(tmp_path, "1.png")
    (tmp_path / "1.png").write_bytes((tmp_path / "1.png").read_bytes()[:60])
    ((image,), _) = find_images([tmp_path])
    with pytest.raises(UnreadableImageError, match=r"1\.png"):
        image.read()
