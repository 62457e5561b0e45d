"""Labelled fields as annotated fields, and back."""

from pathlib import Path

import numpy as np
import pytest

from core.cells.detection import ObjectKind
from datasets.fields import AnnotatedField, AnnotationError, Mark, annotated_field
from datasets.interchange.annotated import annotated_fields, labelled_field
from datasets.interchange.labelled import LabelledField, LabelledObject


def cell(label: str, x: float = 0, stage: str = "") -> LabelledObject:
    return LabelledObject(x, 5, 20, 25, label, stage)


def of_set(*fields: LabelledField) -> list[AnnotatedField]:
    return annotated_fields(fields, {field.name: Path("images") / field.name for field in fields}, "ours")


def test_each_class_goes_to_its_place() -> None:
    objects = (
        cell("infected", 0, "ring"),
        cell("healthy", 30),
        cell("unsure", 60),
        cell("red_cell", 90),
        cell("white_cell", 120),
        cell("platelet", 150),
        cell("not_a_red_cell", 180),
        cell("infected", 210, "early"),
    )
    (found,) = of_set(LabelledField("a.png", 300, 100, objects, slide="patient 3"))
    assert found.path == Path("images/a.png")
    assert (found.source, found.slide) == ("ours", "patient 3")
    assert found.kind.tolist() == [0, 0, ObjectKind.WHITE_CELL, ObjectKind.PLATELET, 0]
    assert found.infected.tolist() == [True, False, False, False, True]
    assert found.stage == ("ring", "", "", "", "")
    assert found.boxes[:, 0].tolist() == [0, 30, 120, 150, 210]
    assert found.unsure[:, 0].tolist() == [60, 90]
    assert found.not_red_cells.tolist() == [[180, 5, 20, 25]]
    assert found.kinds_marked == set(ObjectKind)


def test_where_not_all_is_marked_an_unmarked_cell_is_unknown() -> None:
    partly = LabelledField("a.png", 300, 100, (cell("infected"),), all_marked=False)
    wholly = LabelledField("b.png", 300, 100, (cell("white_cell"),))
    first, second = of_set(partly, wholly)
    assert (first.all_marked, second.all_marked) == (False, True)


def test_a_kind_is_marked_on_all_fields_of_a_set_or_on_none() -> None:
    first, second = of_set(
        LabelledField("a.png", 300, 100, (cell("infected"),)),
        LabelledField("b.png", 300, 100, (cell("white_cell"),)),
    )
    # Where parasites alone are marked, that a red cell is not says nothing.
    assert first.kinds_marked == second.kinds_marked == {ObjectKind.WHITE_CELL}
    (found,) = of_set(LabelledField("a.png", 300, 100, (cell("red_cell"),)))
    assert found.kinds_marked == {ObjectKind.RED_CELL}


def test_missing_images_are_counted() -> None:
    fields = [LabelledField(f"{name}.png", 10, 10, ()) for name in "abc"]
    with pytest.raises(AnnotationError, match=r"ours: 2 of 3 images are missing, the first a\.png"):
        annotated_fields(fields, {"b.png": Path("b.png")}, "ours")


def test_a_name_that_is_none_of_ours_is_refused() -> None:
    with pytest.raises(AnnotationError, match=r"a\.png: an object is called 'WBC'"):
        of_set(LabelledField("a.png", 10, 10, (cell("WBC"),)))


def test_a_field_of_a_set_comes_back_as_it_was() -> None:
    marks = [
        Mark(ObjectKind.RED_CELL, 1.3, 2.7, 30.1, 28.9, infected=True, stage="ring"),
        Mark(ObjectKind.RED_CELL, 50, 2, 30, 28),
        Mark(ObjectKind.WHITE_CELL, 100, 2, 60, 60),
    ]
    field = annotated_field(
        Path("a.png"),
        "ours",
        marks,
        frozenset({ObjectKind.RED_CELL, ObjectKind.WHITE_CELL}),
        slide="7",
        unsure=[Mark(ObjectKind.RED_CELL, 1, 60, 30, 28)],
        not_red_cells=[Mark(ObjectKind.RED_CELL, 50, 60, 3, 2)],
    )
    labelled = labelled_field(field, "a.png", 200, 100)
    assert [one.label for one in labelled.objects] == [
        *("infected", "healthy", "white_cell"),
        *("unsure", "not_a_red_cell"),
    ]
    (found,) = annotated_fields([labelled], {"a.png": Path("a.png")}, "ours")
    for name in ("boxes", "kind", "infected", "unsure", "not_red_cells"):
        np.testing.assert_array_equal(getattr(found, name), getattr(field, name))
    assert (found.stage, found.slide, found.kinds_marked) == (field.stage, field.slide, field.kinds_marked)


def test_centres_without_boxes_are_counted() -> None:
    centre = Mark(ObjectKind.RED_CELL, 5, 5, float("nan"), float("nan"))
    field = annotated_field(Path("a.png"), "ours", [centre] * 2, frozenset())
    with pytest.raises(AnnotationError, match=r"ours: a\.png: 2 objects have a centre and no box"):
        labelled_field(field, "a.png", 10, 10)
