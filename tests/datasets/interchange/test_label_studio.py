"""Label Studio: what it exports is taken over, and the ways in which a file is refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from datasets.fields import AnnotationError
from datasets.interchange.label_studio import read_label_studio, write_label_studio
from datasets.interchange.labelled import LabelledField, LabelledObject
from tests.labelled_fields import FIELDS

SHARES = {"x": 10.0, "y": 25.0, "width": 30.0, "height": 50.0, "rotation": 0}


def region(kind: str = "rectanglelabels", number: str = "a", **value: object) -> dict[str, Any]:
    said = value or {"rectanglelabels": ["ring"]}
    return {
        "id": number,
        "type": kind,
        "from_name": "label" if kind.endswith("labels") else "how",
        "to_name": "image",
        "original_width": 200,
        "original_height": 80,
        "value": {**SHARES, **said},
    }


def task(*results: object, address: str = "a.png", **more: object) -> dict[str, Any]:
    return {"id": 1, "data": {"image": address}, "annotations": [{"result": list(results)}], **more}


def exported(folder: Path, *tasks: object) -> Path:
    (folder / "tasks.json").write_text(json.dumps(tasks), encoding="utf-8")
    return folder / "tasks.json"


def test_a_region_is_taken_over_in_pixels(tmp_path: Path) -> None:
    (field,) = read_label_studio(exported(tmp_path, task(region()))).fields
    assert field == LabelledField("a.png", 200, 80, (LabelledObject(20, 20, 60, 40, "ring"),))


def test_answers_about_a_region_and_who_gave_them_are_kept(tmp_path: Path) -> None:
    results = [
        region("rectangle", width=30.0),
        region("labels", labels=["ring"]),
        region("choices", choices=["certain", "whole"]),
        {**region("textarea", text=["seen twice"]), "from_name": "note"},
        {**region("rectangle", "b", width=30.0), "meta": {"text": ["odd"]}},
    ]
    one = task(annotations=[{"result": results, "completed_by": {"id": 3, "email": "anna@lab.org"}}])
    (field,) = read_label_studio(exported(tmp_path, one)).fields
    by = {"completed_by": "anna@lab.org"}
    assert field.objects == (
        LabelledObject(20, 20, 60, 40, "ring", more={"how": "certain; whole", "note": "seen twice", **by}),
        LabelledObject(20, 20, 60, 40, "", more={"text": "odd", **by}),
    )


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("day 1/a.png", "day 1/a.png"),
        ("/data/local-files/?d=day%201/a.png", "day 1/a.png"),
        ("https://host/images/a%20b.png?key=3", "a b.png"),
        ("/data/upload/4/3f2b-a.png", "3f2b-a.png"),
        ("s3://bucket/folder/a.png", "a.png"),
    ],
)
def test_the_name_of_an_image_is_taken_from_its_address(address: str, name: str, tmp_path: Path) -> None:
    (field,) = read_label_studio(exported(tmp_path, task(region(), address=address))).fields
    assert field.name == name


def test_of_several_annotations_the_last_that_was_not_skipped_counts(tmp_path: Path) -> None:
    annotations = [
        {"result": [region()] * 1, "updated_at": "2026-02-01"},
        {"result": [region(), region(number="b")], "updated_at": "2026-03-01"},
        {"result": [], "updated_at": "2026-04-01", "was_cancelled": True},
    ]
    predictions = [{"result": [region(number=str(number)) for number in range(5)]}]
    found = read_label_studio(exported(tmp_path, task(annotations=annotations, predictions=predictions)))
    assert len(found.fields[0].objects) == 2
    assert sum(found.not_taken_over.values()) == 1


def test_our_own_prediction_counts_where_nobody_has_annotated(tmp_path: Path) -> None:
    ours = {"model_version": "smearscope", "result": [region()]}
    one = task(annotations=[], predictions=[7, ours, {"model_version": "other", "result": []}])
    assert len(read_label_studio(exported(tmp_path, one)).fields[0].objects) == 1


UNREAD: list[dict[str, Any]] = [
    {"annotations": []},
    {"annotations": [{"result": [region()], "was_cancelled": True}]},
    {"annotations": [], "predictions": [{"model_version": "other", "result": [region()]}]},
    {"annotations": [], "predictions": [{"result": [region()]}]},
]


@pytest.mark.parametrize("more", UNREAD)
def test_a_task_that_nobody_annotated_is_left_out_and_counted(more: dict[str, Any], tmp_path: Path) -> None:
    found = read_label_studio(exported(tmp_path, task(address="b.png", **more), task(region())))
    assert [field.name for field in found.fields] == ["a.png"]
    assert found.not_taken_over == {"tasks nobody annotated": 1}


def test_somebody_who_found_nothing_has_annotated(tmp_path: Path) -> None:
    (field,) = read_label_studio(exported(tmp_path, task())).fields
    assert (field.objects, field.all_marked) == ((), True)


def test_a_file_of_which_nothing_is_annotated_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AnnotationError, match=r"tasks\.json: nobody annotated any of its 4 tasks"):
        read_label_studio(exported(tmp_path, *(task(**more) for more in UNREAD)))


def test_what_is_no_box_is_counted(tmp_path: Path) -> None:
    results = [
        region(),
        region("polygonlabels", "b", points=[[1, 2]], polygonlabels=["ring"]),
        region("brushlabels", "c", rle=[1], brushlabels=["ring"]),
        {"type": "choices", "from_name": "good", "value": {"choices": ["yes"]}},
        {"type": "relation", "from_id": "a", "to_id": "b"},
        {**region(number="d"), "value": SHARES | {"rotation": 20, "rectanglelabels": ["ring"]}},
    ]
    found = read_label_studio(exported(tmp_path, task(*results)))
    assert len(found.fields[0].objects) == 1
    assert (found.fields[0].all_marked, found.fields[0].shapes_lost) == (False, 3)
    assert found.not_taken_over == {
        "polygonlabels": 1,
        "brushlabels": 1,
        "answers about a whole image": 1,
        "relations": 1,
        "turned boxes": 1,
    }


@pytest.mark.parametrize(
    ("tasks", "fault"),
    [
        ([{"image": "a.png", "label": []}, task(region())], "1 of 2 entries are no tasks"),
        (
            [task(region("polygonlabels", "b", points=[]), region("keypointlabels", "c"))],
            "none of its 2 regions is a box",
        ),
        ([task(region(width="wide", rectanglelabels=["x"]))], r"a\.png: a region is wrong"),
        ([task({**region(), "original_width": None})], r"a\.png: a region is wrong"),
        ([task(data={"label": 3})], "names no image"),
        (["cell"], "1 of 1 entries are no tasks"),
    ],
)
def test_a_fault_is_named_with_its_number(tasks: list[Any], fault: str, tmp_path: Path) -> None:
    with pytest.raises(AnnotationError, match=rf"tasks\.json: .*{fault}"):
        read_label_studio(exported(tmp_path, *tasks))


def test_what_nobody_has_read_is_a_prediction_and_a_stage_is_a_choice(tmp_path: Path) -> None:
    write_label_studio(tmp_path / "tasks.json", FIELDS)
    read, empty, unread = json.loads((tmp_path / "tasks.json").read_text(encoding="utf-8"))
    assert "predictions" not in read
    assert "annotations" not in unread
    assert empty["predictions"][0]["result"] == []
    box, stage, _ = read["annotations"][0]["result"]
    assert box["id"] == stage["id"]
    assert stage["value"]["choices"] == ["ring"]
    assert box["value"]["width"] == pytest.approx(30.25)


def test_a_slide_that_is_null_is_not_said(tmp_path: Path) -> None:
    one = task(region(), data={"image": "a.png", "slide": None})
    assert read_label_studio(exported(tmp_path, one)).fields[0].slide == ""
