"""Annotated sets in their published layouts: what is read of them, and how damage is named."""

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from core.cells.detection import ObjectKind
from datasets.field_sets import MEASURED_ONLY, READERS
from datasets.fields import AnnotatedField, AnnotationError

VOC_OBJECT = (
    "<object><name>{name}</name><bndbox><xmin>{box[0]}</xmin><ymin>{box[1]}</ymin>"
    "<xmax>{box[2]}</xmax><ymax>{box[3]}</ymax></bndbox></object>"
)


def write_image(path: Path, height_px: int = 48, width_px: int = 64) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), np.full((height_px, width_px, 3), (20, 120, 220), np.uint8))


def iml_object(kind: str, x: int, y: int, width: int, height: int) -> dict[str, object]:
    return {"type": kind, "bbox": {"x": str(x), "y": str(y), "w": str(width), "h": str(height)}}


def write_iml_malaria(root: Path) -> Path:
    entries = [
        {"image_name": "PA2.JPG", "objects": []},
        {
            "image_name": "PA1.JPG",
            "objects": [
                iml_object("red blood cell", 4, 5, 20, 22),
                iml_object("ring", 30, 8, 18, 19),
                iml_object("difficult", 1, 1, 9, 9),
                iml_object("red blood cell", 7, 7, 0, 30),
            ],
        },
    ]
    for name in ("PA1.JPG", "PA2.JPG"):
        write_image(root / "images" / name)
    annotations = root / "annotations.json"
    annotations.write_text(json.dumps(entries))
    return annotations


def write_chula_rbc12(root: Path) -> Path:
    write_image(root / "images" / "7.jpg")
    label = root / "labels" / "7.txt"
    label.parent.mkdir()
    label.write_text("10 20 0\n33 12 11\n\n")
    return label


def write_cbc_count(root: Path) -> Path:
    write_image(root / "Training" / "Images" / "BloodImage_1.jpg")
    objects = [
        ("RBC", (2, 3, 22, 33)),
        ("WBC", (0, 0, 40, 30)),
        ("Platelets", (5, 6, 9, 11)),
        ("RBC", (4, 4, 4, 4)),
    ]
    label = root / "Training" / "Annotations" / "BloodImage_1.xml"
    label.parent.mkdir()
    body = "".join(VOC_OBJECT.format(name=name, box=box) for name, box in objects)
    label.write_text(f"<annotation>{body}</annotation>")
    return label


def write_txl_pbc(root: Path) -> Path:
    write_image(root / "images" / "a.jpg", height_px=100, width_px=200)
    label = root / "labels" / "a.txt"
    label.parent.mkdir()
    label.write_text("0 0.5 0.5 0.2 0.4\n1 0.1 0.2 0.1 0.2\n2 0.9 0.9 0.02 0.04\n")
    return label


