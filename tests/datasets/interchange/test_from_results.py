"""What a result and its readings come to in labelled fields."""

from dataclasses import replace
from pathlib import Path

import pytest

from core.cells.located import WhyNot
from core.results.folder import read_tables, tables_of
from core.review import Decision, read_document, sign
from core.store import Call, Opinion, Reason, Role, ScoringStep, SlideRecord, Stage, Store
from datasets.interchange.formats import InterchangeError
from datasets.interchange.from_results import (
    label_of,
    read_objects,
    scored_fields,
    signed_fields,
    signed_objects,
    stage_of,
)
from tests.scored_slides import box_of, read_all, scored_slide, take_in, write_score

NO = Call.NOT_PARASITE


def test_each_located_object_has_its_score_its_rank_and_why_it_does_not_count(tmp_path: Path) -> None:
    write_score(tmp_path, {"a.png": 2, "b.png": 1}, [("b.png", 0, 0.9), ("a.png", 1, 0.8)])
    first, second = scored_fields(read_tables(tmp_path), slide="7", folder="s")
    assert (first.name, second.name, first.slide) == ("s/a.png", "s/b.png", "7")
    assert not first.all_marked  # what the detector overlooked is not there
    assert not second.all_marked
    assert [(one.rank, one.why_not) for one in first.objects] == [(3, ""), (2, ""), (4, "edge")]
    (best,) = second.objects
    assert (best.x, best.y, best.width, best.height) == box_of(0)
    assert best.score == pytest.approx(0.9)
    assert (best.rank, best.label, best.said) == (1, "red_cell", ())


@pytest.mark.parametrize(
    ("decision", "opinions", "why_not", "label"),
    [
        (Decision.ACCEPTED_BY_BOTH, [Opinion(Call.PARASITE)] * 2, "", "infected"),
        (Decision.ACCEPTED_BY_ONE, [Opinion(Call.PARASITE)], "edge", "unsure"),
        (Decision.DISPUTED, [Opinion(Call.PARASITE), Opinion(NO)], "", "unsure"),
        (Decision.UNSURE, [Opinion(Call.UNSURE)], "", "unsure"),
        (Decision.UNREAD, [], "", "red_cell"),
        (Decision.UNREAD, [], "not a red cell", "not_a_red_cell"),
        (Decision.REJECTED, [Opinion(NO)], "", "healthy"),
        (Decision.REJECTED, [Opinion(NO)], None, "healthy"),
        (Decision.REJECTED, [Opinion(NO)], "not a red cell", "not_a_red_cell"),
        (Decision.REJECTED, [Opinion(NO, Reason.STAIN), Opinion(NO, Reason.WHITE_CELL)], "", "white_cell"),
        (Decision.REJECTED, [Opinion(NO, Reason.PLATELET), Opinion(NO)], "not a red cell", "platelet"),
        (Decision.REJECTED, [Opinion(NO, Reason.ARTEFACT)], "", "healthy"),
    ],
)
def test_what_an_object_is_called_follows_from_the_decision(
    decision: Decision, opinions: list[Opinion], why_not: str | None, label: str
) -> None:
    assert label_of(decision, opinions, None if why_not is None else WhyNot(why_not)) == label


def test_a_stage_is_that_on_which_those_who_named_one_agree() -> None:
    ring, late = (Opinion(Call.PARASITE, stage=stage) for stage in (Stage.RING, Stage.SCHIZONT))
    assert stage_of([ring, Opinion(Call.PARASITE), Opinion(NO)]) == "ring"
    assert stage_of([ring, ring]) == "ring"
    assert stage_of([ring, late]) == ""
    assert stage_of([]) == ""


