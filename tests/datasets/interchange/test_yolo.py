"""YOLO: folders of other programs are taken over with the sizes of their images, faults are counted."""

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest

from datasets.fields import AnnotationError
from datasets.interchange.formats import AnnotationFormat, InterchangeError, read_labelled, write_labelled
from datasets.interchange.labelled import LabelledField, LabelledObject
from datasets.interchange.yolo import read_yolo
from tests.labelled_fields import FIELDS

RING = "0 0.5 0.5 0.2 0.25\n"


def yolo(folder: Path, lines: str = RING, labels: str = "labels/train", names: str = "[ring, WBC]") -> Path:
    images = folder / labels.replace("labels", "images")
    for path in (folder / labels, images):
        path.mkdir(parents=True)
    (folder / labels / "a.txt").write_text(lines)
    cv2.imwrite(str(images / "a.jpg"), np.zeros((80, 200, 3), np.uint8))
    (folder / "data.yaml").write_text(f"train: images/train\nnames: {names}\n", encoding="utf-8")
    return folder


@pytest.mark.parametrize("labels", ["labels/train", "labels", "train/labels"])
@pytest.mark.parametrize("names", ["[ring, WBC]", "{0: ring, 1: WBC}"])
def test_a_folder_is_taken_over_with_the_sizes_of_its_images(labels: str, names: str, tmp_path: Path) -> None:
    name = f"{labels.replace('labels', 'images')}/a.jpg"
    ring = LabelledObject(80, 30, 40, 20, "ring")
    assert read_yolo(yolo(tmp_path, RING, labels, names)).fields == (LabelledField(name, 200, 80, (ring,)),)
    assert read_yolo(tmp_path / "data.yaml").fields[0].objects == (ring,)


def test_an_image_without_a_file_has_no_object_and_a_sixth_value_is_a_score(tmp_path: Path) -> None:
    yolo(tmp_path, "1 .5 .5 .2 .25 0.75\n\n")
    cv2.imwrite(str(tmp_path / "images" / "train" / "b.png"), np.zeros((10, 20, 3), np.uint8))
    (tmp_path / "labels" / "train" / "c.txt").touch()
    cv2.imwrite(str(tmp_path / "images" / "train" / "c.png"), np.zeros((10, 20, 3), np.uint8))
    found = read_yolo(tmp_path)
    first, second, empty = found.fields
    assert first.objects == (LabelledObject(80, 30, 40, 20, "WBC", score=0.75),)
    assert (second.width_px, second.height_px, second.objects) == (20, 10, ())
    assert (first.all_marked, second.all_marked, empty.all_marked) == (True, False, True)
    assert found.not_taken_over == {"images without a label file": 1}


def test_classes_may_stand_in_a_list_beside(tmp_path: Path) -> None:
    (yolo(tmp_path) / "data.yaml").unlink()
    (tmp_path / "classes.txt").write_text("ring\nWBC\n")
    assert read_yolo(tmp_path).fields[0].objects[0].label == "ring"


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        ("0 .1 .1 .2 .2 .3 .3\n" * 2 + RING, r"2 lines are no boxes .*\(2 with 7 values\)"),
        (RING + "2 .5 .5 .2 .2\n", "1 lines .*1 with class 2"),
        ("ring .5 .5 .2 .2\n", "1 lines .*1 with class ring"),
        ("0 .5 nan .2 .2\n0 .5 x .2 .2\n", "2 lines .*2 with a value that is no number"),
    ],
)
def test_lines_of_another_task_or_class_are_counted(lines: str, fault: str, tmp_path: Path) -> None:
    with pytest.raises(AnnotationError, match=fault):
        read_yolo(yolo(tmp_path, lines))


def test_pixels_instead_of_shares_lie_outside(tmp_path: Path) -> None:
    with pytest.raises(AnnotationError, match="1 boxes outside their image"):
        read_labelled(yolo(tmp_path, "0 100 40 30 30\n"), AnnotationFormat.YOLO)


def test_files_without_their_image_are_counted(tmp_path: Path) -> None:
    (yolo(tmp_path) / "images" / "train" / "a.jpg").unlink()
    with pytest.raises(AnnotationError, match=r"1 files have no image, the first labels/train/a\.txt"):
        read_yolo(tmp_path)


@pytest.mark.parametrize("names", ["[ring, ring]", "3", "[", "{x: ring}"])
def test_names_that_are_none_are_refused(names: str, tmp_path: Path) -> None:
    with pytest.raises(AnnotationError, match=r"data\.yaml: "):
        read_yolo(yolo(tmp_path, names=names))


def test_attributes_stay_with_the_objects_that_nobody_moved(tmp_path: Path) -> None:
    write_labelled(tmp_path / "out", AnnotationFormat.YOLO, FIELDS)
    lines = tmp_path / "out" / "labels" / "day 1" / "field1.txt"
    first, second = lines.read_text().splitlines()
    lines.write_text(f"{first}\n{second.replace('0.', '0.1', 1)}\n")
    found = read_yolo(tmp_path / "out")
    assert found.fields[0].objects[0] == FIELDS[0].objects[0]
    assert found.fields[0].objects[1].score is None
    assert found.not_taken_over == {"attributes of objects that were moved or removed since": 1}
    lines.write_text("")
    assert list(read_yolo(tmp_path / "out").not_taken_over.values()) == [2]


def test_a_table_runs_no_formula_in_a_spreadsheet(tmp_path: Path) -> None:
    risky = LabelledObject(1, 1, 5, 5, "infected", more={"=1+1": "=2+2"})
    field = LabelledField("a.png", 10, 10, (risky,))
    write_labelled(tmp_path / "out", AnnotationFormat.YOLO, [field])
    with (tmp_path / "out" / "attributes.csv").open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["attribute"], row["value"]) == ("'=1+1", "'=2+2")
    assert read_labelled(tmp_path / "out", AnnotationFormat.YOLO).fields == (field,)


@pytest.mark.parametrize("format", [AnnotationFormat.YOLO, AnnotationFormat.LABEL_STUDIO])
def test_shares_of_an_image_of_unknown_size_are_not_written(format: AnnotationFormat, tmp_path: Path) -> None:
    with pytest.raises(InterchangeError, match=r"a\.png: the size of the image is not known"):
        write_labelled(tmp_path / "out", format, [LabelledField("a.png", 0, 0, ())])
    assert not (tmp_path / "out").exists()


def test_large_endings_and_a_mark_of_utf_8_are_read(tmp_path: Path) -> None:
    yolo(tmp_path)
    labels = tmp_path / "labels" / "train" / "a.txt"
    labels.write_text(RING, encoding="utf-8-sig")
    labels.rename(labels.with_suffix(".TXT"))
    (tmp_path / "data.yaml").unlink()
    (tmp_path / "classes.txt").write_text("ring\nWBC\n", encoding="utf-8-sig")
    (field,) = read_yolo(tmp_path).fields
    assert [one.label for one in field.objects] == ["ring"]


def test_two_images_of_one_label_file_are_counted(tmp_path: Path) -> None:
    cv2.imwrite(str(yolo(tmp_path) / "images" / "train" / "a.png"), np.zeros((80, 200, 3), np.uint8))
    with pytest.raises(AnnotationError, match=r"1 images have the name of another .* images/train/a\.png"):
        read_yolo(tmp_path)
