"""The second look over a slide: it sees the best of the first, and what both say together ranks them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.cells.burned_in import BurnedIn
from core.cells.crops import surrounded_crops
from core.cells.located import WhyNot
from core.errors import UnreadableImageError
from core.results.tables import CellRows
from core.scoring import second_pass
from core.scoring.field_tasks import (
    FieldTask,
    SlideInWork,
    file_states,
    measure_reference,
    score_field,
    slide_in_work,
)
from core.scoring.ledger import Ledger
from core.scoring.second_pass import (
    LEAST,
    SecondTask,
    combined,
    look_again,
    looked_at_again,
    put_forward,
    second_log_odds,
)
from core.scoring.survey import survey_slide
from core.scoring.workers import Workers
from core.slides import content_hash, open_slide
from tests.coloured_cells import REFERENCE, DiscModels, draw_field, load_models, save, save_slide
from tests.core.scoring.test_ledger import IDENTITY, scored

NAN = float("nan")
BOXES = np.array([[6, 6, 28, 28], [46, 6, 28, 28]], np.float32)


def scored_once(first: NDArray[np.floating]) -> CellRows:
    """Objects of one field, with these scores of the first look."""
    count = len(first)
    return CellRows(
        field=np.zeros(count, np.int32),
        boxes=np.zeros((count, 4), np.float32),
        detection_score=np.ones(count, np.float32),
        infected_score=np.asarray(first, np.float32),
        second_score=np.full(count, np.nan, np.float32),
        why_not=np.zeros(count, np.uint8),
    )


def test_of_a_small_slide_all_that_is_looked_at_is_seen_again() -> None:
    assert put_forward(scored_once(np.array([0.1, NAN, 0.0, 0.9]))).tolist() == [0, 2, 3]


def test_of_a_large_slide_the_best_four_in_a_hundred_are_seen_again() -> None:
    scores = np.random.default_rng(0).permutation(60_001) / 60_001
    seen = put_forward(scored_once(scores))
    assert len(seen) == 2401  # 2400.04, rounded up
    assert (np.diff(seen) > 0).all()
    assert scores[seen].min() > np.delete(scores, seen).max()


def test_never_fewer_than_the_least_are_seen_again_and_what_is_not_looked_at_does_not_count() -> None:
    scores = np.concatenate([np.linspace(0, 1, 30_000), np.full(90_000, NAN)])
    seen = put_forward(scored_once(scores))  # 4 in a hundred of 30,000 would be 1,200
    assert seen.tolist() == list(range(30_000 - LEAST, 30_000))


def test_of_equal_scores_the_first_of_the_table_are_seen_again() -> None:
    scores = np.full(LEAST + 500, 0.25)
    scores[[7, LEAST + 400]] = 0.5, 0.75
    assert put_forward(scored_once(scores)).tolist() == [*range(LEAST - 1), LEAST + 400]


def test_no_objects_are_none_to_see_again() -> None:
    assert put_forward(scored_once(np.empty(0))).tolist() == []


def test_the_odds_of_both_looks_are_multiplied() -> None:
    # Even odds say nothing; 1 : 4 by 8 : 1 is 2 : 1; 9 : 1 by 1 : 9 is even.
    first = np.array([0.5, 0.5, 0.2, 0.9], np.float32)
    second = np.log(np.array([1.0, 3.0, 8.0, 1 / 9], np.float32))
    np.testing.assert_allclose(combined(first, second), [0.5, 0.75, 2 / 3, 0.5], atol=1e-6)


def test_a_first_look_that_is_sure_leaves_the_second_a_million_to_one() -> None:
    found = combined(np.array([0.0, 1.0], np.float32), np.array([np.log(1e6), -np.log(1e6)], np.float32))
    np.testing.assert_allclose(found, [0.5, 0.5], atol=1e-5)


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(-30, 30)), min_size=2, max_size=20))
def test_what_both_looks_rank_higher_is_ranked_no_lower(scores: list[tuple[float, float]]) -> None:
    first, second = np.array(scores, np.float32).T
    found = combined(first, second)
    assert ((found >= 0) & (found <= 1)).all()
    higher = (first[:, None] >= first) & (second[:, None] >= second)
    assert (found[:, None] >= found)[higher].all()


def test_each_object_is_seen_with_its_surroundings_in_the_colour_of_its_field() -> None:
    models, image = DiscModels(), draw_field()
    second_log_odds(models, image, BOXES, (200.0, 140.0, 150.0), REFERENCE)
    (seen,) = models.second_look.seen
    np.testing.assert_array_equal(seen, surrounded_crops(image, BOXES, (200.0, 140.0, 150.0)))
    assert models.second_look.statistics == [REFERENCE.second_statistics]


def test_a_caption_is_not_seen_by_the_second_look_either() -> None:
    models, image = DiscModels(), draw_field()
    plain, barred = image.copy(), image.copy()
    barred[2:8, 30:60] = 0
    reference = replace(REFERENCE, burned_in=BurnedIn(240, 200, ((28, 0, 34, 10),)))
    plain[0:10, 28:62] = reference.burned_in.painted_over(barred)[5, 30]
    second_log_odds(models, barred, BOXES, (200.0, 140.0, 150.0), reference)
    np.testing.assert_array_equal(
        models.second_look.seen[0], surrounded_crops(plain, BOXES, (200.0, 140.0, 150.0))
    )


def task_of(folder: Path, image: NDArray[np.uint8]) -> tuple[SlideInWork, SecondTask]:
    save(folder / "slide" / "a.png", image)
    slide = SlideInWork(folder / "slide", "slide", str(folder), REFERENCE, None)
    task = SecondTask("a.png", content_hash(image), (200.0, 140.0, 150.0), np.array([3, 5]), BOXES)
    return slide, task


def test_a_field_is_decoded_again_and_its_objects_looked_at(tmp_path: Path) -> None:
    models, image = DiscModels(), draw_field()
    assert look_again(models, task_of(tmp_path, image)).tolist() == [0, 0]
    np.testing.assert_array_equal(
        models.second_look.seen[0], surrounded_crops(image, BOXES, (200.0, 140.0, 150.0))
    )


def test_a_field_that_changed_since_it_was_scored_is_named_and_not_looked_at(tmp_path: Path) -> None:
    slide, task = task_of(tmp_path, draw_field())
    save(tmp_path / "slide" / "a.png", draw_field(seed=1))
    models = DiscModels()
    with pytest.raises(UnreadableImageError, match=r"a\.png was changed while its slide was scored"):
        look_again(models, (slide, task))
    assert models.second_look.seen == []


@pytest.mark.parametrize("count", [1, 2])
def test_what_is_seen_again_leads_the_list_and_the_others_keep_their_order_below(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    """Four fields of 30 cells, two with a dot on the first and on the last; 40 of the 120 are seen again."""
    monkeypatch.setattr(second_pass, "LEAST", 40)
    opened = open_slide(save_slide(tmp_path / "slide", fields=4))
    names, models = opened.field_names(), load_models()
    in_work = slide_in_work(opened, file_states(opened), None)
    in_work = replace(in_work, reference=measure_reference(models, (in_work, names)))
    with (
        Ledger(tmp_path / "ledger", IDENTITY, resume=True) as ledger,
        Workers(load_models, count) as workers,
    ):
        for name in names:
            ledger.add(score_field(models, FieldTask(in_work, name, "state", 1)))
        ledger.flush()
        before = survey_slide(ledger, names, lambda _: WhyNot.EVALUABLE)
        after = looked_at_again(before, ledger, in_work, workers)
    first, second = before.located.infected_score, after.located.second_score
    with_a_dot = [7, 8, 97, 98]
    assert np.flatnonzero(first).tolist() == with_a_dot
    # The other cells score nothing: the first of them in the table fill the forty up.
    seen = sorted([*[number for number in range(38) if number not in (7, 8)], *with_a_dot])
    assert np.flatnonzero(np.isfinite(second)).tolist() == seen
    ranked = after.located.ranked.tolist()
    assert ranked[:4] == sorted(with_a_dot, key=lambda number: -second[number])
    assert ranked[40:] == [number for number in before.located.ranked.tolist() if number not in seen]
    np.testing.assert_array_equal(after.located.infected_score, first)
    assert after.fields == before.fields
    # Dots of radius 3 and 4 px fill about 110 and 200 of the 1024 pixels of a middle: log-odds of .2 and 1.9.
    odds = second[with_a_dot] / (1 - second[with_a_dot]) * (1 / first[with_a_dot] - 1)
    np.testing.assert_allclose(np.log(odds), [0.2, 1.9, 0.2, 1.9], atol=0.7)


def test_where_nothing_is_looked_at_the_survey_stays_as_it_is(tmp_path: Path) -> None:
    opened = open_slide(save_slide(tmp_path / "slide", fields=1))
    in_work = slide_in_work(opened, file_states(opened), None)
    with Ledger(tmp_path / "ledger", IDENTITY, resume=True) as ledger, Workers(load_models, 1) as workers:
        ledger.add(scored("field1.png", cells=0))
        ledger.flush()
        before = survey_slide(ledger, ["field1.png"], lambda _: WhyNot.EVALUABLE)
        after = looked_at_again(before, ledger, in_work, workers)
    assert (after.fields, len(after.located)) == (before.fields, 0)
