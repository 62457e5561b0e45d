"""What a card answers: what its lists are worth, whether a slide is within validity."""

import json
import math
import re
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from core.cells.located import WhyNot
from core.cells.quality import FieldQuality
from core.tally import Performance
from core.wording.catalogue import in_language
from models.cards import (
    RELEASED,
    CardError,
    ClassifierCard,
    DetectorCard,
    ModelCards,
    Range,
    SecondLookCard,
    read_card,
    write_card,
)
from tests.models.made_cards import CLASSIFIER, CURVE, DETECTOR, SECOND_LOOK

CARDS = ModelCards("three", "three 1", DETECTOR, CLASSIFIER, SECOND_LOOK)
GOOD = FieldQuality(0.04, 220.0, 0.1, 0.2, 0.1)


def test_the_worth_of_the_lists_is_that_of_the_card_whose_network_ranks_them() -> None:
    assert CARDS.performance == Performance("three", "iml_malaria, left out", CURVE)


def test_a_field_fails_when_more_blurred_than_any_validated() -> None:
    assert CARDS.field_failure(FieldQuality(0.08, 220, 0.1, 0.2, 0.1)) == ""
    assert CARDS.field_failure(FieldQuality(0.081, 220, 0.1, 0.2, 0.1)) == "out of focus"
    assert CARDS.field_failure(FieldQuality(math.inf, 220, 0.1, 0.2, 0.1)) == "out of focus"


def test_a_field_saved_in_grey_fails_whatever_its_focus() -> None:
    assert CARDS.field_failure(FieldQuality(0.03, 220, 0.14, 0.142, 0.141)) == "without colour"
    assert CARDS.field_failure(FieldQuality(0.081, 220, 0.14, 0.14, 0.14)) == "without colour"


def test_a_field_fails_on_which_a_parasite_could_not_be_seen() -> None:
    seen = replace(GOOD, cell_width_px=70.0, fine_detail=-2.2, block_steps=0.1)
    assert CARDS.field_failure(seen) == ""
    assert CARDS.field_failure(replace(seen, cell_width_px=27.9)) == "too few pixels a cell"
    assert CARDS.field_failure(replace(seen, fine_detail=-2.8)) == "too little detail"
    assert CARDS.field_failure(replace(seen, block_steps=0.31)) == "too little detail"
    assert CARDS.field_failure(replace(seen, negative=True, cell_width_px=12.0)) == "negative image"
    # Few pixels blur a cell's edge too: what is to be done is said of the pixels.
    assert CARDS.field_failure(replace(seen, cell_width_px=12.0, edge_blur=0.2)) == "too few pixels a cell"


def test_of_fields_left_out_it_is_said_how_many_and_what_to_do() -> None:
    few = [replace(GOOD, cell_width_px=width) for width in (18.0, 19.0, 20.0)]
    said = CARDS.left_out(
        {WhyNot.TOO_FEW_PIXELS: few, WhyNot.TOO_LITTLE_DETAIL: [GOOD], WhyNot.NEGATIVE: [GOOD, GOOD]}
    )
    assert [str(one).partition(".")[0] for one in said] == [
        "3 fields do not count: their cells are 19 px wide, and at least 28 px are needed",
        "1 field does not count: it shows too little detail, as a picture does that was compressed "
        "strongly or enlarged",
        "2 fields do not count: they are negatives, with bright cells on dark ground",
    ]
    assert in_language(said[0], "fr").startswith("3 champs ne comptent pas : leurs hématies mesurent 19 px")
    assert CARDS.left_out({WhyNot.OUT_OF_FOCUS: [GOOD]}) == ()


def test_a_width_that_is_too_small_never_reads_as_the_one_that_is_needed() -> None:
    (said,) = CARDS.left_out({WhyNot.TOO_FEW_PIXELS: [replace(GOOD, cell_width_px=27.9)]})
    assert str(said) == (
        "1 field does not count: its cells are 27 px wide, and at least 28 px are needed. Photograph it with "
        "the 100x oil objective, or save it at the size that the camera gives."
    )
    assert in_language(said, "fr").endswith("ou enregistrez-le à la taille que donne la caméra.")


def test_a_slide_like_the_validated_ones_is_within_validity() -> None:
    assert CARDS.outside_validity([GOOD] * 3) == ()


@pytest.mark.parametrize(
    ("quality", "said"),
    [
        (FieldQuality(0.2, 220, 0.1, 0.2, 0.1), "pictures are much more blurred .* focus and photograph"),
        (FieldQuality(0.001, 220, 0.1, 0.2, 0.1), "pictures are much sharper .* the camera's sharpening"),
        (FieldQuality(0.04, 90, 0.1, 0.2, 0.1), r"light is much weaker .* \(background 90 of 255; known"),
        (FieldQuality(0.04, 300, 0.1, 0.2, 0.1), "light is much stronger .* turn down the light"),
        (
            FieldQuality(0.04, 220, 0.5, 0.2, 0.1),
            r"^The stain is much darker than on the slides this model knows: stain a new film, or read this "
            r"slide by hand \(optical density in red 0\.5; known are 0 to 0\.2\)\.$",
        ),
        (FieldQuality(0.04, 220, 0.1, 0.02, 0.1), r"stain is much paler .* in green 0\.02;"),
        (FieldQuality(0.04, 220, 0.1, 0.2, 0.9), r"stain is much darker .* in blue 0\.9;"),
    ],
)
def test_each_thing_outside_is_said_with_what_to_do_and_its_value(quality: FieldQuality, said: str) -> None:
    (sentence,) = CARDS.outside_validity([quality] * 3)
    assert re.search(said, str(sentence)), sentence


