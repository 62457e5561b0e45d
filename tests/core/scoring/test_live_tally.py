"""What is said of a field and of a slide while it is photographed."""

from dataclasses import replace

import numpy as np
import pytest

from core.cells.located import WhyNot
from core.cells.quality import FieldQuality
from core.results.tables import NUMBER_OF_REASON, CellRows
from core.scoring.live_tally import (
    LiveField,
    LiveTally,
    cells_added,
    field_notes,
    said_of_field,
    said_of_tally,
    tally_of,
)
from core.scoring.survey import FieldsOverlap, Survey, SurveyedField
from core.wording import in_language, sentence
from tests.coloured_cells import DotCard

GOOD = FieldQuality(0.05, 230.0, 0.1, 0.3, 0.2, cell_width_px=28.0)


def surveyed(name: str, why_not: WhyNot = WhyNot.EVALUABLE, why: str = "") -> SurveyedField:
    return SurveyedField(name, 640, 480, name, GOOD, "", why or str(why_not), why_not)


def survey(last: SurveyedField, reasons: list[WhyNot], *overlaps: FieldsOverlap) -> Survey:
    """An earlier field with one cell that counts, and the last one with objects of these reasons."""
    why_not = np.array([0, *(NUMBER_OF_REASON[why] for why in reasons)], np.uint8)
    scores = np.zeros(len(why_not), np.float32)
    field = np.array([0, *[1] * len(reasons)], np.int32)
    rows = CellRows(field, np.zeros((len(why_not), 4), np.float32), scores, scores, scores, why_not)
    return Survey((surveyed("f1"), last), rows, np.empty((0, 2), np.float16), overlaps)


def live(cells: int, *, is_counted: bool = True) -> LiveField:
    return LiveField("f2", "f2.jpg", "", cells, is_counted, ())


def test_a_field_adds_its_cells_that_count_and_no_others() -> None:
    reasons = [WhyNot.EVALUABLE, WhyNot.EDGE, WhyNot.SEEN_ELSEWHERE, WhyNot.EVALUABLE]
    assert cells_added(survey(surveyed("f2"), reasons)) == 2


@pytest.mark.parametrize(
    ("fields", "tally", "more"),
    [
        ([], LiveTally(0, 0, 0), None),
        ([live(0, is_counted=False)], LiveTally(0, 0, 1), None),
        # 199 900 are missing; at 100 a field that is 1 999 fields.
        ([live(100)], LiveTally(100, 1, 0), 1999),
        # With one field of two left out it takes twice as many.
        ([live(100), live(0, is_counted=False)], LiveTally(100, 1, 1), 3998),
        ([live(200_000)], LiveTally(200_000, 1, 0), 0),
    ],
)
def test_how_many_fields_more_it_takes_follows_from_all_that_were_taken(
    fields: list[LiveField], tally: LiveTally, more: int | None
) -> None:
    assert tally_of(fields) == tally
    assert tally.fields_more == more


@pytest.mark.parametrize(
    ("tally", "english", "french"),
    [
        (
            LiveTally(1234, 12, 0),
            "So far 1 234 of 200 000 cells (provisional), on 12 fields. "
            "About 1 933 fields more at this rate.",
            "Jusqu'ici 1 234 hématies sur 200 000 (provisoire), dans 12 champs. "
            "Encore 1 933 champs environ à ce rythme.",
        ),
        (
            LiveTally(200_001, 1900, 3),
            "So far 200 001 of 200 000 cells (provisional), on 1 900 fields. That is enough so far. "
            "Take some fields more: "
            "cells that overlapping fields share are taken off when the slide is closed.",
            "Jusqu'ici 200 001 hématies sur 200 000 (provisoire), dans 1 900 champs. "
            "C'est suffisant jusqu'ici. "
            "Prenez encore quelques champs : les hématies communes à des champs qui se recouvrent "
            "sont retirées quand "
            "la lame est close.",
        ),
        (
            LiveTally(0, 0, 1),
            "So far 0 of 200 000 cells (provisional), on 0 fields.",
            "Jusqu'ici 0 hématies sur 200 000 (provisoire), dans 0 champ.",
        ),
    ],
)
def test_the_tally_is_said_in_both_languages(tally: LiveTally, english: str, french: str) -> None:
    assert " ".join(map(str, said_of_tally(tally))) == english
    assert " ".join(in_language(one, "fr") for one in said_of_tally(tally)) == french


def test_a_field_is_said_with_what_is_wrong_with_it() -> None:
    field = replace(live(1), notes=(sentence("watch.outside.dim"),))
    assert " ".join(map(str, said_of_field(field))) == "f2: 1 cell counts. It is too dim: turn up the light."


@pytest.mark.parametrize(
    ("last", "codes"),
    [
        (surveyed("f2"), []),
        (surveyed("f2", WhyNot.OUT_OF_FOCUS), ["watch.why.out of focus"]),
        (surveyed("f2", WhyNot.DUPLICATE, "duplicate of f1"), ["watch.duplicate"]),
        (replace(surveyed("f2"), quality=replace(GOOD, edge_blur=float("nan"))), ["watch.no_cells"]),
        (replace(surveyed("f2"), quality=replace(GOOD, cell_width_px=14.0)), ["watch.magnification"]),
        (replace(surveyed("f2"), quality=replace(GOOD, cell_width_px=30.0)), []),
    ],
)
def test_what_is_wrong_with_a_field_is_named(last: SurveyedField, codes: list[str]) -> None:
    notes = field_notes(survey(last, [WhyNot.EVALUABLE]), DotCard(), slide_width_px=28.0)
    assert [note.code for note in notes] == codes


def test_an_overlap_names_the_other_field_and_how_many_cells_are_counted_there() -> None:
    seen = survey(
        surveyed("f2"),
        [WhyNot.SEEN_ELSEWHERE, WhyNot.SEEN_ELSEWHERE, WhyNot.EVALUABLE],
        FieldsOverlap("f1", "f2", 2),
    )
    (note,) = field_notes(seen, DotCard(), slide_width_px=28.0)
    assert str(note) == "It overlaps f1: 2 cells are counted there."
    assert in_language(note, "fr") == "Il recouvre en partie f1 : 2 hématies y sont comptées."


def test_what_a_slide_is_told_of_light_is_told_of_a_field_in_short() -> None:
    dim = sentence("outside.dim", value=90.0, low=150.0, high=250.0)
    other = sentence("as written", text="The sky is low.")
    notes = field_notes(survey(surveyed("f2"), [WhyNot.EVALUABLE]), DotCard(outside=(dim, other)), 28.0)
    assert [*map(str, notes)] == ["It is too dim: turn up the light.", "The sky is low."]
