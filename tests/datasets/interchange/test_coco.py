"""COCO: what of other programs' files is taken over, and the ways in which one is refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from datasets.fields import AnnotationError
from datasets.interchange.coco import read_coco
from datasets.interchange.labelled import LabelledField, LabelledObject


def image(number: int = 1, name: str = "a.png") -> dict[str, Any]:
    return {"id": number, "file_name": name, "width": 100, "height": 80}


def box(number: int = 1, **changes: object) -> dict[str, Any]:
    return {"id": number, "image_id": 1, "category_id": 4, "bbox": [1, 2, 30, 20]} | changes


def coco(folder: Path, **changes: object) -> Path:
    content = {"images": [image()], "categories": [{"id": 4, "name": "ring"}], "annotations": [box()]}
    path = folder / "coco.json"
    path.write_text(json.dumps(content | changes), encoding="utf-8")
    return path


def test_a_file_of_another_program_is_taken_over_with_its_names(tmp_path: Path) -> None:
    annotations = [box(attributes={"occluded": False, "note": None, "depth": 2}), box(2, score=0.5)]
    (field,) = read_coco(coco(tmp_path, annotations=annotations)).fields
    assert field == LabelledField(
        "a.png",
        100,
        80,
        (
            LabelledObject(1, 2, 30, 20, "ring", more={"occluded": "false", "depth": "2"}),
            LabelledObject(1, 2, 30, 20, "ring", score=0.5),
        ),
    )


def test_the_lists_may_come_in_any_order_and_an_image_may_have_no_object(tmp_path: Path) -> None:
    content = {
        "annotations": [box(image_id="b")],
        "licenses": [{"id": 1}],
        "categories": [{"id": 4, "name": "ring", "supercategory": "cell"}],
        "images": [image(), image("b", "sub\\b.png")],  # type: ignore[arg-type]
    }
    (tmp_path / "coco.json").write_text(json.dumps(content), encoding="utf-8-sig")
    fields = read_coco(tmp_path / "coco.json").fields
    assert [(field.name, len(field.objects)) for field in fields] == [("a.png", 0), ("sub/b.png", 1)]


def test_outlines_give_their_box_and_what_has_none_is_counted(tmp_path: Path) -> None:
    outlined = box(segmentation=[[1, 2, 31, 2, 31, 22]])
    found = read_coco(coco(tmp_path, annotations=[outlined, box(2, bbox=[]), box(3, bbox=None), box(4)]))
    assert len(found.fields[0].objects) == 2
    assert found.not_taken_over == {
        "outlines, of which the box is kept": 1,
        "annotations without a box": 2,
    }


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        (
            {"annotations": [box(), box(2, image_id=9), box(3, image_id=8)]},
            "2 annotations are of images .*'9', '8'",
        ),
        ({"annotations": [box(image_id=None), box()]}, "1 annotations are of images"),
        ({"annotations": [box(image_id=[1])]}, "1 annotations are of images"),
        ({"annotations": [box(category_id=5)] * 3}, "3 annotations are of categories .*category_id '5'"),
        ({"annotations": [box(bbox=[1, 2, 3])]}, "annotation 1: bbox"),
        ({"annotations": [box(bbox=[1, 2, "wide", 3])]}, "annotation 1: bbox"),
        ({"annotations": [box(bbox=[1, 2, True, 3])]}, "True is no number"),
        ({"annotations": [box(bbox=None, keypoints=[1])] * 2}, "none of its 2 annotations has a box"),
        ({"annotations": ["cell"]}, "'cell' is no annotation"),
        ({"images": [image(), image(1, "b.png")]}, "2 images have the number 1"),
        ({"images": [image(), image(2)]}, "2 images have the name 'a.png'"),
        ({"images": [{"id": 1}]}, "images: no 'file_name'"),
        ({"images": [image() | {"width": "wide"}]}, r"a\.png: size"),
        (
            {"categories": [{"id": 4, "name": "ring"}, {"id": 5, "name": "ring"}]},
            "2 categories have the name 'ring'",
        ),
        ({"categories": ["ring"]}, "categories: no"),
    ],
)
def test_a_fault_is_named_with_the_number_of_items(
    changes: dict[str, object], fault: str, tmp_path: Path
) -> None:
    with pytest.raises(AnnotationError, match=rf"coco\.json: .*{fault}"):
        read_coco(coco(tmp_path, **changes))


@pytest.mark.parametrize(
    "content", ["{}", "[]", '{"images": []}', "{", "NaN", '{"annotations": [NaN]}', "[" * 9000]
)
def test_what_is_no_coco_file_is_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / "coco.json").write_text(content, encoding="utf-8")
    with pytest.raises(AnnotationError, match=r"coco\.json"):
        read_coco(tmp_path / "coco.json")
