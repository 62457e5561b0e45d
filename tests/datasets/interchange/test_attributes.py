"""What is known of an object, as flat attributes and back."""

import pytest

from datasets.interchange.attributes import attributes_of, labelled_object, number
from datasets.interchange.labelled import LabelledObject
from tests.labelled_fields import CUT, RING


def test_the_attributes_say_who_called_it_what() -> None:
    assert attributes_of(RING) == {
        "drawn with": "a <pen>",
        "stage": "ring",
        "score": 0.93,
        "rank": 1,
        "reader_1": "Anna",
        "role_1": "first",
        "call_1": "parasite",
        "reader_stage_1": "ring",
        "species_1": "falciparum",
        "said_at_1": "2026-05-04T08:30:00+00:00",
        "reader_2": "Ben & Co",
        "role_2": "second",
        "call_2": "not a parasite",
        "reason_2": "artefact",
    }
    assert attributes_of(CUT) == {"score": 0.004, "rank": 2, "why_not": "edge"}


@pytest.mark.parametrize("one", [RING, CUT])
def test_an_object_comes_back_from_its_attributes_as_numbers_or_text(one: LabelledObject) -> None:
    box = (one.x, one.y, one.width, one.height)
    said = attributes_of(one)
    assert labelled_object(box, one.label, said) == one
    assert labelled_object(box, one.label, {name: str(value) for name, value in said.items()}) == one


def test_what_has_our_names_and_is_something_else_stays_as_it_is() -> None:
    given = {"score": "high", "rank": "third", "reader_2": "Ben", "call_1": "ring"}
    assert labelled_object((1, 2, 3, 4), "x", given) == LabelledObject(1, 2, 3, 4, "x", more=given)
    per_cent = {"score": "95", "rank": "0"}
    assert labelled_object((1, 2, 3, 4), "x", per_cent).more == per_cent


@pytest.mark.parametrize("value", ["x", "", "nan", "inf", float("nan"), True, None, [1], {}])
def test_what_is_no_number_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"number|convert"):
        number(value)
