"""What is checked of fields that can be read: patients in two parts, pictures twice, cells marked twice."""

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from datasets.interchange.field_checks import classes_of, marked_twice, problems, same_pictures
from datasets.interchange.formats import AnnotationFormat
from datasets.interchange.labelled import LabelledField, LabelledObject
from datasets.interchange.own_fields import OwnFields
from tests.drawn_own_fields import CLASSES, coco_of, save_coco, save_picture, save_pictures


def problems_of(folder: Path, slide_from: str = "") -> list[str]:
    own = OwnFields("ours", folder, AnnotationFormat.COCO, classes=CLASSES, slide_from=slide_from)
    return problems(own, own.read())


def test_sound_fields_have_no_problem(tmp_path: Path) -> None:
    assert problems_of(save_coco(tmp_path)) == []


def test_a_patient_in_two_parts_is_a_leak(tmp_path: Path) -> None:
    names = ["train/p1_1.png", "train/p1_2.png", "test/p1_3.png", "test/p2_1.png"]
    (said,) = problems_of(save_coco(tmp_path, {name: [] for name in names}), "{slide}_*")
    assert said == (
        "1 slides or patients have fields in several parts, such as p1 (1 in test, 2 in train); "
        "keep each in one part"
    )


def test_folders_of_one_name_in_two_parts_are_one_slide(tmp_path: Path) -> None:
    names = ["train/p1/1.png", "val/p1/2.png", "test/p2/1.png"]
    (said,) = problems_of(save_coco(tmp_path, {name: [] for name in names}))
    assert said.startswith(
        "1 slides or patients have fields in several parts, such as p1 (1 in train, 1 in val)"
    )


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        (
            "p1/1.png",
            "p1/2.png",
            "1 pairs of fields of one slide show nearly the same (p1/1.png and p1/2.png)",
        ),
        (
            "p1/1.png",
            "p2/1.png",
            "1 pairs of fields of two slides, which a split may part, show nearly the same",
        ),
    ],
)
def test_a_picture_that_is_there_twice_is_named(first: str, second: str, said: str, tmp_path: Path) -> None:
    folder = save_coco(tmp_path, {first: [], "p3/1.png": [], second: []})
    shutil.copyfile(folder / "images" / first, folder / "images" / second)
    (found,) = problems_of(folder)
    assert found.startswith(said)


def test_a_copy_is_found_however_it_was_resized_lit_and_compressed(tmp_path: Path) -> None:
    save_pictures(tmp_path, ["a.png", "b.png", "c.png"])
    image = cv2.imread(str(tmp_path / "b.png"))
    assert image is not None
    changed = np.clip(cv2.resize(image, (70, 50)) * 0.7 + 20, 0, 255).astype(np.uint8)
    cv2.imwrite(str(tmp_path / "copy.jpg"), changed, [cv2.IMWRITE_JPEG_QUALITY, 40])
    paths = [tmp_path / name for name in ("a.png", "b.png", "c.png", "copy.jpg")]
    assert same_pictures(paths) == [(1, 3)]


def test_one_picture_and_pictures_that_show_nothing_are_like_no_other(tmp_path: Path) -> None:
    save_picture(tmp_path / "a.png")
    for name in ("white.png", "grey.png"):
        cv2.imwrite(str(tmp_path / name), np.full((90, 120, 3), 200, np.uint8))
    assert same_pictures([tmp_path / "a.png"]) == []
    assert same_pictures([tmp_path / "white.png", tmp_path / "grey.png"]) == []


def box(label: str, x: float) -> LabelledObject:
    return LabelledObject(x, 10, 20, 20, label)


@pytest.mark.parametrize(
    ("objects", "twice"),
    [
        ((), 0),
        ((box("healthy", 10), box("healthy", 16)), 1),  # 14 of 26 columns in common, .54
        ((box("healthy", 10), box("healthy", 17)), 0),  # 13 of 27, .48
        ((box("healthy", 10), box("infected", 11), box("unsure", 12)), 2),
        ((box("healthy", 10), box("platelet", 10)), 0),
    ],
)
def test_marks_of_one_kind_that_share_more_than_half_are_one_object(
    objects: tuple[LabelledObject, ...], twice: int
) -> None:
    assert marked_twice(LabelledField("a.png", 120, 90, objects)) == twice


def test_marks_twice_are_counted_with_the_worst_field(tmp_path: Path) -> None:
    doubled = [("rbc", 10.0, 10.0, 20.0, 20.0)] * 3
    (said,) = problems_of(save_coco(tmp_path, {"a.png": doubled[:2], "b.png": doubled}))
    assert said == "3 objects are marked twice on 2 fields, most on b.png (2); remove one mark of each"


def test_classes_are_counted_by_objects_and_fields(tmp_path: Path) -> None:
    folder = save_coco(tmp_path)
    (folder / "annotations" / "instances_default.json").write_text(json.dumps(coco_of()))
    own = OwnFields("ours", folder, AnnotationFormat.COCO, classes=CLASSES)
    assert classes_of(own.read().fields) == [
        ("healthy", 2, 2),
        ("infected", 2, 2),
        ("not_a_red_cell", 1, 1),
        ("unsure", 1, 1),
        ("white_cell", 1, 1),
    ]
