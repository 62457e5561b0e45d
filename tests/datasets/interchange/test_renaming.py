"""The names of a file in our words."""

import pytest

from datasets.fields import AnnotationError
from datasets.interchange.labelled import LabelledField, LabelledObject
from datasets.interchange.renaming import renamed


def field(*labels: str, stage: str = "") -> LabelledField:
    objects = tuple(LabelledObject(1, 2, 3, 4, label, stage) for label in labels)
    return LabelledField("a.png", 10, 10, objects)


def called(one: LabelledField) -> list[tuple[str, str]]:
    return [(found.label, found.stage) for found in one.objects]


def test_names_are_taken_from_the_classes_given_and_ours_stay() -> None:
    (found,) = renamed([field("WBC", "late", "infected", "ring")], {"WBC": "white_cell", "late": "schizont"})
    assert called(found) == [
        ("white_cell", ""),
        ("infected", "schizont"),
        ("infected", ""),
        ("infected", "ring"),
    ]


def test_the_classes_given_go_before_our_own_words() -> None:
    (found,) = renamed([field("infected")], {"infected": "unsure"})
    assert called(found) == [("unsure", "")]


def test_a_stage_that_the_file_gives_stays() -> None:
    (found,) = renamed([field("late", stage="schizont")], {"late": "trophozoite"})
    assert called(found) == [("infected", "schizont")]


def test_unknown_names_are_counted() -> None:
    with pytest.raises(
        AnnotationError, match=r"3 objects of unknown classes \(1 called '', 2 called 'WBC'\).*white_cell"
    ):
        renamed([field("WBC", "infected", ""), field("WBC")], {})


def test_a_class_that_is_none_of_ours_is_refused() -> None:
    with pytest.raises(AnnotationError, match=r"classes: WBC: leukocyte; choose among infected"):
        renamed([field("WBC")], {"WBC": "leukocyte"})


def test_objects_of_a_class_to_ignore_are_left_out() -> None:
    (found,) = renamed([field("WBC", "scale bar", "scale bar")], {"WBC": "white_cell", "scale bar": "ignore"})
    assert called(found) == [("white_cell", "")]
