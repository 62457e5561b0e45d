"""Results taken into the store: candidates, more fields later, cells beyond the threshold, cells marked."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from core.results.folder import ResultFolderError
from core.review import sign, standing
from core.scoring.slide_run import score_slide
from core.scoring.workers import Workers
from core.slides import open_slide
from core.store import CandidateKind, Role, ScoringStep, Store, StoreError
from tests.coloured_cells import DotCard, NoProgress, load_models, options, save_slide
from tests.scored_slides import (
    NOT_PARASITE,
    PARASITE,
    box_of,
    read_all,
    scored_slide,
    take_in,
    write_score,
)


def new_slide(store: Store, folder: Path) -> int:
    return store.add_slide(store.add_case("patient", by="Anna").id, "slide", folder, by="Anna").id


def test_what_scoring_wrote_is_taken_in_with_its_candidates_as_ranked(store: Store, tmp_path: Path) -> None:
    images, out = save_slide(tmp_path / "images", fields=4), tmp_path / "out"
    with Workers(load_models, 1) as workers:
        result = score_slide(open_slide(images), out, DotCard(), workers, options(), NoProgress())
    record = take_in(store, new_slide(store, images), out)
    assert record.taken_in is not None
    assert record.taken_in.result == result
    assert sum(record.taken_in.field_cells.values()) == result.cells.evaluable
    ranked = [
        line.split(",") for line in (out / "candidates" / "candidates.csv").read_text().splitlines()[1:]
    ]
    assert len(ranked) == 4
    assert ranked == [
        [
            str(candidate.rank),
            f"{candidate.infected_score:.6f}",
            candidate.field,
            *(f"{side:.2f}" for side in candidate.box),
            candidate.picture,
        ]
        for candidate in record.candidates
    ]
    assert record.slide.scoring == ScoringStep.SCORED


def test_called_cells_beyond_the_review_budget_are_candidates_without_a_picture(
    store: Store, tmp_path: Path
) -> None:
    called = [("a.png", position, 0.9 - 0.1 * position) for position in range(3)]
    write_score(tmp_path / "result", {"a.png": 8}, called, drawn=2)
    record = take_in(store, new_slide(store, tmp_path), tmp_path / "result")
    assert [(cell.rank, cell.picture) for cell in record.candidates] == [
        (1, "0001.png"),
        (2, "0002.png"),
        (3, None),
    ]


def test_the_same_result_taken_in_twice_changes_nothing(store: Store, tmp_path: Path) -> None:
    record = scored_slide(store, tmp_path)
    assert store.take_in_result(record.slide.id, tmp_path / "result", by="Anna") == record


def test_more_fields_keep_the_cells_and_readings_that_were_there(store: Store, tmp_path: Path) -> None:
    slide = new_slide(store, tmp_path)
    write_score(tmp_path / "result", {"a.png": 8}, [("a.png", 0, 0.9), ("a.png", 1, 0.8), ("a.png", 2, 0.7)])
    before = take_in(store, slide, tmp_path / "result")
    read_all(store, before, "+.-", reader="Anna", role=Role.FIRST)
    store.note_scoring(slide, ScoringStep.QUEUED, by="Anna")
    # The new field holds the highest-scoring cell; two of the old ones are called no more.
    write_score(tmp_path / "more", {"a.png": 8, "b.png": 9}, [("b.png", 3, 0.99), ("a.png", 0, 0.9)])
    after = take_in(store, slide, tmp_path / "more")
    places = [(cell.kind, cell.rank, cell.field, cell.box) for cell in after.candidates]
    assert places == [
        (CandidateKind.CALLED, 1, "b.png", box_of(3)),
        (CandidateKind.CALLED, 2, "a.png", box_of(0)),
        (CandidateKind.FURTHER, None, "a.png", box_of(2)),  # it was read; the unread one is gone
    ]
    known = {cell.box: cell.id for cell in before.candidates}
    calls = {cell: readings[Role.FIRST].opinion for cell, readings in standing(after.readings).items()}
    assert calls == {known[box_of(0)]: PARASITE, known[box_of(2)]: NOT_PARASITE}


@pytest.mark.parametrize(
    ("harm", "named"),
    [
        (lambda folder: (folder / "result.json").unlink(), "result.json is missing"),
        (lambda folder: (folder / "cells.parquet").unlink(), "cells.parquet is missing"),
        (lambda folder: shutil.rmtree(folder / "candidates"), "candidates.csv is missing"),
        (lambda folder: (folder / "result.json").write_text("{}"), "this version of Smearscope cannot"),
        (lambda folder: (folder / "cells.parquet").write_bytes(b"x"), "this version of Smearscope cannot"),
        (lambda folder: write_other_cells(folder), "do not belong together"),
    ],
)
def test_a_folder_that_holds_no_whole_result_is_refused_and_leaves_nothing(
    store: Store, tmp_path: Path, harm: Callable[[Path], object], named: str
) -> None:
    slide = new_slide(store, tmp_path)
    write_score(tmp_path / "result", {"a.png": 8}, [("a.png", 0, 0.9)])
    harm(tmp_path / "result")
    before = store.record(slide)
    with pytest.raises(ResultFolderError, match=named):
        store.take_in_result(slide, tmp_path / "result", by="Anna")
    assert store.record(slide) == before


def write_other_cells(folder: Path) -> None:
    write_score(folder.parent / "other", {"a.png": 8})
    shutil.copy(folder.parent / "other" / "cells.parquet", folder / "cells.parquet")


def test_a_signed_slide_takes_in_no_other_result_before_it_is_amended(store: Store, tmp_path: Path) -> None:
    record = scored_slide(store, tmp_path, called=1)
    read_all(store, record, "-", reader="Anna", role=Role.FIRST)
    sign(store, record.slide.id, by="Anna")
    write_score(tmp_path / "more", {"a.png": 8}, [("a.png", 0, 0.9)])
    with pytest.raises(StoreError, match="signed by Anna as version 1"):
        store.take_in_result(record.slide.id, tmp_path / "more", by="Anna")
    store.signatures.begin_amendment(record.slide.id, "more fields", by="Anna")
    assert len(store.take_in_result(record.slide.id, tmp_path / "more", by="Anna").candidates) == 2


def test_further_cells_are_the_next_below_the_threshold_and_none_twice(store: Store, tmp_path: Path) -> None:
    record = scored_slide(store, tmp_path, called=4)
    first = store.offer_further(record.slide.id, 3, by="Anna")
    second = store.offer_further(record.slide.id, 100, by="Anna")
    assert [cell.kind for cell in (*first, *second)] == [CandidateKind.FURTHER] * 16
    scores = [cell.infected_score for cell in (*first, *second)]
    assert scores == sorted(scores, key=lambda score: -(score or 0))
    assert scores[0] == 0.399
    assert len({(cell.field, cell.box) for cell in (*record.candidates, *first, *second)}) == 20
    assert store.record(record.slide.id).candidates == (*record.candidates, *first, *second)
    assert store.offer_further(record.slide.id, 1, by="Anna") == ()


def test_a_cell_that_an_earlier_result_called_is_offered_again_under_its_number(
    store: Store, tmp_path: Path
) -> None:
    slide = new_slide(store, tmp_path)
    write_score(tmp_path / "result", {"a.png": 8}, [("a.png", 2, 0.9)])
    (earlier,) = take_in(store, slide, tmp_path / "result").candidates
    write_score(tmp_path / "more", {"a.png": 8, "b.png": 8})
    assert store.take_in_result(slide, tmp_path / "more", by="Anna").candidates == ()
    offered = store.offer_further(slide, 16, by="Anna")
    assert set(store.record(slide).candidates) == set(offered)
    (again,) = (cell for cell in offered if cell.box == box_of(2) and cell.field == "a.png")
    assert (again.id, again.rank, again.picture) == (earlier.id, None, None)


@pytest.mark.parametrize("kind", [CandidateKind.FURTHER, CandidateKind.SAMPLE])
def test_a_slide_is_read_once_to_offer_more_of_its_cells(
    store: Store, tmp_path: Path, kind: CandidateKind
) -> None:
    record = scored_slide(store, tmp_path, called=4)
    statements: list[str] = []
    listener = (Engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    event.listen(*listener)
    try:
        (store.draw_sample if kind == CandidateKind.SAMPLE else store.offer_further)(
            record.slide.id, 2, by="Anna"
        )
    finally:
        event.remove(*listener)
    assert sum("FROM readings" in statement for statement in statements) == 1


@pytest.mark.parametrize(
    "harm", [Path.unlink, lambda file: file.write_bytes(b"x"), lambda file: damage(file)]
)
def test_a_result_that_is_gone_or_damaged_is_named_with_what_to_do(
    store: Store, tmp_path: Path, harm: Callable[[Path], object]
) -> None:
    slide = scored_slide(store, tmp_path, called=4).slide.id
    harm(tmp_path / "result" / "cells.parquet")
    harm(tmp_path / "result" / "fields.parquet")
    before = (store.record(slide), store.audit())
    for asked in (
        lambda: store.offer_further(slide, 1, by="Anna"),
        lambda: store.draw_sample(slide, 1, by="Anna"),
        lambda: store.mark(slide, "field1.png", box_of(9), PARASITE, reader="Anna", role=Role.FIRST),
    ):
        with pytest.raises(
            ResultFolderError, match=r"result cannot be read any more: .* score the slide again"
        ):
            asked()
    assert (store.record(slide), store.audit()) == before


def damage(file: Path) -> None:
    """Spoil all but the head and the tail of a file, which say that it is a table."""
    content = bytearray(file.read_bytes())
    content[4:-8] = bytes(len(content) - 12)
    file.write_bytes(content)


def test_a_sample_is_drawn_among_cells_that_were_not_called_and_another_one_differs(
    store: Store, tmp_path: Path
) -> None:
    record = scored_slide(store, tmp_path, called=4)
    samples = [store.draw_sample(record.slide.id, 4, by="Anna") for _ in range(3)]
    drawn = [(cell.field, cell.box) for sample in samples for cell in sample]
    assert len(set(drawn)) == 12
    assert not {(cell.field, cell.box) for cell in record.candidates} & set(drawn)
    scores = [[cell.infected_score or 0 for cell in sample] for sample in samples]
    assert any(sample != sorted(sample, reverse=True) for sample in scores)


def test_a_cell_is_read_by_its_place_whether_it_is_a_candidate_or_was_never_located(
    store: Store, tmp_path: Path
) -> None:
    record = scored_slide(store, tmp_path, called=2)
    slide, known = record.slide.id, record.candidates[0]
    same = store.mark(slide, known.field, known.box, PARASITE, reader="Anna", role=Role.FIRST)
    assert same.candidate_id == known.id
    new = store.mark(slide, "field1.png", (200.1234, 30, 9, 9), PARASITE, reader="Anna", role=Role.FIRST)
    after = store.record(slide)
    (marked,) = (cell for cell in after.candidates if cell.id == new.candidate_id)
    assert (marked.kind, marked.box, marked.infected_score) == (
        CandidateKind.MARKED,
        (200.12, 30, 9, 9),
        None,
    )
    assert after.candidates[0].kind == CandidateKind.CALLED
    for field, box in (
        ("no such.png", (1, 1, 2, 2)),
        ("blurred.png", (1, 1, 2, 2)),
        ("field1.png", (1, 1, 0, 2)),
    ):
        with pytest.raises(StoreError):
            store.mark(slide, field, box, PARASITE, reader="Anna", role=Role.FIRST)
    assert store.record(slide) == after


@pytest.mark.parametrize(
    "box",
    [
        (5000, 5000, 9, 9),
        (-9, 5, 9, 9),
        (405.5, 5, 9, 9),
        (5, 55.5, 9, 9),
        (5, -4.51, 9, 9),
        (float("nan"), 5, 9, 9),
    ],
)
def test_a_box_with_its_middle_beyond_its_field_is_refused(
    store: Store, tmp_path: Path, box: tuple[float, float, float, float]
) -> None:
    record = scored_slide(store, tmp_path)  # of fields of 410 by 60 pixels
    with pytest.raises(StoreError, match="lies outside the field, which is 410 by 60 pixels"):
        store.mark(record.slide.id, "field1.png", box, PARASITE, reader="Anna", role=Role.FIRST)
    assert store.record(record.slide.id) == record


@pytest.mark.parametrize("box", [(-4.5, -4.5, 9, 9), (405.49, 55.49, 9, 9)])
def test_a_box_may_reach_over_the_border_of_its_field(
    store: Store, tmp_path: Path, box: tuple[float, float, float, float]
) -> None:
    slide = scored_slide(store, tmp_path).slide.id
    store.mark(slide, "field1.png", box, PARASITE, reader="Anna", role=Role.FIRST)
    assert store.record(slide).candidates[-1].box == box
