"""Results taken into the store: the first of a list, more of it, more fields later, cells marked."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from core.results.folder import ResultFolderError
from core.review import sign, standing
from core.scoring.slide_run import score_slide
from core.scoring.workers import LocalWorkers
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
    with LocalWorkers(load_models, 1) as workers:
        result = score_slide(open_slide(images), out, DotCard(), workers, options(), NoProgress())
    record = take_in(store, new_slide(store, images), out)
    assert record.taken_in is not None
    assert record.taken_in.result == result
    assert sum(record.taken_in.field_cells.values()) == result.cells.evaluable
    ranked = [
        line.split(",") for line in (out / "candidates" / "candidates.csv").read_text().splitlines()[1:]
    ]
    assert len(ranked) == 12
    assert ranked == [
        [
            str(candidate.rank),
            f"{candidate.infected_score:.6f}",
            candidate.field,
            *(f"{side:.2f}" for side in candidate.box),
            str(candidate.evaluable).lower(),
            candidate.why_not,
            candidate.picture,
        ]
        for candidate in record.candidates
    ]
    assert record.slide.scoring == ScoringStep.SCORED


def test_the_first_of_the_list_are_offered_as_many_as_the_budget_says_however_low_their_scores(
    store: Store, tmp_path: Path
) -> None:
    write_score(tmp_path / "result", {"a.png": 8}, [("a.png", 4, 0.9)], budget=3)
    record = take_in(store, new_slide(store, tmp_path), tmp_path / "result")
    assert [(cell.rank, cell.infected_score, cell.picture) for cell in record.candidates] == [
        (1, 0.9, "0001.png"),
        (2, 0.399, "0002.png"),
        (3, 0.398, "0003.png"),
    ]
    assert record.laid_out == 3


def test_the_same_result_taken_in_twice_changes_nothing(store: Store, tmp_path: Path) -> None:
    record = scored_slide(store, tmp_path)
    assert store.take_in_result(record.slide.id, tmp_path / "result", by="Anna") == record


def test_more_fields_keep_the_cells_and_readings_that_were_there(store: Store, tmp_path: Path) -> None:
    slide = new_slide(store, tmp_path)
    write_score(tmp_path / "result", {"a.png": 8}, [("a.png", 0, 0.9), ("a.png", 1, 0.8), ("a.png", 2, 0.7)])
    before = take_in(store, slide, tmp_path / "result")
    read_all(store, before, "+.-", reader="Anna", role=Role.FIRST)
    store.note_scoring(slide, ScoringStep.QUEUED, by="Anna")
    # The new field leads the list; the third of before was read and is the fourth now, the second was not.
    leading = [("b.png", 3, 0.99), ("a.png", 0, 0.9), ("a.png", 1, 0.8), ("a.png", 2, 0.7)]
    write_score(tmp_path / "more", {"a.png": 8, "b.png": 9}, leading, budget=2)
    after = take_in(store, slide, tmp_path / "more")
    places = [(cell.kind, cell.rank, cell.field, cell.box) for cell in after.candidates]
    assert places == [
        (CandidateKind.LISTED, 1, "b.png", box_of(3)),
        (CandidateKind.LISTED, 2, "a.png", box_of(0)),
        (CandidateKind.LISTED, 4, "a.png", box_of(2)),
    ]
    assert after.laid_out == 2
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
    record = scored_slide(store, tmp_path, listed=1)
    read_all(store, record, "-", reader="Anna", role=Role.FIRST)
    sign(store, record.slide.id, by="Anna")
    write_score(tmp_path / "more", {"a.png": 8}, [("a.png", 0, 0.9)])
    with pytest.raises(StoreError, match="signed by Anna as version 1"):
        store.take_in_result(record.slide.id, tmp_path / "more", by="Anna")
    store.signatures.begin_amendment(record.slide.id, "more fields", by="Anna")
    assert len(store.take_in_result(record.slide.id, tmp_path / "more", by="Anna").candidates) == 2


def test_more_of_the_list_comes_by_rank_until_all_that_was_looked_at_is_offered(
    store: Store, tmp_path: Path
) -> None:
    record = scored_slide(store, tmp_path, listed=4)
    first = store.offer_more(record.slide.id, 3, by="Anna")
    second = store.offer_more(record.slide.id, 100, by="Anna")
    assert [(cell.kind, cell.rank) for cell in (*first, *second)] == [
        (CandidateKind.LISTED, rank) for rank in range(5, 22)
    ]
    scores = [cell.infected_score for cell in (*first, *second)]
    assert scores == sorted(scores, key=lambda score: -(score or 0))
    assert scores[0] == 0.399
    assert [cell.why_not for cell in (*first, *second)] == [""] * 16 + ["edge"]
    assert store.record(record.slide.id).candidates == (*record.candidates, *first, *second)
    assert store.record(record.slide.id).laid_out == 21
    assert store.offer_more(record.slide.id, 1, by="Anna") == ()


def test_a_cell_that_was_drawn_or_marked_is_listed_once_the_list_comes_to_it(
    store: Store, tmp_path: Path
) -> None:
    record = scored_slide(store, tmp_path, listed=1)
    slide = record.slide.id
    store.draw_sample(slide, 20, by="Anna")
    store.mark(slide, "field1.png", box_of(5), PARASITE, reader="Anna", role=Role.FIRST)
    store.offer_more(slide, 20, by="Anna")
    after = store.record(slide).candidates
    assert [(cell.kind, cell.rank) for cell in after] == [
        (CandidateKind.LISTED, rank) for rank in range(1, 22)
    ]


def test_more_fills_the_gap_before_what_was_read_in_an_earlier_list(store: Store, tmp_path: Path) -> None:
    slide = new_slide(store, tmp_path)
    write_score(tmp_path / "result", {"a.png": 8}, [("a.png", 0, 0.9), ("a.png", 1, 0.8)])
    before = take_in(store, slide, tmp_path / "result")
    read_all(store, before, ".-", reader="Anna", role=Role.FIRST)
    leading = [("b.png", 0, 0.99), ("b.png", 1, 0.95), ("a.png", 0, 0.9), ("a.png", 1, 0.8)]
    write_score(tmp_path / "more", {"a.png": 8, "b.png": 9}, leading, budget=2)
    store.take_in_result(slide, tmp_path / "more", by="Anna")
    assert store.record(slide).laid_out == 2
    assert [cell.rank for cell in store.offer_more(slide, 1, by="Anna")] == [3]
    assert store.record(slide).laid_out == 4


def test_what_was_read_and_is_located_no_more_stays_with_its_readers(store: Store, tmp_path: Path) -> None:
    slide = new_slide(store, tmp_path)
    write_score(tmp_path / "result", {"a.png": 8}, [("a.png", 7, 0.9), ("a.png", 6, 0.8)])
    before = take_in(store, slide, tmp_path / "result")
    read_all(store, before, "+.", reader="Anna", role=Role.FIRST)
    write_score(tmp_path / "more", {"a.png": 6}, [("a.png", 0, 0.9)])  # as another model might see it
    after = store.take_in_result(slide, tmp_path / "more", by="Anna").candidates
    assert [(cell.kind, cell.rank, cell.box) for cell in after] == [
        (CandidateKind.LISTED, 1, box_of(0)),
        (CandidateKind.MARKED, None, box_of(7)),
    ]


def test_a_cell_that_an_earlier_result_listed_is_offered_again_under_its_number(
    store: Store, tmp_path: Path
) -> None:
    slide = new_slide(store, tmp_path)
    write_score(tmp_path / "result", {"a.png": 8}, [("a.png", 2, 0.9)])
    (earlier,) = take_in(store, slide, tmp_path / "result").candidates
    write_score(tmp_path / "more", {"a.png": 8, "b.png": 8}, [("b.png", 0, 0.9)])
    store.take_in_result(slide, tmp_path / "more", by="Anna")
    offered = store.offer_more(slide, 16, by="Anna")
    (again,) = (cell for cell in offered if cell.box == box_of(2) and cell.field == "a.png")
    assert (again.id, again.rank, again.picture) == (earlier.id, 4, None)


@pytest.mark.parametrize("kind", [CandidateKind.LISTED, CandidateKind.SAMPLE])
def test_a_slide_is_read_once_to_offer_more_of_its_cells(
    store: Store, tmp_path: Path, kind: CandidateKind
) -> None:
    record = scored_slide(store, tmp_path, listed=4)
    statements: list[str] = []
    listener = (Engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    event.listen(*listener)
    try:
        (store.draw_sample if kind == CandidateKind.SAMPLE else store.offer_more)(
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
    slide = scored_slide(store, tmp_path, listed=4).slide.id
    harm(tmp_path / "result" / "cells.parquet")
    harm(tmp_path / "result" / "fields.parquet")
    before = (store.record(slide), store.audit())
    for asked in (
        lambda: store.offer_more(slide, 1, by="Anna"),
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


def test_a_sample_is_drawn_from_the_rest_of_the_list_and_another_one_differs(
    store: Store, tmp_path: Path
) -> None:
    record = scored_slide(store, tmp_path, listed=4)
    samples = [store.draw_sample(record.slide.id, 4, by="Anna") for _ in range(3)]
    drawn = [(cell.field, cell.box) for sample in samples for cell in sample]
    assert len(set(drawn)) == 12
    assert {cell.rank for sample in samples for cell in sample} == {None}  # it would tell what to expect
    assert not {(cell.field, cell.box) for cell in record.candidates} & set(drawn)
    scores = [[cell.infected_score or 0 for cell in sample] for sample in samples]
    assert any(sample != sorted(sample, reverse=True) for sample in scores)


def test_a_cell_is_read_by_its_place_whether_it_is_a_candidate_or_was_never_located(
    store: Store, tmp_path: Path
) -> None:
    record = scored_slide(store, tmp_path, listed=2)
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
    assert after.candidates[0].kind == CandidateKind.LISTED
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