def test_readings_stand_with_their_cells_signed_or_not_and_marked_ones_are_added(
    store: Store, tmp_path: Path
) -> None:
    record = scored_slide(store, tmp_path / "slide", listed=4)
    read_all(store, record, "+-?.", reader="Anna", role=Role.FIRST)
    field, taken_in = record.candidates[0].field, record.taken_in
    assert taken_in is not None
    ring = Opinion(Call.PARASITE, stage=Stage.RING)
    store.mark(record.slide.id, field, (1.5, 30.25, 9.0, 9.0), ring, reader="Anna", role=Role.FIRST)
    read_all(store, record, "+--.", reader="Ben", role=Role.SECOND)
    tables = read_tables(taken_in.folder)
    fields = list(scored_fields(tables, read_objects(store.record(record.slide.id))))
    said = sorted(
        (one.label, *(who.who for who in one.said)) for of in fields for one in of.objects if one.said
    )
    assert said == [
        ("healthy", "Anna", "Ben"),
        ("infected", "Anna", "Ben"),
        ("unsure", "Anna"),
        ("unsure", "Anna", "Ben"),
    ]
    assert sum(len(of.objects) for of in fields) == len(tables.cells) + 1
    (marked,) = (one for of in fields for one in of.objects if one.stage)
    assert (marked.x, marked.score, marked.rank, marked.stage) == (1.5, None, None, "ring")
    before = list(scored_fields(tables, read_objects(store.record(record.slide.id))))
    read_all(store, record, "...-", reader="Anna", role=Role.FIRST)
    read_all(store, record, "...-", reader="Ben", role=Role.SECOND)
    third = store.record(record.slide.id)
    read_all(store, third, "..-..", reader="Cleo", role=Role.ADJUDICATOR)
    marked_cell = next(one for one in third.candidates if one.box == (1.5, 30.25, 9.0, 9.0))
    for reader, role in (("Ben", Role.SECOND), ("Cleo", Role.ADJUDICATOR)):
        store.read(record.slide.id, marked_cell.id, ring, reader=reader, role=role)
    sign(store, record.slide.id, by="Dora")
    signed = store.record(record.slide.id)
    document = read_document(signed.signatures[-1])
    after = list(scored_fields(tables, signed_objects(document)))
    assert after == list(scored_fields(tables, read_objects(signed)))
    assert after != before


def signed_and_scored_anew(store: Store, folder: Path) -> SlideRecord:
    """A slide signed with four cells on the list; then opened again, and scored with one of them alone."""
    record = scored_slide(store, folder, listed=4)
    read_all(store, record, "----", reader="Anna", role=Role.FIRST)
    sign(store, record.slide.id, by="Dora")
    store.signatures.begin_amendment(record.slide.id, "another model", by="Dora")
    write_score(folder / "anew", {"field1.png": 3}, [("field1.png", 0, 0.6)])
    store.open_for_fields(record.slide.id, by="Dora")
    store.note_scoring(record.slide.id, ScoringStep.QUEUED, by="Dora")
    return take_in(store, record.slide.id, folder / "anew")


def test_a_signed_version_has_the_scores_of_the_result_that_was_signed(store: Store, tmp_path: Path) -> None:
    record = signed_and_scored_anew(store, tmp_path / "slide")
    fields = list(signed_fields(store, record, record.signatures[0], slide="patient_1"))
    assert [field.name for field in fields] == ["field1.png", "field2.png"]
    score = {one.rank: one.score for field in fields for one in field.objects if one.said}
    assert score == pytest.approx({1: 0.99, 2: 0.98, 3: 0.97, 4: 0.96})


def test_a_version_whose_result_is_gone_is_named(store: Store, tmp_path: Path) -> None:
    record = signed_and_scored_anew(store, tmp_path / "slide")
    (tmp_path / "slide" / "result" / "fields.parquet").unlink()
    tables_of.cache_clear()
    with pytest.raises(InterchangeError, match=r"version 1 of slide 7: .* cannot be read any more"):
        list(signed_fields(store, record, record.signatures[0]))


def test_a_version_whose_result_the_store_never_had_is_named(store: Store, tmp_path: Path) -> None:
    record = signed_and_scored_anew(store, tmp_path / "slide")
    (signature,) = record.signatures
    document = read_document(signature)
    under = document.signature.model_copy(update={"result_sha256": "0" * 64})
    elsewhere = replace(
        signature, document=document.model_copy(update={"signature": under}).model_dump_json()
    )
    with pytest.raises(InterchangeError, match="version 1 of slide 7 was signed on a result that is not"):
        list(signed_fields(store, record, elsewhere))


def test_readings_on_fields_that_the_result_does_not_have_are_counted_and_refused(
    store: Store, tmp_path: Path
) -> None:
    record = signed_and_scored_anew(store, tmp_path / "slide")
    tables = read_tables(tmp_path / "slide" / "anew")
    signed = signed_objects(read_document(record.signatures[0]))
    with pytest.raises(InterchangeError, match=r"^2 readings .* the first on field2.png"):
        list(scored_fields(tables, signed))
