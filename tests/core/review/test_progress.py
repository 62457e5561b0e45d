"""How far a slide has come, what each reader is given, and in which order."""

from dataclasses import replace
from pathlib import Path

from core.cells.located import WhyNot
from core.review import (
    ReviewProgress,
    SlideState,
    cells_for,
    progress,
    read_cells,
    second_order,
    settled_disputes,
    sign,
    slide_state,
)
from core.store import Candidate, CandidateKind, Role, ScoringStep, Store
from tests.scored_slides import NOT_PARASITE, PARASITE, box_of, read_all, scored_slide, write_score


def test_a_slide_goes_from_the_queue_to_its_signature(store: Store, tmp_path: Path) -> None:
    slide = store.add_slide(store.add_case("P", by="Anna").id, "other", Path("other"), by="Anna").id
    assert slide_state(store.record(slide)) == SlideState.QUEUED
    for step in (ScoringStep.SCORING, ScoringStep.FAILED):
        store.note_scoring(slide, step, by="process")
        assert slide_state(store.record(slide)).value == step.value

    record = scored_slide(store, tmp_path, listed=2)
    slide = record.slide.id
    assert slide_state(record) == SlideState.TO_REVIEW
    assert slide_state(read_all(store, record, "+.", reader="Anna", role=Role.FIRST)) == SlideState.TO_REVIEW
    record = read_all(store, record, ".-", reader="Anna", role=Role.FIRST)
    assert slide_state(record) == SlideState.SECOND_READING
    record = read_all(store, record, "--", reader="Ben", role=Role.SECOND)
    assert slide_state(record) == SlideState.ADJUDICATION
    record = read_all(store, record, "+.", reader="Cleo", role=Role.ADJUDICATOR)
    assert slide_state(record) == SlideState.TO_SIGN
    sign(store, slide, by="Cleo")
    assert slide_state(store.record(slide)) == SlideState.DONE
    store.signatures.begin_amendment(slide, "looked again", by="Cleo")
    assert slide_state(store.record(slide)) == SlideState.TO_SIGN
    store.note_scoring(slide, ScoringStep.QUEUED, by="Anna")  # more fields came
    assert slide_state(store.record(slide)) == SlideState.QUEUED


def test_a_list_is_read_to_the_first_rank_that_nobody_has_read(store: Store, tmp_path: Path) -> None:
    record = scored_slide(store, tmp_path, listed=5)
    assert progress(record).read_to == 0
    record = read_all(store, record, "-.--.", reader="Anna", role=Role.FIRST)
    assert (progress(record).read_to, progress(record).first_left) == (1, 2)
    record = read_all(store, record, ".-...", reader="Ben", role=Role.SECOND)
    assert progress(record).read_to == 4
    record = read_all(store, record, "....-", reader="Anna", role=Role.FIRST)
    assert progress(record).read_to == 5


def test_who_asks_for_more_of_the_list_may_read_as_much_of_it_as_they_like(
    store: Store, tmp_path: Path
) -> None:
    record = read_all(store, scored_slide(store, tmp_path, listed=2), "--", reader="Anna", role=Role.FIRST)
    assert slide_state(record) == SlideState.SECOND_READING
    more = store.offer_more(record.slide.id, 2, by="Anna")
    record = store.record(record.slide.id)
    assert slide_state(record) == SlideState.SECOND_READING
    assert (record.laid_out, progress(record).to_read, progress(record).first_left) == (4, 2, 0)
    store.read(record.slide.id, more[0].id, NOT_PARASITE, reader="Anna", role=Role.FIRST)
    found = progress(store.record(record.slide.id))
    assert (found.to_read, found.read_to, found.first_left, found.second_left) == (3, 3, 0, 3)


def test_what_was_read_beyond_a_gap_is_no_list_until_the_gap_is_read(store: Store, tmp_path: Path) -> None:
    record = scored_slide(store, tmp_path, listed=2)
    more = store.offer_more(record.slide.id, 3, by="Anna")
    record = read_all(store, record, "--", reader="Anna", role=Role.FIRST)
    store.read(record.slide.id, more[1].id, NOT_PARASITE, reader="Anna", role=Role.FIRST)
    assert progress(store.record(record.slide.id)).to_read == 2
    store.read(record.slide.id, more[0].id, NOT_PARASITE, reader="Anna", role=Role.FIRST)
    assert progress(store.record(record.slide.id)).to_read == 4


def test_what_stands_beyond_a_gap_in_the_list_is_left_to_nobody(store: Store, tmp_path: Path) -> None:
    record = read_all(store, scored_slide(store, tmp_path, listed=2), "-+", reader="Anna", role=Role.FIRST)
    leading = [("new.png", number, 0.999) for number in range(3)]
    old = [("field1.png", 0, 0.99), ("field2.png", 0, 0.98)]
    cells = {"field1.png": 10, "field2.png": 10, "new.png": 10}
    write_score(tmp_path / "more", cells, [*leading, *old], budget=3)
    record = store.take_in_result(record.slide.id, tmp_path / "more", by="Anna")
    assert [cell.rank for cell in record.candidates] == [1, 2, 3, 4, 5]
    assert record.laid_out == 5  # there is none: what was read follows at once
    assert progress(record).to_read == 3
    leading.append(("new.png", 3, 0.999))
    write_score(tmp_path / "still more", cells, [*leading, *old], budget=3)
    record = store.take_in_result(record.slide.id, tmp_path / "still more", by="Anna")
    assert [cell.rank for cell in record.candidates] == [1, 2, 3, 5, 6]
    assert (progress(record).to_read, progress(record).first_left) == (3, 3)
    assert [cell.listed for cell in read_cells(record)] == [True] * 3 + [False] * 2


