"""Images of annotations: found where programs leave them, refused where another one may be meant."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from PIL import Image

from datasets.fields import AnnotationError
from datasets.interchange.field_images import images_of, size_px, sized, turned_pictures
from datasets.interchange.labelled import LabelledField, LabelledObject
from tests.drawn_own_fields import save_pictures


def named(*names: str) -> list[LabelledField]:
    return [LabelledField(name, 120, 90, ()) for name in names]


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("a.png", ["a.png"]),
        ("a.png", ["images/p/a.png"]),
        ("p/a.png", ["a.png"]),
        ("/Users/anna/p/a.png", ["images/p/a.png", "images/q/a.png"]),
        ("p/a", ["p/a.png", "q/a.png"]),
        ("a.png", ["a.png", "copies/a.png"]),
        ("../a.png", ["a.png"]),
        ("p/images/a.png", ["p/a.png", "q/a.png"]),
        ("p/a.png", ["p/day 1/a.png"]),
        ("train/a.png", ["p/a.png"]),
        ("0f3c9a1b-a.png", ["p/a.png"]),
        ("0f3c9a1b-a.png", ["0f3c9a1b-a.png", "a.png"]),
    ],
)
def test_an_image_is_found_by_its_name_and_as_many_folders_as_agree(
    name: str, files: Sequence[str], tmp_path: Path
) -> None:
    save_pictures(tmp_path, files)
    assert images_of(named(name), tmp_path) == {name: tmp_path / files[0]}


@pytest.mark.parametrize(
    ("names", "files", "said"),
    [
        (["a.png", "b.png", "c.png"], ["b.png"], "2 of 3 images are missing, the first a.png; put them"),
        (["a.png"], ["p/a.png", "q/a.png"], "1 of 1 images are named as several files are, the first a.png"),
        (["p/a.png", "q/a.png"], ["a.png"], "2 of 2 images are one file with others, the first p/a.png"),
        (["a.png", "a.png"], ["a.png"], "1 images are annotated in two files"),
        ([""], ["a.png"], "1 of 1 images are missing"),
        (["P1/001.png", "P2/001.png"], ["P2/001.png"], "1 of 2 images are missing, the first P1/001.png"),
        (["P1/001"], ["images/P2/001.png"], "1 of 1 images are missing, the first P1/001"),
    ],
)
def test_images_that_are_not_there_or_not_plain_are_counted(
    names: list[str], files: list[str], said: str, tmp_path: Path
) -> None:
    save_pictures(tmp_path, files)
    with pytest.raises(AnnotationError) as caught:
        images_of(named(*names), tmp_path)
    assert str(caught.value).startswith(f"{tmp_path}: {said}")


def test_a_size_that_annotations_leave_out_is_that_of_the_image(tmp_path: Path) -> None:
    save_pictures(tmp_path, ["a.png"])
    (field,) = sized([LabelledField("a.png", 0, 0, ())], {"a.png": tmp_path / "a.png"}, tmp_path)
    assert (field.width_px, field.height_px) == (120, 90)


def test_an_image_of_another_size_than_was_annotated_is_refused(tmp_path: Path) -> None:
    save_pictures(tmp_path, ["a.png", "b.png"])
    images = {name: tmp_path / name for name in ("a.png", "b.png")}
    fields = [LabelledField("a.png", 120, 90, ()), LabelledField("b.png", 240, 180, ())]
    with pytest.raises(AnnotationError, match=r"1 of 2 images .* b\.png \(240 × 180, the image 120 × 90\)"):
        sized(fields, images, tmp_path)


def test_boxes_outside_an_image_whose_size_the_annotations_leave_out_are_counted(tmp_path: Path) -> None:
    save_pictures(tmp_path, ["a.png"])
    objects = tuple(LabelledObject(x, 5, 20, 20, "healthy") for x in (-19, -20, 119, 120, 400))
    with pytest.raises(AnnotationError, match=r"3 boxes lie outside their image, the first on a\.png at -20"):
        sized([LabelledField("a.png", 0, 0, objects)], {"a.png": tmp_path / "a.png"}, tmp_path)


def test_the_size_of_a_turned_photograph_is_as_it_is_shown(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (40, 30)).save(tmp_path / "a.jpg", exif=exif)
    assert size_px(tmp_path / "a.jpg") == (30, 40)


def test_what_is_no_image_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_text("text")
    with pytest.raises(AnnotationError, match=r"a\.png: cannot be read as an image; replace"):
        size_px(tmp_path / "a.png")


@pytest.mark.parametrize(
    ("orientation", "size", "sizes_told", "doubtful"),
    [
        (1, (40, 30), False, False),
        (6, (40, 30), False, True),
        (6, (40, 30), True, False),
        (6, (30, 30), True, True),
        (3, (40, 30), True, True),
        (2, (40, 30), False, True),
    ],
)
def test_boxes_may_be_of_a_picture_as_it_is_stored(
    orientation: int, size: tuple[int, int], sizes_told: bool, doubtful: bool, tmp_path: Path
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.new("RGB", size).save(tmp_path / "a.jpg", exif=exif)
    said = turned_pictures({"a.jpg": tmp_path / "a.jpg"}, sizes_told=sizes_told)
    assert [line.startswith("1 images are stored turned") for line in said] == [True] * doubtful
