"""A slide put together from its scored fields: what counts, and in which order."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.cells.located import WhyNot
from core.cells.quality import FieldQuality
from core.scoring.ledger import Ledger
from core.scoring.ledger_table import LedgerEntry
from core.scoring.survey import Survey, survey_slide
from tests.core.scoring.test_ledger import IDENTITY, scored, seen_twice


def no_failure(quality: FieldQuality) -> WhyNot:
    return WhyNot.EVALUABLE


def surveyed(folder: Path, *entries: LedgerEntry) -> Survey:
    with Ledger(folder, IDENTITY, resume=True) as ledger:
        for entry in entries:
            ledger.add(entry)
        ledger.flush()
        return survey_slide(ledger, sorted(entry.name for entry in entries), no_failure)


def test_cells_come_in_the_order_of_fields_with_their_reasons(tmp_path: Path) -> None:
    survey = surveyed(tmp_path, scored("b.png", 2), scored("a.png", 3))
    assert survey.located.field.tolist() == [0, 0, 0, 1, 1]
    assert survey.located.boxes[:, 0].tolist() == [0, 4, 8, 0, 4]
    assert survey.located.by_reason() == {"out of focus": 2}
    assert survey.located.infected_score.tolist() == [0.25, 0.125, 0.25, 0.25, 0.125]


@pytest.mark.parametrize(("budget", "listed"), [(1, [1, 0]), (3, [2, 1]), (4, [3, 1]), (100, [3, 1])])
def test_a_field_is_told_how_much_of_the_list_within_the_budget_lies_on_it(
    tmp_path: Path, budget: int, listed: list[int]
) -> None:
    # The cells that count score .25, the one out of focus less: it is the last of the four.
    rows = surveyed(tmp_path, scored("a.png", 3), scored("b.png", 1)).rows(budget, planes=(1, 1))
    assert [(row.cells, row.evaluable_cells) for row in rows] == [(3, 2), (1, 1)]
    assert [row.listed for row in rows] == listed


def test_what_lies_within_the_budget_is_told_by_the_second_look_where_it_has_seen_it(tmp_path: Path) -> None:
    survey = surveyed(
        tmp_path,
        seen_twice(scored("a.png", 3), [np.nan, 0.1, np.nan]),
        seen_twice(scored("b.png", 1), [0.3]),
    )
    np.testing.assert_array_equal(
        survey.located.second_score, np.array([np.nan, 0.1, np.nan, 0.3], np.float32)
    )
    assert [[row.listed for row in survey.rows(budget, planes=(1, 1))] for budget in (1, 2, 3)] == [
        [0, 1],
        [1, 1],
        [2, 1],
    ]


def test_of_equal_pictures_the_one_of_the_earlier_lot_counts_and_then_the_first(tmp_path: Path) -> None:
    survey = surveyed(
        tmp_path,
        scored("a.png", 2, generation=2, content="same"),
        scored("b.png", 2, generation=1, content="same"),
        scored("c.png", 2, generation=1, content="same"),
    )
    assert [field.why_excluded for field in survey.fields] == ["duplicate of b.png", "", "duplicate of b.png"]
    assert (survey.excluded, survey.failed) == ({"duplicate": 2}, 0)


def test_regions_of_one_scan_are_no_copies_of_each_other_and_those_of_its_copy_are(tmp_path: Path) -> None:
    survey = surveyed(
        tmp_path,
        scored("a.tif#x=0,y=0", 2, content="same"),
        scored("a.tif#x=9,y=0", 2, content="same"),
        scored("b.tif#x=9,y=0", 2, content="same"),
        scored("c.png", 2, content="same"),
    )
    copy = "duplicate of a.tif#x=0,y=0"
    assert [field.why_excluded for field in survey.fields] == ["", "", copy, copy]


def test_a_copy_of_a_field_is_not_looked_at_again(tmp_path: Path) -> None:
    survey = surveyed(
        tmp_path, scored("a.png", 3, content="same"), scored("b.png", 3, content="same"), scored("c.png", 1)
    )
    assert survey.located.by_reason() == {"out of focus": 1, "duplicate": 3}
    assert survey.located.looked_at.tolist() == [True] * 3 + [False] * 3 + [True]
    twice = surveyed(
        tmp_path,
        seen_twice(scored("a.png", 1, content="same"), [0.7]),
        seen_twice(scored("b.png", 1, content="same"), [0.7]),
    )
    np.testing.assert_array_equal(twice.located.second_score, np.array([0.7, np.nan], np.float32))


def test_features_are_those_of_the_cells_seen_again_in_the_order_of_fields_without_copies(
    tmp_path: Path,
) -> None:
    survey = surveyed(
        tmp_path,
        seen_twice(scored("c.png", 2), [0.125, 0.875]),
        seen_twice(scored("a.png", 3, content="same"), [0.5, np.nan, 0.75]),
        seen_twice(scored("b.png", 3, content="same"), [0.5, np.nan, 0.75]),
    )
    assert survey.located.seen_again.tolist() == [0, 2, 6, 7]
    assert survey.second_features.tolist() == [[0.5, -0.5], [0.75, -0.75], [0.125, -0.125], [0.875, -0.875]]


def test_a_slide_of_which_nothing_was_seen_again_has_no_features(tmp_path: Path) -> None:
    survey = surveyed(tmp_path, scored("a.png", 3), LedgerEntry("b.png", "s", 1, None, "cut short"))
    assert (len(survey.located.seen_again), len(survey.second_features)) == (0, 0)


def test_pictures_without_cells_are_no_duplicates(tmp_path: Path) -> None:
    survey = surveyed(tmp_path, scored("a.png", 0, content="same"), scored("b.png", 0, content="same"))
    assert [field.why_excluded for field in survey.fields] == ["", ""]
    assert len(survey.located) == 0


def test_a_field_that_fails_or_was_not_read_is_left_out_with_all_its_cells(tmp_path: Path) -> None:
    with Ledger(tmp_path, IDENTITY, resume=True) as ledger:
        ledger.add(scored("a.png", 2))
        ledger.add(LedgerEntry("b.png", "s", 1, None, "cut short"))
        ledger.flush()
        survey = survey_slide(ledger, ["a.png", "b.png"], lambda _: WhyNot.WITHOUT_COLOUR)
    assert [field.why_excluded for field in survey.fields] == ["without colour", "unreadable: cut short"]
    assert (survey.excluded, survey.failed) == ({"without colour": 1, "unreadable": 1}, 1)
    assert not survey.located.evaluable.any()


def test_a_field_that_fails_is_looked_at_all_the_same(tmp_path: Path) -> None:
    with Ledger(tmp_path, IDENTITY, resume=True) as ledger:
        ledger.add(scored("a.png", 3))
        ledger.flush()
        survey = survey_slide(ledger, ["a.png"], lambda _: WhyNot.WITHOUT_COLOUR)
    assert survey.located.by_reason() == {"out of focus": 1, "without colour": 2}
    assert survey.located.ranked.tolist() == [0, 2, 1]
    assert [row.listed for row in survey.rows(2, planes=(1,))] == [2]


@pytest.mark.parametrize("cells", [0, 1, 7])
def test_a_survey_is_what_the_entries_say_one_by_one(tmp_path: Path, cells: int) -> None:
    entry = scored("a.png", cells)
    assert entry.scored is not None
    shifted = replace(entry.scored, boxes=entry.scored.boxes + np.float32(0.5), content_hash="other")
    survey = surveyed(tmp_path, entry, replace(entry, name="b.png", scored=shifted))
    for number, field in enumerate((entry.scored, shifted)):
        here = survey.located.field == number
        np.testing.assert_array_equal(survey.located.boxes[here], field.boxes)
        np.testing.assert_array_equal(survey.located.detection_score[here], field.detection_score)
        np.testing.assert_array_equal(survey.located.infected_score[here], field.infected_score)