def test_a_stain_that_is_too_dark_in_each_channel_is_said_once_by_the_furthest() -> None:
    (sentence,) = CARDS.outside_validity([FieldQuality(0.04, 220, 0.5, 0.9, 1.9)])
    assert "much darker" in str(sentence)
    assert "in blue 1.9" in str(sentence)


def test_a_stain_too_dark_in_one_channel_and_too_pale_in_another_has_another_colour() -> None:
    (sentence,) = CARDS.outside_validity([FieldQuality(0.04, 220, 0.5, 0.02, 0.1)])
    assert "another colour" in str(sentence)
    assert "white balance" in str(sentence)


def test_focus_light_and_stain_each_have_a_sentence() -> None:
    said = CARDS.outside_validity([FieldQuality(0.2, 90, 0.5, 0.9, 0.9)])
    assert [one.code for one in said] == ["outside.blurred", "outside.dim", "outside.stain_dark"]


def test_one_odd_field_does_not_put_a_slide_outside() -> None:
    assert CARDS.outside_validity([GOOD, GOOD, FieldQuality(0.5, 10, 1, 1, 1)]) == ()


def test_fields_without_cells_say_nothing_of_the_stain() -> None:
    nan = float("nan")
    empty = FieldQuality(nan, nan, nan, nan, nan)
    assert CARDS.outside_validity([empty, empty, GOOD]) == ()
    assert CARDS.outside_validity([empty]) == ()


def test_a_range_holds_its_ends_and_no_nan() -> None:
    allowed = Range(low=1, high=2)
    assert [allowed.holds(value) for value in (1.0, 2.0, 0.99, 2.01, math.nan)] == [
        True,
        True,
        False,
        False,
        False,
    ]


def test_cards_come_back_as_they_were_written(tmp_path: Path) -> None:
    write_card(DETECTOR, tmp_path / "detector.json")
    write_card(CLASSIFIER, tmp_path / "classifier.json")
    write_card(SECOND_LOOK, tmp_path / "second_look.json")
    assert read_card(tmp_path / "detector.json", DetectorCard) == DETECTOR
    assert read_card(tmp_path / "classifier.json", ClassifierCard) == CLASSIFIER
    assert read_card(tmp_path / "second_look.json", SecondLookCard) == SECOND_LOOK


def test_a_card_of_before_pixels_and_detail_were_asked_has_the_bounds_of_the_released_one(
    tmp_path: Path,
) -> None:
    path, card = tmp_path / "classifier.json", CLASSIFIER.model_dump(mode="json")
    for measure in ("cell_width_px", "fine_detail", "block_steps"):
        del card["validity"][measure]
    path.write_text(json.dumps(card))
    read, released = read_card(path, ClassifierCard), read_card(RELEASED / "classifier.json", ClassifierCard)
    for measure in ("cell_width_px", "fine_detail", "block_steps"):
        assert getattr(read.validity, measure) == getattr(released.validity, measure)
    assert read.validity.edge_blur == CLASSIFIER.validity.edge_blur


def test_a_card_that_lacks_a_range_says_what_writes_it_anew(tmp_path: Path) -> None:
    path, card = tmp_path / "classifier.json", CLASSIFIER.model_dump(mode="json")
    del card["validity"]["edge_blur"]
    path.write_text(json.dumps(card))
    with pytest.raises(CardError, match=r"validity\.edge_blur: .*required; .*`smearscope release`"):
        read_card(path, ClassifierCard)


def test_a_missing_card_is_named(tmp_path: Path) -> None:
    with pytest.raises(CardError, match=r"card\.json: cannot be read .* beside the weights"):
        read_card(tmp_path / "card.json", DetectorCard)


@pytest.mark.parametrize(
    ("card", "change", "said"),
    [
        (CLASSIFIER, {"width": "wide"}, "width: "),
        (CLASSIFIER, {"stride_px": 8}, "stride_px: Input should be 4"),
        (CLASSIFIER, {"curve": asdict(CURVE)}, "curve: "),
        (SECOND_LOOK, {"curve_measured_on": None}, "curve_measured_on: "),
        (SECOND_LOOK, {"colour": "blue"}, "colour: "),
        (SECOND_LOOK, {"curve": {**asdict(CURVE), "rates": [0.1, 0.01, 0.2, 0.3]}}, "curve: .*must rise"),
        (SECOND_LOOK, {"curve": {**asdict(CURVE), "found": [1, 2, 3, 101]}}, "curve: .*at most parasites"),
        (SECOND_LOOK, {"curve": {**asdict(CURVE), "excess": [1.0]}}, "curve.excess: "),
    ],
)
def test_a_card_that_does_not_say_what_it_must_is_named_with_the_key(
    card: ClassifierCard | SecondLookCard, change: dict[str, Any], said: str, tmp_path: Path
) -> None:
    path = tmp_path / "card.json"
    path.write_text(json.dumps({**card.model_dump(mode="json"), **change}))
    with pytest.raises(CardError, match=rf"card\.json: {said}") as caught:
        read_card(path, ClassifierCard) if card is CLASSIFIER else read_card(path, SecondLookCard)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\x00"])
def test_a_card_that_is_not_json_is_named(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "card.json"
    path.write_bytes(content)
    with pytest.raises(CardError, match=r"card\.json"):
        read_card(path, DetectorCard)