def write_table(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n")
    return path


def write_md2019(root: Path) -> Path:
    for name in ("a.jpg", "b.jpg"):
        write_image(root / "images" / name)
    write_table(root / "index.csv", "image,patient", "a.jpg,Trip 1", "b.jpg,Trip 2")
    return write_table(
        root / "boxes.csv",
        "image,x,y,width,height,label,source,why_not",
        "a.jpg,-4.5,5,20,22,healthy,detector,edge",
        "a.jpg,30,8,18,19,infected,added,",
        "a.jpg,50,8,9,9,unsure,detector,",
        "a.jpg,50,30,9,8,not_a_red_cell,detector,",
    )


def write_ph_thin(root: Path) -> Path:
    write_image(root / "images" / "a.jpg")
    write_table(root / "index.csv", "image,slide_group_guess", "a.jpg,F5")
    return write_table(root / "parasites.csv", "image,x,y,width,height", "a.jpg,10,20,8,6")


def write_healthy_tiles(root: Path) -> Path:
    write_image(root / "a.jpg")
    return write_table(root / "index.csv", "image,slide", "a.jpg,S2")


def write_pbc_normal(root: Path) -> Path:
    write_image(root / "platelet" / "a.jpg")
    return write_table(root / "index.csv", "path,class", "platelet/a.jpg,platelet")


WRITERS: dict[str, Callable[[Path], Path]] = {
    "iml_malaria": write_iml_malaria,
    "md2019": write_md2019,
    "ph_thin": write_ph_thin,
    "healthy_tiles": write_healthy_tiles,
    "pbc_normal": write_pbc_normal,
    "chula_rbc12": write_chula_rbc12,
    "cbc_count": write_cbc_count,
    "txl_pbc": write_txl_pbc,
}


ALL_READERS = {**READERS, **MEASURED_ONLY}


def read(name: str, root: Path) -> list[AnnotatedField]:
    WRITERS[name](root)
    return ALL_READERS[name](root)


def test_no_set_is_both_trained_on_and_only_measured_on() -> None:
    assert not READERS.keys() & MEASURED_ONLY.keys()


def test_md2019_keeps_apart_what_nobody_could_tell_and_what_is_no_red_cell(tmp_path: Path) -> None:
    first, second = read("md2019", tmp_path)
    assert (first.slide, second.slide) == ("Trip 1", "Trip 2")
    assert first.boxes.tolist() == [[-4.5, 5, 20, 22], [30, 8, 18, 19]]
    assert first.infected.tolist() == [False, True]
    assert first.unsure.tolist() == [[50, 8, 9, 9]]
    assert first.not_red_cells.tolist() == [[50, 30, 9, 8]]
    assert len(second.boxes) == 0


def test_ph_thin_marks_parasites_and_no_kind_of_cell(tmp_path: Path) -> None:
    (field,) = read("ph_thin", tmp_path)
    assert field.boxes.tolist() == [[10, 20, 8, 6]]
    assert field.infected.tolist() == [True]
    assert field.slide == "F5"
    assert not field.kinds_marked


@pytest.mark.parametrize("name", ["healthy_tiles", "pbc_normal"])
def test_sets_without_marks_say_nothing_of_any_kind(name: str, tmp_path: Path) -> None:
    (field,) = read(name, tmp_path)
    assert len(field.boxes) == 0
    assert not field.kinds_marked


def test_iml_malaria_gives_cells_and_stages_by_file_number(tmp_path: Path) -> None:
    first, second = read("iml_malaria", tmp_path)
    assert (first.path.name, second.path.name) == ("PA1.JPG", "PA2.JPG")
    assert first.boxes.tolist() == [[4, 5, 20, 22], [30, 8, 18, 19]]
    assert first.kind.tolist() == [ObjectKind.RED_CELL] * 2
    assert first.infected.tolist() == [False, True]
    assert first.stage == ("", "ring")
    assert first.kinds_marked == {ObjectKind.RED_CELL}
    assert first.unsure.tolist() == [[1, 1, 9, 9]]
    assert second.boxes.shape == (0, 4)


def test_of_unmarked_objects_of_iml_malaria_that_look_infected_nobody_can_tell(tmp_path: Path) -> None:
    write_image(tmp_path / "images" / "PA171691.JPG")
    marks = [iml_object("difficult", 1, 1, 9, 9)]
    (tmp_path / "annotations.json").write_text(json.dumps([{"image_name": "PA171691.JPG", "objects": marks}]))
    (field,) = READERS["iml_malaria"](tmp_path)
    assert field.unsure.tolist() == [[1, 1, 9, 9], [526, 364, 68, 95]]


def test_chula_rbc12_gives_centres_without_sizes(tmp_path: Path) -> None:
    (field,) = read("chula_rbc12", tmp_path)
    assert field.centres.tolist() == [[10, 20], [33, 12]]
    assert np.isnan(field.boxes[:, 2:]).all()
    assert not field.infected.any()
    assert field.kinds_marked == {ObjectKind.RED_CELL}


def test_cbc_count_gives_boxes_of_three_kinds_and_leaves_out_empty_ones(tmp_path: Path) -> None:
    (field,) = read("cbc_count", tmp_path)
    assert field.boxes.tolist() == [[2, 3, 20, 30], [0, 0, 40, 30], [5, 6, 4, 5]]
    assert field.kind.tolist() == [ObjectKind.RED_CELL, ObjectKind.WHITE_CELL, ObjectKind.PLATELET]
    assert field.kinds_marked == set(ObjectKind)
    assert field.path.read_bytes()


def test_txl_pbc_gives_boxes_in_pixels(tmp_path: Path) -> None:
    (field,) = read("txl_pbc", tmp_path)
    expected = [[80, 30, 40, 40], [10, 10, 20, 20], [178, 88, 4, 4]]
    np.testing.assert_allclose(field.boxes, expected, atol=1e-4)
    assert field.kind.tolist() == [ObjectKind.WHITE_CELL, ObjectKind.RED_CELL, ObjectKind.PLATELET]


def iml_with(root: Path, *objects: dict[str, object]) -> AnnotatedField:
    annotations = write_iml_malaria(root)
    annotations.write_text(json.dumps([{"image_name": "PA1.JPG", "objects": list(objects)}]))
    (field,) = READERS["iml_malaria"](root)
    return field


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_cell_marked_once_as_infected_and_once_as_healthy_is_one_infected_cell(
    order: tuple[int, int], tmp_path: Path
) -> None:
    marks = [iml_object("ring", 10, 10, 20, 20), iml_object("red blood cell", 12, 10, 20, 20)]
    field = iml_with(tmp_path, *(marks[number] for number in order))
    assert field.boxes.tolist() == [[10, 10, 20, 20]]
    assert field.stage == ("ring",)
    assert field.infected.tolist() == [True]


def test_a_cell_marked_three_times_is_one_cell(tmp_path: Path) -> None:
    marks = [iml_object("red blood cell", 10 + shift, 10, 20, 20) for shift in range(3)]
    assert iml_with(tmp_path, *marks).boxes.tolist() == [[10, 10, 20, 20]]


@pytest.mark.parametrize(("shift_px", "cells"), [(6, 1), (7, 2), (30, 2)])
def test_cells_that_overlap_by_no_more_than_half_are_two(shift_px: int, cells: int, tmp_path: Path) -> None:
    # Boxes 20 px wide, 6 px apart: 14 of 26 columns in common, 0.54. At 7 px: 13 of 27, 0.48.
    marks = [iml_object("red blood cell", x, 10, 20, 20) for x in (5, 5 + shift_px)]
    assert len(iml_with(tmp_path, *marks).boxes) == cells


def test_marks_stay_in_their_order_where_one_of_them_goes(tmp_path: Path) -> None:
    field = iml_with(
        tmp_path,
        iml_object("red blood cell", 1, 1, 20, 20),
        iml_object("ring", 40, 1, 20, 20),
        iml_object("red blood cell", 2, 1, 20, 20),
        iml_object("trophozoite", 1, 25, 20, 20),
    )
    assert field.boxes[:, :2].tolist() == [[1, 1], [40, 1], [1, 25]]
    assert field.stage == ("", "ring", "trophozoite")


def test_objects_of_two_kinds_in_one_place_are_two_objects(tmp_path: Path) -> None:
    label = write_cbc_count(tmp_path)
    marks = [("RBC", (2, 3, 22, 33)), ("Platelets", (2, 3, 22, 33)), ("RBC", (2, 4, 22, 33))]
    body = "".join(VOC_OBJECT.format(name=name, box=box) for name, box in marks)
    label.write_text(f"<annotation>{body}</annotation>")
    (field,) = READERS["cbc_count"](tmp_path)
    assert field.kind.tolist() == [ObjectKind.RED_CELL, ObjectKind.PLATELET]


def test_centres_alone_say_nothing_of_an_overlap(tmp_path: Path) -> None:
    write_chula_rbc12(tmp_path).write_text("10 20 0\n10 20 0\n11 20 3\n")
    (field,) = READERS["chula_rbc12"](tmp_path)
    assert field.centres.tolist() == [[10, 20], [10, 20], [11, 20]]


@pytest.mark.parametrize("name", ALL_READERS)
def test_every_field_names_its_set_and_an_image_that_decodes(name: str, tmp_path: Path) -> None:
    for field in read(name, tmp_path):
        assert field.source == name
        assert field.image().dtype == np.uint8
        assert len(field.boxes) == len(field.kind) == len(field.infected) == len(field.stage)
        np.testing.assert_allclose(field.image()[5, 5], (220, 120, 20), atol=6)


def test_centres_of_boxes_are_their_middles(tmp_path: Path) -> None:
    (field,) = read("txl_pbc", tmp_path)
    np.testing.assert_allclose(field.centres, [[100, 50], [20, 20], [180, 90]], atol=1e-4)


@pytest.mark.parametrize("name", ALL_READERS)
def test_an_empty_folder_is_not_a_set(name: str, tmp_path: Path) -> None:
    with pytest.raises(AnnotationError, match="give the folder that the set unpacks to") as caught:
        ALL_READERS[name](tmp_path)
    assert str(tmp_path) in str(caught.value)


DAMAGES = [
    ("iml_malaria", "not json at all", "the file"),
    ("iml_malaria", '[{"objects": []}]', "the file: no 'image_name'"),
    ("iml_malaria", "[3]", "the file"),
    ("iml_malaria", '[{"image_name": "A.JPG"}]', "A.JPG: no 'objects'"),
    ("iml_malaria", '[{"image_name": "A.JPG", "objects": [{"type": "ring"}]}]', "A.JPG: no 'bbox'"),
    (
        "iml_malaria",
        json.dumps([{"image_name": "A.JPG", "objects": [iml_object("leukocyte", 1, 1, 9, 9)]}]),
        "A.JPG: 'leukocyte' is none of red blood cell",
    ),
    (
        "iml_malaria",
        json.dumps(
            [{"image_name": "A.JPG", "objects": [{"type": "ring", "bbox": dict.fromkeys("xywh", "a")}]}]
        ),
        "A.JPG: could not convert",
    ),
    ("chula_rbc12", "10 20 0\n10 20\n", "line 2"),
    ("chula_rbc12", "10 x 0\n", "line 1"),
    ("chula_rbc12", "1 2 0\n\n10 20 13\n", "line 3: class 13 is not in 0 to 12"),
    ("cbc_count", "<annotation><object>", "the file"),
    ("cbc_count", "", "the file"),
    (
        "cbc_count",
        f"<annotation>{VOC_OBJECT.format(name='Rouleau', box=(1, 2, 30, 40))}</annotation>",
        "object 1: 'Rouleau' is none of RBC, WBC, Platelets",
    ),
    ("cbc_count", "<annotation><object><name>RBC</name></object></annotation>", "object 1: no 'xmax'"),
    (
        "cbc_count",
        f"<annotation>{VOC_OBJECT.format(name='RBC', box=('', 2, 30, 40))}</annotation>",
        "object 1: could not convert",
    ),
    ("txl_pbc", "0 0.5 0.5 0.1 0.1\n3 0.5 0.5 0.1 0.1\n", "line 2: '3' is none of 0, 1, 2"),
    ("txl_pbc", "0 0.5 0.5 0.1\n", "line 1"),
    ("txl_pbc", "0 0.5 0.5 0.1 wide\n", "line 1: could not convert"),
    ("md2019", "image,x,y,width\na.jpg,1,2,3\n", "line 2: no height, label"),
    ("md2019", "image,x,y,width,height,label\na.jpg,1,2,3,wide,healthy\n", "line 2: could not convert"),
    ("md2019", "image,x,y,width,height,label\na.jpg,1,2,3,4,ill\n", "line 2: label 'ill' is none of"),
    ("ph_thin", "image,x,y,width,height\na.jpg,1,2,3\n", "line 2: no height"),
    ("healthy_tiles", "image,slide\na.jpg\n", "line 2: no slide"),
    ("pbc_normal", "path\na.jpg\n", "line 2: no class"),
]


@pytest.mark.parametrize(("name", "content", "said"), DAMAGES)
def test_damage_is_named_with_its_file_and_place(name: str, content: str, said: str, tmp_path: Path) -> None:
    label = WRITERS[name](tmp_path)
    label.write_text(content)
    with pytest.raises(AnnotationError) as caught:
        ALL_READERS[name](tmp_path)
    message = str(caught.value)
    assert message.startswith(f"{label}: {said}")
    assert message.endswith("unpack the set anew")
    assert "\n" not in message


@pytest.mark.parametrize("name", ["chula_rbc12", "txl_pbc"])
def test_a_label_that_is_not_text_is_named(name: str, tmp_path: Path) -> None:
    label = WRITERS[name](tmp_path)
    label.write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(AnnotationError, match="the file"):
        READERS[name](tmp_path)


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("name", "fields", "red", "white", "platelets", "infected"),
    [
        ("iml_malaria", 245, 28356, 0, 0, 379),
        ("chula_rbc12", 160, 5197, 0, 0, 0),
        ("cbc_count", 360, 4119, 368, 359, 0),
        ("txl_pbc", 260, 4382, 270, 141, 0),
        ("md2019", 98, 6849, 0, 0, 262),
        ("ph_thin", 217, 553, 0, 0, 553),
        ("healthy_tiles", 60, 0, 0, 0, 0),
        ("pbc_normal", 700, 0, 0, 0, 0),
    ],
)
def test_the_real_sets_are_read_whole(
    shared_data: Path, name: str, fields: int, red: int, white: int, platelets: int, infected: int
) -> None:
    found = ALL_READERS[name](shared_data / name)
    kinds = np.concatenate([field.kind for field in found]).astype(int)
    assert len(found) == fields
    assert np.bincount(kinds, minlength=3).tolist() == [red, white, platelets]
    assert sum(int(field.infected.sum()) for field in found) == infected
    assert all(field.path.is_file() for field in found)
