"""A cell on two photographs: it counts once, and is looked at where it counts and is sharper."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from core.cells.located import WhyNot
from core.cells.quality import FieldQuality
from core.cells.scored_field import ScoredField
from core.overlap import Placement, implied_pairs
from core.results.fields import read_fields
from core.results.result import SlideResult
from core.results.tables import REASONS, read_cells
from core.scoring import overlapping
from core.scoring.ledger_table import LedgerEntry
from core.scoring.overlap_pictures import DoubtfulOverlap, NeighbouringFields
from core.scoring.overlapping import each_place_once
from core.scoring.survey import FieldsOverlap, Survey
from core.tally.records import SEEN_ELSEWHERE
from tests.coloured_cells import BACKGROUND, CELL, DIAMETER_PX, PARASITE, save
from tests.core.overlap.strewn_cells import photograph, strewn
from tests.core.scoring.test_slide_run import files, score
from tests.core.scoring.test_survey import surveyed

SLIDE = strewn(30, 12, seed=4)
CELL_PX = 28


def entry(
    name: str,
    left: float,
    *,
    blur: float = 0.04,
    reasons: Sequence[str] = (),
    seen: Sequence[int] = (),
    generation: int = 1,
) -> LedgerEntry:
    """The photograph of 12 x 9 cell widths that begins at `left`; `reasons` of the first of its cells.

    The second look has seen those of `seen`.
    """
    points = photograph(SLIDE, complex(left, 1)).points * CELL_PX
    sides = np.full(len(points), CELL_PX)
    boxes = np.stack([points.real - CELL_PX / 2, points.imag - CELL_PX / 2, sides, sides], axis=1)
    why_not = np.array([*reasons, *[""] * (len(points) - len(reasons))], "<U16")
    second = np.full(len(points), np.nan, np.float32)
    second[list(seen)] = 0.5
    field = ScoredField(
        width=12 * CELL_PX,
        height=9 * CELL_PX,
        content_hash=name,
        quality=FieldQuality(blur, 240.0, 0.1, 0.2, 0.1),
        cell_colour=(190.0, 120.0, 150.0),
        feature_statistics=(),
        boxes=boxes.astype(np.float32),
        detection_score=np.full(len(points), 0.9, np.float32),
        infected_score=np.full(len(points), 0.1, np.float32),
        second_score=second,
        second_features=np.arange(len(seen), dtype=np.float16)[:, None],
        why_not=why_not,
    )
    return LedgerEntry(name, "1 bytes, 1 ns", generation, field)


def nowhere(pairs: Sequence[NeighbouringFields]) -> list[Placement | None]:
    return [None] * len(pairs)


def once(
    folder: Path,
    *entries: LedgerEntry,
    laid: Callable[[Sequence[NeighbouringFields]], list[Placement | None]] = nowhere,
) -> Survey:
    def undecided(doubtful: Sequence[DoubtfulOverlap]) -> list[bool]:
        return [False] * len(doubtful)

    lots = {one.name: one.generation for one in entries}
    return each_place_once(surveyed(folder, *entries), lots, undecided, laid)


def reasons_on(survey: Survey, name: str) -> list[WhyNot]:
    number = [field.name for field in survey.fields].index(name)
    return [REASONS[reason] for reason in survey.located.why_not[survey.located.field == number]]


def shown_by(*lefts: float) -> int:
    """How many cells of the slide lie on any of the photographs that begin there."""
    inside = [(SLIDE.real > left) & (SLIDE.real < left + 12) for left in lefts]
    return int((np.any(inside, axis=0) & (SLIDE.imag > 1) & (SLIDE.imag < 10)).sum())


def test_cells_on_two_photographs_count_once(tmp_path: Path) -> None:
    survey = once(tmp_path, entry("a.png", 0), entry("b.png", 6))
    shared = shown_by(0) + shown_by(6) - shown_by(0, 6)
    assert int(survey.located.evaluable.sum()) == shown_by(0, 6)
    assert survey.located.by_reason() == {"seen elsewhere": shared}
    assert survey.overlaps == (FieldsOverlap("a.png", "b.png", shared),)
    rows = survey.rows(100, [1, 1])
    assert [row.overlaps for row in rows] == [("b.png",), ("a.png",)]
    assert [row.seen_elsewhere for row in rows] == [0, shared]


def test_what_is_seen_elsewhere_is_not_in_the_list(tmp_path: Path) -> None:
    survey = once(tmp_path, entry("a.png", 0), entry("b.png", 6))
    elsewhere = survey.located.why_not == REASONS.index(WhyNot.SEEN_ELSEWHERE)
    assert not survey.located.looked_at[elsewhere].any()
    assert len(survey.located.ranked) == shown_by(0, 6)


def test_a_cell_counts_on_the_sharper_photograph(tmp_path: Path) -> None:
    survey = once(tmp_path, entry("a.png", 0, blur=0.05), entry("b.png", 6, blur=0.04))
    assert WhyNot.SEEN_ELSEWHERE in reasons_on(survey, "a.png")
    assert set(reasons_on(survey, "b.png")) == {WhyNot.EVALUABLE}


def test_a_cell_counts_where_it_is_whole_however_sharp_the_other_picture_is(tmp_path: Path) -> None:
    # Copies of one picture: on the sharper one, two cells do not count.
    survey = once(
        tmp_path, entry("a.png", 0, blur=0.03, reasons=["edge", "clump"]), entry("b.png", 0, blur=0.04)
    )
    assert int(survey.located.evaluable.sum()) == shown_by(0)
    assert reasons_on(survey, "b.png")[:3] == [WhyNot.EVALUABLE, WhyNot.EVALUABLE, WhyNot.SEEN_ELSEWHERE]
    assert reasons_on(survey, "a.png")[:3] == [WhyNot.SEEN_ELSEWHERE] * 2 + [WhyNot.EVALUABLE]


def test_what_counts_nowhere_is_looked_at_where_it_is_not_cut(tmp_path: Path) -> None:
    survey = once(
        tmp_path, entry("a.png", 0, reasons=["edge"]), entry("b.png", 0, blur=0.09, reasons=["clump"])
    )
    assert reasons_on(survey, "a.png")[0] == WhyNot.SEEN_ELSEWHERE
    assert reasons_on(survey, "b.png")[0] == WhyNot.CLUMP


def test_a_cell_keeps_what_the_second_look_saw_of_it_on_a_picture_that_is_less_sharp(tmp_path: Path) -> None:
    # Copies of one picture: cell 3 was looked at again on the blurred one alone, cell 4 on both.
    survey = once(tmp_path, entry("a.png", 0, blur=0.03, seen=[4]), entry("b.png", 0, blur=0.05, seen=[3, 4]))
    assert set(reasons_on(survey, "a.png")) == {WhyNot.EVALUABLE}
    assert survey.located.seen_again.tolist() == [3, 4]
    assert survey.located.ranking_score[survey.located.ranked[:2]].tolist() == [0.5, 0.5]
    assert survey.second_features.ravel().tolist() == [0, 0]


def test_a_cell_that_is_cut_gives_way_to_its_whole_twin_on_a_field_added_later(tmp_path: Path) -> None:
    survey = once(tmp_path, entry("a.png", 0, reasons=["edge"]), entry("b.png", 0, generation=2))
    assert reasons_on(survey, "a.png")[:2] == [WhyNot.SEEN_ELSEWHERE, WhyNot.EVALUABLE]
    assert reasons_on(survey, "b.png")[:2] == [WhyNot.EVALUABLE, WhyNot.SEEN_ELSEWHERE]


def test_a_field_added_later_takes_no_cell_away_however_sharp_it_is(tmp_path: Path) -> None:
    survey = once(tmp_path, entry("a.png", 6, blur=0.01, generation=2), entry("b.png", 0, blur=0.05))
    assert set(reasons_on(survey, "b.png")) == {WhyNot.EVALUABLE}
    assert WhyNot.SEEN_ELSEWHERE in reasons_on(survey, "a.png")


def test_a_place_on_three_photographs_counts_once_too(tmp_path: Path) -> None:
    survey = once(tmp_path, *(entry(name, left) for name, left in (("a.png", 0), ("b.png", 4), ("c.png", 8))))
    assert int(survey.located.evaluable.sum()) == shown_by(0, 4, 8)
    assert [(one.first, one.second) for one in survey.overlaps][:2] == [
        ("a.png", "b.png"),
        ("a.png", "c.png"),
    ]


def test_two_cells_count_though_a_third_photograph_locates_them_as_one_clump(tmp_path: Path) -> None:
    scored = entry("a.png", 0).scored
    assert scored is not None
    corners = scored.boxes[:, 0] + 1j * scored.boxes[:, 1]
    apart = np.abs(corners[:, None] - corners[None]) + np.diag(np.full(len(corners), np.inf))
    one, other = np.unravel_index(apart.argmin(), apart.shape)
    assert apart[one, other] < CELL_PX  # they touch
    nearer = (scored.boxes[other] - scored.boxes[one]) / 20
    # On the first photograph the one lies a little nearer to the clump of the second, on the third the other.
    boxes = [scored.boxes.copy() for _ in range(3)]
    boxes[0][one] += nearer
    boxes[1][one] += 10 * nearer
    boxes[2][other] -= nearer
    why_not = scored.why_not.copy()
    why_not[one], why_not[other] = "clump", "covered"
    reasons = (scored.why_not, why_not, scored.why_not)
    survey = once(
        tmp_path,
        *(
            replace(entry(name, 0), scored=replace(scored, content_hash=name, boxes=shown, why_not=why))
            for name, shown, why in zip(("a.png", "b.png", "c.png"), boxes, reasons, strict=True)
        ),
    )
    assert int(survey.located.evaluable.sum()) == shown_by(0)
    assert set(reasons_on(survey, "a.png")) == {WhyNot.EVALUABLE}


@pytest.mark.parametrize("seed", range(4))
def test_each_cell_of_the_slide_stays_on_exactly_one_photograph(tmp_path: Path, seed: int) -> None:
    draw = np.random.default_rng(seed)
    lefts = (0.0, 4.0, 4.0, 6.0)
    entries = [
        entry(
            f"{number}.png",
            left,
            blur=float(draw.uniform(0.02, 0.06)),
            reasons=draw.choice(["", "", "", "clump", "out of focus"], 60).tolist(),
            seen=draw.choice(60, 6, replace=False).tolist(),
            generation=int(draw.integers(1, 3)),
        )
        for number, left in enumerate(lefts)
    ]
    kept = once(tmp_path, *entries).located
    stays = kept.why_not != REASONS.index(WhyNot.SEEN_ELSEWHERE)
    middle = kept.boxes[stays, 0] / CELL_PX + 0.5 + 1j * (kept.boxes[stays, 1] / CELL_PX + 0.5)
    which = np.abs((middle + np.array(lefts)[kept.field[stays]] + 1j)[:, None] - SLIDE).argmin(axis=1)
    assert len(which) == len(set(which.tolist())) == shown_by(*lefts)


def test_a_copy_is_no_field_more_and_the_features_stay_with_their_cells(tmp_path: Path) -> None:
    survey = once(tmp_path, entry("a.png", 0, seen=[2, 5]), entry("b.png", 0, seen=[2, 5, 7], blur=0.05))
    assert [field.why_excluded for field in survey.fields] == ["", "seen elsewhere"]
    assert (survey.excluded, survey.failed, len(survey.counted)) == ({"seen elsewhere": 1}, 0, 1)
    assert survey.located.seen_again.tolist() == [2, 5, 7]
    assert survey.second_features.ravel().tolist() == [0, 1, 2]


def by_names(
    places: dict[str, float], asked: list[tuple[str, str]]
) -> Callable[[Sequence[NeighbouringFields]], list[Placement | None]]:
    """What finds each strip of the photographs that begin at these places, and notes what it is asked."""

    def laid(pairs: Sequence[NeighbouringFields]) -> list[Placement | None]:
        asked.extend((pair.first.name, pair.second.name) for pair in pairs)
        apart = [places[pair.second.name] - places[pair.first.name] for pair in pairs]
        return [Placement(1, -complex(right, 0)) if right < 12 else None for right in apart]

    return laid


def test_cells_on_a_strip_that_the_pictures_alone_show_count_once(tmp_path: Path) -> None:
    asked: list[tuple[str, str]] = []
    places = {"a.png": 0.0, "b.png": 10.8, "c.png": 17.0}
    entries = [entry(name, left) for name, left in places.items()]
    by_cells = once(tmp_path / "without", *entries)
    assert [(one.first, one.second) for one in by_cells.overlaps] == [("b.png", "c.png")]
    assert int(by_cells.located.evaluable.sum()) > shown_by(*places.values())
    survey = once(tmp_path / "with", *entries, laid=by_names(places, asked))
    assert int(survey.located.evaluable.sum()) == shown_by(*places.values())
    assert [(one.first, one.second) for one in survey.overlaps] == [("a.png", "b.png"), ("b.png", "c.png")]
    assert asked == [("a.png", "b.png"), ("a.png", "c.png")]  # what the cells tell is not asked again


def test_what_is_found_implies_a_strip_of_fields_that_do_not_follow_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overlapping, "APART", 1)
    asked: list[tuple[str, str]] = []
    places = {"a.png": 0.0, "b.png": 10.8, "c.png": 11.0}
    entries = [entry(name, left) for name, left in places.items()]
    survey = once(tmp_path, *entries, laid=by_names(places, asked))
    assert asked == [("a.png", "b.png"), ("a.png", "c.png")]
    assert len(survey.overlaps) == 3
    assert int(survey.located.evaluable.sum()) == shown_by(*places.values())


def test_where_no_photograph_overlaps_the_next_one_no_others_are_laid_on_each_other(tmp_path: Path) -> None:
    asked: list[tuple[str, str]] = []
    places = {"a.png": 0.0, "b.png": 12.5, "c.png": 25.0}
    once(tmp_path, *(entry(name, left) for name, left in places.items()), laid=by_names(places, asked))
    assert asked == [("a.png", "b.png"), ("b.png", "c.png")]


def test_room_for_implied_pairs_is_not_taken_by_fields_that_cannot_be_laid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overlapping, "APART", 1)
    monkeypatch.setattr(overlapping, "IMPLIED_EACH", 1)
    asked: list[tuple[str, str]] = []
    places = {"a.png": 0.0, "b.png": 10.8, "c.png": 11.0}
    entries = [entry(name, left) for name, left in places.items()]

    def with_one_that_cannot(found: Any, patterns: Any, tried: Any) -> list[tuple[int, int]]:  # noqa: ANN401
        return [(-3, 0), (-2, 0), (-1, 0), *implied_pairs(found, patterns, tried)]

    monkeypatch.setattr(overlapping, "implied_pairs", with_one_that_cannot)
    once(tmp_path, *entries, laid=by_names(places, asked))
    assert ("a.png", "c.png") in asked


def test_fields_of_another_scale_and_such_as_do_not_count_are_not_laid_on_each_other(tmp_path: Path) -> None:
    asked: list[tuple[str, str]] = []
    larger = entry("b.png", 10.8).scored
    assert larger is not None
    larger = replace(larger, boxes=larger.boxes * 1.6, width=538, height=403)
    again = replace(entry("c.png", 0), scored=entry("a.png", 0).scored)  # the same pixels
    once(
        tmp_path,
        entry("a.png", 0),
        LedgerEntry("b.png", "1 bytes, 1 ns", 1, larger),
        again,
        entry("d.png", 10.8),
        laid=by_names({"a.png": 0, "d.png": 10.8}, asked),
    )
    assert asked == [("a.png", "d.png")]


def test_the_larger_cells_of_one_half_of_a_slide_do_not_hide_the_other_half(tmp_path: Path) -> None:
    # Two photographs at one magnification and three at another: each is laid on those of its own.
    asked: list[tuple[str, str]] = []
    entries = []
    for name, left, times in (("a", 0, 1), ("b", 10.8, 1), ("c", 0, 1.6), ("d", 10.8, 1.6), ("e", 15, 1.6)):
        scored = entry(name, left).scored
        assert scored is not None
        width, height = round(scored.width * times), round(scored.height * times)
        larger = replace(scored, boxes=scored.boxes * np.float32(times), width=width, height=height)
        entries.append(LedgerEntry(name, "", 1, larger))
    once(tmp_path, *entries, laid=by_names(dict(zip("abcde", (0, 10.8, 0, 10.8, 15), strict=True)), asked))
    assert ("a", "b") in asked
    assert ("c", "d") in asked
    assert all({first, second} <= set("ab") or {first, second} <= set("cde") for first, second in asked)


def test_a_strip_that_the_cells_speak_against_is_not_taken(tmp_path: Path) -> None:
    entries = [entry("a.png", 0), entry("b.png", 15)]
    survey = once(tmp_path, *entries, laid=by_names({"a.png": 0.0, "b.png": 9.0}, []))
    assert survey.overlaps == ()
    assert survey.located.by_reason() == {}


def test_photographs_of_different_places_stay_as_they_are(tmp_path: Path) -> None:
    survey = once(tmp_path, entry("a.png", 0), entry("b.png", 15))
    assert survey.overlaps == ()
    assert survey.located.by_reason() == {}


def test_regions_of_one_large_image_are_not_compared(tmp_path: Path) -> None:
    survey = once(tmp_path, entry("scan.tif#x=0,y=0", 0), entry("scan.tif#x=168,y=0", 6))
    assert survey.overlaps == ()


LEFTS = (0.0, 5.0, 10.0)
STEP_PX = 31
"""Of the drawn photographs: pixels to a unit of the slide, so that no cell touches another."""


def drawn(left: float) -> NDArray[np.uint8]:
    """The photograph that begins at `left`; every eighth cell of the slide is infected."""
    picture = np.full((9 * STEP_PX, 12 * STEP_PX, 3), BACKGROUND, np.uint8)
    for number, place in enumerate(((SLIDE - complex(left, 1)) * STEP_PX).tolist()):
        centre = round(place.real), round(place.imag)
        cv2.circle(picture, centre, DIAMETER_PX // 2, CELL, cv2.FILLED)
        if number % 8 == 0:
            cv2.circle(picture, centre, 4, PARASITE, cv2.FILLED)
    noise = np.random.default_rng(int(left)).integers(-3, 4, picture.shape)
    return np.asarray(np.clip(picture + noise, 0, 255), np.uint8)


@pytest.fixture
def overlapping_slide(tmp_path: Path) -> Path:
    for number, left in enumerate(LEFTS):
        save(tmp_path / "slide" / f"field{number + 1}.png", drawn(left))
    return tmp_path / "slide"


def counted(result: SlideResult, out: Path) -> None:
    cells = read_cells(out / "cells.parquet", read_fields(out))
    assert result.cells.evaluable == int(cells.evaluable.sum())
    assert result.cells.not_evaluable["seen elsewhere"] == sum(row.seen_elsewhere for row in read_fields(out))


def test_a_scored_slide_says_which_of_its_fields_overlap(overlapping_slide: Path, tmp_path: Path) -> None:
    result = score(overlapping_slide, tmp_path / "out")
    counted(result, tmp_path / "out")
    pairs = [(one.first, one.second) for one in result.fields.overlapping]
    assert pairs[0] == ("field1.png", "field2.png")
    assert ("field2.png", "field3.png") in pairs
    document = json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))
    assert document["fields"]["overlapping"][0]["objects"] == result.fields.overlapping[0].objects > 20


def test_a_parasite_on_two_photographs_stands_once_in_the_list(
    overlapping_slide: Path, tmp_path: Path
) -> None:
    score(overlapping_slide, tmp_path / "out")
    cells = read_cells(tmp_path / "out" / "cells.parquet", read_fields(tmp_path / "out"))
    listed = cells.looked_at & (cells.ranking_score > 0.05) & cells.evaluable
    middles = cells.boxes[listed, :2] + cells.boxes[listed, 2:] / 2
    found = np.array(LEFTS)[cells.field[listed]] + (middles[:, 0] + 1j * middles[:, 1]) / STEP_PX + 1j
    infected = SLIDE[::8]
    which = np.abs(found[:, None] - infected[None]).argmin(axis=1)
    assert np.abs(found - infected[which]).max() < 0.1
    assert len(which) > 6
    assert len(set(which.tolist())) == len(which)


@pytest.mark.slow
def test_workers_and_a_second_run_change_no_byte(overlapping_slide: Path, tmp_path: Path) -> None:
    score(overlapping_slide, tmp_path / "one")
    score(overlapping_slide, tmp_path / "two", count=2)
    score(overlapping_slide, tmp_path / "again")
    score(overlapping_slide, tmp_path / "again", review_budget=5)
    score(overlapping_slide, tmp_path / "again")
    assert files(tmp_path / "one") == files(tmp_path / "two") == files(tmp_path / "again")


def test_the_order_of_names_does_not_change_how_many_count(overlapping_slide: Path, tmp_path: Path) -> None:
    here = score(overlapping_slide, tmp_path / "here")
    for name, other in (("field1.png", "z.png"), ("field3.png", "a.png")):
        (overlapping_slide / name).rename(overlapping_slide / other)
    there = score(overlapping_slide, tmp_path / "there")
    assert there.cells.evaluable == pytest.approx(here.cells.evaluable, abs=2)


def test_the_tally_knows_the_reason_by_the_same_name() -> None:
    assert SEEN_ELSEWHERE == WhyNot.SEEN_ELSEWHERE
