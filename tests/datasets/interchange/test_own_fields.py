"""A laboratory's own annotated fields: the same samples whatever program wrote them, and what is refused."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from core.cells.detection import ObjectKind
from datasets.field_sets import READERS
from datasets.fields import AnnotationError
from datasets.interchange.formats import AnnotationFormat
from datasets.interchange.own_fields import OwnFields, part_of, slide_of, slide_pattern
from tests.drawn_own_fields import (
    BOXES,
    CLASSES,
    Box,
    coco_of,
    save_coco,
    save_cvat,
    save_geojson,
    save_label_studio,
    save_picture,
    save_voc,
    save_yolo,
)

MD2019 = {"rbc": "healthy", "ring": "infected", "?": "unsure", "dirt": "not_a_red_cell"}
WRITERS: dict[str, Callable[[Path], Path]] = {
    "coco": save_coco,
    "voc": save_voc,
    "geojson": save_geojson,
    "cvat": save_cvat,
    "label_studio": save_label_studio,
    "yolo": save_yolo,
}


def own(path: Path, format_name: str = "coco", **more: object) -> OwnFields:
    return OwnFields("ours", path, AnnotationFormat(format_name), **{"classes": CLASSES, **more})  # type: ignore[arg-type]


def test_every_format_is_tried() -> None:
    assert set(WRITERS) == set(AnnotationFormat)


@pytest.mark.parametrize("format_name", WRITERS)
def test_whatever_program_wrote_them_the_samples_are_those_of_a_built_in_reader(
    format_name: str, tmp_path: Path
) -> None:
    found = own(WRITERS[format_name](tmp_path / "ours"), format_name).annotated()
    set_root = tmp_path / "md2019"
    set_root.mkdir()
    with (
        (set_root / "index.csv").open("w", newline="") as index,
        (set_root / "boxes.csv").open("w", newline="") as boxes,
    ):
        csv.writer(index).writerows([("image", "patient"), *((name, name.split("/")[0]) for name in BOXES)])
        table = csv.writer(boxes)
        table.writerow(("image", "x", "y", "width", "height", "label"))
        for name, marked in BOXES.items():
            table.writerows((name, *box, MD2019[label]) for label, *box in marked if label != "wbc")
    expected = READERS["md2019"](set_root)
    assert [field.slide for field in found] == [field.slide for field in expected]
    for one, other in zip(found, expected, strict=True):
        red = one.kind == ObjectKind.RED_CELL
        order, other_order = np.lexsort(one.boxes[red].T), np.lexsort(other.boxes.T)
        np.testing.assert_array_equal(one.boxes[red][order], other.boxes[other_order])
        np.testing.assert_array_equal(one.infected[red][order], other.infected[other_order])
        np.testing.assert_array_equal(one.unsure, other.unsure)
        np.testing.assert_array_equal(one.not_red_cells, other.not_red_cells)
        assert one.all_marked == other.all_marked
        assert one.kinds_marked - {ObjectKind.WHITE_CELL} == other.kinds_marked
        assert one.image().shape == (90, 120, 3)


def test_marked_in_part_is_said_of_every_field(tmp_path: Path) -> None:
    found = own(save_coco(tmp_path), in_part=True).annotated()
    assert [field.all_marked for field in found] == [False] * 3


def test_where_parasites_alone_are_marked_no_kind_of_cell_is(tmp_path: Path) -> None:
    boxes: dict[str, list[Box]] = {"a.png": [("ring", 5.0, 5.0, 20.0, 20.0)], "b.png": []}
    first, second = own(save_coco(tmp_path, boxes)).annotated()
    assert not first.kinds_marked
    assert not second.kinds_marked
    assert first.all_marked


def test_a_class_may_be_a_stage(tmp_path: Path) -> None:
    boxes = {"a.png": [("late", 5.0, 5.0, 20.0, 20.0)]}
    (field,) = own(save_coco(tmp_path, boxes), classes={"late": "schizont"}).annotated()
    assert (field.infected.tolist(), field.stage) == ([True], ("schizont",))


def test_the_file_alone_may_be_given_and_its_folder_too(tmp_path: Path) -> None:
    folder = save_coco(tmp_path)
    file = folder / "annotations" / "instances_default.json"
    by_file, by_folder = own(file).annotated(), own(folder).annotated()
    assert [field.path for field in by_file] == [field.path for field in by_folder]
    assert [field.slide for field in by_file] == ["patient 1", "patient 1", "patient 2"]


def test_fields_of_a_slide_stand_together_so_that_a_cut_between_slides_parts_none(tmp_path: Path) -> None:
    boxes: dict[str, list[Box]] = {
        f"{slide}_{number}.png": [] for number in range(2) for slide in ("p2", "p1")
    }
    found = own(save_coco(tmp_path, boxes), slide_from="{slide}_*").annotated()
    assert [field.path.name for field in found] == ["p2_0.png", "p2_1.png", "p1_0.png", "p1_1.png"]
    assert [field.slide for field in found] == ["p2", "p2", "p1", "p1"]


def test_the_slide_that_annotations_name_goes_before_the_folder(tmp_path: Path) -> None:
    folder = save_coco(tmp_path)
    content = coco_of()
    content["images"][0]["slide"] = "S7"
    (folder / "annotations" / "instances_default.json").write_text(json.dumps(content))
    assert [field.slide for field in own(folder).annotated()] == ["S7", "patient 1", "patient 2"]


def test_parts_in_folders_of_their_own_are_read_as_one_source(tmp_path: Path) -> None:
    # As Roboflow leaves it: a file in each part, beside its images.
    for seed, part in enumerate(("train", "valid")):
        save_picture(tmp_path / part / "a.png", seed)
        boxes = {"a.png": [("rbc", 5.0, 5.0, 20.0, 20.0)]}
        (tmp_path / part / "_annotations.coco.json").write_text(json.dumps(coco_of(boxes)))
    found = own(tmp_path).annotated()
    assert [field.path for field in found] == [tmp_path / part / "a.png" for part in ("train", "valid")]


@pytest.mark.parametrize(
    ("image", "slide", "part"),
    [
        ("a.png", "", ""),
        ("images/a.png", "", ""),
        ("P 1/a.png", "P 1", ""),
        ("train/P1/a.png", "P1", "train"),
        ("images/Val/day 2/P1/a.png", "day 2/P1", "Val"),
        ("JPEGImages/P1/a.png", "P1", ""),
    ],
)
def test_folders_tell_the_slide_but_for_those_that_programs_make(image: str, slide: str, part: str) -> None:
    assert (slide_of(Path(image)), part_of(Path(image))) == (slide, part)


@pytest.mark.parametrize(
    ("pattern", "name", "slide"),
    [
        ("{slide}_*", "P1_003", "P1"),
        ("{slide}_*", "P1_003_x", "P1"),
        ("field*of {slide}", "field 3 of P.1", "P.1"),
        ("*-{slide}", "a-b", "b"),
    ],
)
def test_a_pattern_takes_the_slide_out_of_a_name(pattern: str, name: str, slide: str) -> None:
    found = slide_pattern(pattern).fullmatch(name)
    assert found is not None
    assert found["slide"] == slide


@pytest.mark.parametrize("pattern", ["*", "{slide}{slide}", "slide"])
def test_a_pattern_holds_the_slide_once(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"must hold \{slide\} once"):
        slide_pattern(pattern)


def test_an_image_of_another_name_than_the_pattern_is_named(tmp_path: Path) -> None:
    with pytest.raises(AnnotationError, match=r"a\.png: is not named \{slide\}_\*; give another slide_from"):
        own(save_coco(tmp_path), slide_from="{slide}_*").annotated()


def test_unknown_classes_are_counted_and_named_with_the_file(tmp_path: Path) -> None:
    with pytest.raises(AnnotationError) as caught:
        own(save_coco(tmp_path), classes={"ring": "infected", "wbc": "white_cell"}).read()
    said = str(caught.value)
    assert said.startswith(
        f"{tmp_path}: 4 objects of unknown classes (1 called '?', 1 called 'dirt', 2 called"
    )


def test_a_folder_without_a_file_of_the_format_is_named(tmp_path: Path) -> None:
    with pytest.raises(AnnotationError, match=r"no \*\.json here or below"):
        own(tmp_path).read()


def marked(label: str, box: NDArray[np.float32]) -> Box:
    x, y, width, height = box.tolist()
    return label, x, y, width, height


@pytest.mark.shared_data
def test_a_real_set_by_its_path_is_the_set_by_its_name(shared_data: Path, tmp_path: Path) -> None:
    by_name = READERS["md2019"](shared_data / "md2019")[:12]
    boxes = {
        field.path.name: [
            *(
                marked("ring" if infected else "rbc", box)
                for box, infected in zip(field.boxes, field.infected, strict=True)
            ),
            *(marked("?", box) for box in field.unsure),
            *(marked("dirt", box) for box in field.not_red_cells),
        ]
        for field in by_name
    }
    content = coco_of(boxes)
    for image, field in zip(content["images"], by_name, strict=True):
        image |= {"width": 1382, "height": 1030, "slide": field.slide}
        (tmp_path / field.path.name).symlink_to(field.path)
    (tmp_path / "ours.json").write_text(json.dumps(content))
    by_path = own(tmp_path).annotated()
    for one, other in zip(by_path, by_name, strict=True):
        assert (one.path.name, one.slide, one.stage) == (other.path.name, other.slide, other.stage)
        for name in ("boxes", "kind", "infected", "unsure", "not_red_cells"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
        assert (one.kinds_marked, one.all_marked) == (other.kinds_marked, other.all_marked)


def test_a_field_that_lost_a_shape_is_marked_in_part_and_the_training_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = save_coco(tmp_path)
    file = folder / "annotations" / "instances_default.json"
    content = coco_of()
    content["annotations"][0] |= {"bbox": [], "segmentation": [[1, 1, 9, 1, 9, 9]]}
    file.write_text(json.dumps(content))
    said = "1 shapes on 1 fields are no upright boxes and were left behind, the first on patient 1/a.png"
    assert own(folder).read().lost_shapes()[0].startswith(said)
    assert [field.all_marked for field in own(folder).annotated()] == [False, True, True]
    assert said in caplog.text


@pytest.mark.parametrize("format_name", WRITERS)
def test_files_with_a_large_ending_are_read(format_name: str, tmp_path: Path) -> None:
    folder = WRITERS[format_name](tmp_path)
    before = own(folder, format_name).read().fields
    endings = (".xml", ".json", ".geojson", ".txt")
    for file in [path for path in folder.rglob("*") if path.suffix in endings]:
        file.rename(file.with_suffix(file.suffix.upper()))
    assert own(folder, format_name).read().fields == before


@pytest.mark.parametrize("slide_from", ["{slide}*", "*{slide}", "*{slide}_*", "a_{slide}*"])
def test_a_slide_without_an_end_would_merge_patients(slide_from: str) -> None:
    with pytest.raises(ValueError, match=r"between \{slide\} and \* is missing"):
        slide_pattern(slide_from)


def test_a_slide_that_is_null_is_not_said(tmp_path: Path) -> None:
    folder = save_coco(tmp_path)
    content = coco_of()
    content["images"][0]["slide"] = None
    (folder / "annotations" / "instances_default.json").write_text(json.dumps(content))
    assert {field.slide for field in own(folder).read().fields} == {"patient 1", "patient 2"}


def test_objects_of_classes_to_ignore_are_counted(tmp_path: Path) -> None:
    found = own(save_coco(tmp_path), classes={**CLASSES, "dirt": "ignore", "?": "ignore"}).read()
    assert found.not_taken_over == {"objects of classes to ignore": 2}
    assert all(field.all_marked for field in found.fields)