def test_progress_counts_what_is_left_to_each_and_what_was_decided(store: Store, tmp_path: Path) -> None:
    record = scored_slide(store, tmp_path, listed=6)
    assert progress(record) == ReviewProgress(6, 0, 6, 6, 0, 0, 0, 0, 0)
    read_all(store, record, "+++?-.", reader="Anna", role=Role.FIRST)
    record = read_all(store, record, "+-.?+.", reader="Ben", role=Role.SECOND)
    assert progress(record) == ReviewProgress(
        to_read=6,
        read_to=5,
        first_left=1,
        second_left=2,
        to_adjudicate=2,
        agreed=1,
        accepted_alone=1,
        disputed=2,
        unsure=1,
    )


def test_cells_beside_the_list_are_left_to_nobody_until_the_first_reader_has_read_them(
    store: Store, tmp_path: Path
) -> None:
    record = scored_slide(store, tmp_path, listed=1)
    slide = record.slide.id
    first, second = store.draw_sample(slide, 2, by="Anna")
    store.read(slide, first.id, NOT_PARASITE, reader="Anna", role=Role.FIRST)
    record = store.record(slide)
    assert (progress(record).first_left, progress(record).second_left) == (1, 2)
    given = {candidate.id for candidate in cells_for(record, Role.SECOND, "Ben")}
    assert given == {record.candidates[0].id, first.id}
    assert {cell.id for cell in cells_for(record, Role.FIRST, "Anna")} == {*given, second.id}


def test_a_parasite_that_only_the_second_reader_marked_goes_to_the_adjudicator(
    store: Store, tmp_path: Path
) -> None:
    record = scored_slide(store, tmp_path, listed=1)
    slide = record.slide.id
    read_all(store, record, "-", reader="Anna", role=Role.FIRST)
    read_all(store, record, "-", reader="Ben", role=Role.SECOND)
    marked = store.mark(slide, "field2.png", box_of(3), PARASITE, reader="Ben", role=Role.SECOND)
    record = store.record(slide)
    assert slide_state(record) == SlideState.ADJUDICATION
    assert [cell.id for cell in cells_for(record, Role.ADJUDICATOR, "Cleo")] == [marked.candidate_id]
    store.read(slide, marked.candidate_id, PARASITE, reader="Cleo", role=Role.ADJUDICATOR)
    record = store.record(slide)
    assert (slide_state(record), progress(record).agreed) == (SlideState.TO_SIGN, 1)
    assert [cell.id for cell in cells_for(record, Role.ADJUDICATOR, "Cleo")] == [marked.candidate_id]


def test_a_second_reader_is_left_what_no_other_second_reader_has_read(store: Store, tmp_path: Path) -> None:
    record = scored_slide(store, tmp_path)
    slide = record.slide.id
    read_all(store, record, "++--", reader="Anna", role=Role.FIRST)
    record = read_all(store, record, "+-..", reader="Ben", role=Role.SECOND)
    cells = [candidate.id for candidate in record.candidates]
    given = {reader: {one.id for one in cells_for(record, Role.SECOND, reader)} for reader in ("BEN", "Cleo")}
    assert given == {"BEN": set(cells), "Cleo": set(cells[2:])}
    for candidate in cells_for(record, Role.SECOND, "Cleo"):
        store.read(slide, candidate.id, NOT_PARASITE, reader="Cleo", role=Role.SECOND)
    record = store.record(slide)
    assert progress(record).second_left == 0
    # What Ben takes back is left to either again.
    store.undo(slide, reader="Ben")
    left = cells_for(store.record(slide), Role.SECOND, "Cleo")
    assert {one.id for one in left} == set(cells[1:])


def candidates(number: int) -> tuple[Candidate, ...]:
    one = Candidate(0, 1, CandidateKind.LISTED, 1, "field1.png", box_of(0), 0.9, WhyNot.EVALUABLE, None)
    return tuple(replace(one, id=count, rank=count) for count in range(1, number + 1))


def test_the_second_readers_order_is_their_own_the_same_each_time_and_not_that_of_suspicion() -> None:
    cells = candidates(40)
    order = second_order(cells, "Ben", 7)
    assert sorted(order, key=lambda cell: cell.id) == list(cells)
    assert order == second_order(cells[::-1], "ben", 7)
    assert order not in (cells, second_order(cells, "Cleo", 7), second_order(cells, "Ben", 8))
    # Rank and place have nothing to do with each other: over many readers the mean rank stays in the middle.
    first = [second_order(cells, f"reader {number}", 7)[0].id for number in range(400)]
    assert 18.5 < sum(first) / 400 < 22.5


def test_a_cell_that_comes_later_moves_none_of_the_others() -> None:
    with_all, without = second_order(candidates(40), "Ben", 7), second_order(candidates(30), "Ben", 7)
    assert tuple(cell for cell in with_all if cell.id <= 30) == without


def test_which_cells_readers_differed_on_is_told_once_all_of_them_are_settled(
    store: Store, tmp_path: Path
) -> None:
    record = scored_slide(store, tmp_path, listed=4)
    record = read_all(store, record, "+-+-", reader="Anna", role=Role.FIRST)
    record = read_all(store, record, "++--", reader="Ben", role=Role.SECOND)
    _, second, third, _ = (candidate.id for candidate in record.candidates)
    assert settled_disputes(record) == frozenset()
    record = read_all(store, record, ".+..", reader="Cleo", role=Role.ADJUDICATOR)
    assert settled_disputes(record) == frozenset()
    record = read_all(store, record, "..-.", reader="Cleo", role=Role.ADJUDICATOR)
    assert settled_disputes(record) == {second, third}
