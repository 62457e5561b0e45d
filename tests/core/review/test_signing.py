"""Signing: what must be done first, what is signed, and that a later change is seen."""

import hashlib
import json
import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path

import cv2
import jsonschema
import numpy as np
import pytest

from core.review import blocks_signing, read_document, sign, tally_of, violations
from core.review.signed_result import SCHEMA_PATH, canonical, sha256_of, signed_result_schema
from core.review.signing import MOST_PICTURES
from core.store import Opinion, Role, SlideRecord, Store, StoreError
from core.tally import VerdictKind, verdict
from core.wording import sentence
from tests.scored_slides import (
    NOT_PARASITE,
    PARASITE,
    UNSURE,
    box_of,
    read_all,
    scored_slide,
    take_in,
    write_score,
)


@pytest.fixture
def finished(store: Store, tmp_path: Path) -> SlideRecord:
    """A slide of three candidates, read by two and adjudicated, with one more marked by hand."""
    record = scored_slide(store, tmp_path, called=3)
    slide = record.slide.id
    read_all(store, record, "+--", reader="Anna", role=Role.FIRST)
    store.mark(slide, "field2.png", box_of(7), PARASITE, reader="Anna", role=Role.FIRST)
    read_all(store, record, "++-", reader="Ben", role=Role.SECOND)
    store.mark(slide, "field2.png", box_of(7), PARASITE, reader="Ben", role=Role.SECOND)
    read_all(store, record, ".-.", reader="Cleo", role=Role.ADJUDICATOR)
    store.flag_field(slide, "field1.png", by="Anna")
    return store.record(slide)


@pytest.mark.parametrize(
    ("first", "second", "third", "block"),
    [
        ("...", "", "", "The first reader still has to read 3 cells."),
        ("--.", "", "", "The first reader still has to read 1 cell."),
        ("---", "", "", None),  # nothing was found: one reader may do
        ("--+", "", "", "The second reader still has to read 3 cells."),
        ("--?", "", "", "The second reader still has to read 3 cells."),
        ("---", "-..", "", "The second reader still has to read 2 cells."),
        ("--+", "---", "", "The two readers differ on 1 cell: an adjudicator must decide."),
        ("--+", "---", "..?", None),
        ("+..", "+..", "", None),  # positive without reading on; no density is given then
        ("+--", "+..", "", "The second reader still has to read 2 cells."),
    ],
)
def test_a_slide_is_signed_once_nothing_is_open(
    store: Store, tmp_path: Path, first: str, second: str, third: str, block: str | None
) -> None:
    record = scored_slide(store, tmp_path, called=3)
    read_all(store, record, first, reader="Anna", role=Role.FIRST)
    for calls, reader, role in ((second, "Ben", Role.SECOND), (third, "Cleo", Role.ADJUDICATOR)):
        read_all(store, record, calls or "...", reader=reader, role=role)
    assert tuple(map(str, blocks_signing(store.record(record.slide.id)))) == (
        () if block is None else (block,)
    )
    if block is None:
        sign(store, record.slide.id, by="Dora")
    else:
        with pytest.raises(StoreError, match="cannot be signed"):
            sign(store, record.slide.id, by="Dora")


def test_a_slide_without_candidates_is_signed_once_somebody_has_looked(store: Store, tmp_path: Path) -> None:
    record = scored_slide(store, tmp_path, called=0, counted=300_000)
    assert "draw some cells at random" in str(blocks_signing(record)[0])
    (drawn,) = store.draw_sample(record.slide.id, 1, by="Anna")
    store.read(record.slide.id, drawn.id, NOT_PARASITE, reader="Anna", role=Role.FIRST)
    signed = read_document(sign(store, record.slide.id, by="Anna"))
    assert signed.verdict.kind == VerdictKind.NO_PARASITE_SEEN


def test_a_slide_that_the_model_is_not_valid_for_is_signed_as_that_without_reading(
    store: Store, tmp_path: Path
) -> None:
    write_score(tmp_path / "result", {"a.png": 8}, [("a.png", 0, 0.9)], outside=("Too blue.",))
    slide = store.add_slide(store.add_case("P", by="Anna").id, "slide", Path("images"), by="Anna").id
    take_in(store, slide, tmp_path / "result")
    assert read_document(sign(store, slide, by="Anna")).verdict.kind == VerdictKind.NOT_VALID


@pytest.mark.parametrize(("first", "second"), [("-..", "..."), ("---", "..."), ("---", "-..")])
def test_however_much_was_read_of_it_a_slide_that_the_model_is_not_valid_for_can_be_signed(
    store: Store, tmp_path: Path, first: str, second: str
) -> None:
    called = [("a.png", position, 0.9 - 0.1 * position) for position in range(3)]
    write_score(tmp_path / "result", {"a.png": 8}, called, outside=("Too blue.",))
    slide = store.add_slide(store.add_case("P", by="Anna").id, "slide", Path("images"), by="Anna").id
    record = take_in(store, slide, tmp_path / "result")
    read_all(store, record, first, reader="Anna", role=Role.FIRST)
    read_all(store, record, second, reader="Ben", role=Role.SECOND)
    assert read_document(sign(store, slide, by="Anna")).verdict.kind == VerdictKind.NOT_VALID


@pytest.mark.parametrize("calls", ["---", "+--", "--?"])
@pytest.mark.parametrize("marked", [PARASITE, UNSURE, NOT_PARASITE])
def test_the_verdict_that_is_signed_follows_from_the_evidence_signed_with_it(
    store: Store, tmp_path: Path, calls: str, marked: Opinion
) -> None:
    record = scored_slide(store, tmp_path, called=3, counted=300_000)
    for reader, role in (("Anna", Role.FIRST), ("Ben", Role.SECOND)):
        read_all(store, record, calls, reader=reader, role=role)
        store.mark(record.slide.id, "field1.png", box_of(8), marked, reader=reader, role=role)
    signed = read_document(sign(store, record.slide.id, by="Dora"))
    assert verdict(signed.evidence) == signed.verdict


def test_a_slide_that_is_not_scored_cannot_be_signed(store: Store) -> None:
    slide = store.add_slide(store.add_case("P", by="Anna").id, "slide", Path("images"), by="Anna").id
    with pytest.raises(StoreError, match="not scored: it is queued"):
        sign(store, slide, by="Anna")


def test_the_document_holds_the_result_the_readings_and_the_name(store: Store, finished: SlideRecord) -> None:
    signature = sign(store, finished.slide.id, by=" Dora  Lee")
    signed = read_document(signature)
    assert finished.taken_in is not None
    assert signature.sha256 == hashlib.sha256(signature.document.encode()).hexdigest()
    assert (signed.slide, signed.signature.by, signed.signature.version) == ("slide 7", "Dora Lee", 1)
    assert (signed.signature.at, signed.signature.amendment) == (signature.at, None)
    assert signed.signature.result_sha256 == finished.taken_in.sha256
    assert (signed.evidence, signed.verdict) == (tally_of(finished).evidence, tally_of(finished).verdict)
    assert [(cell.kind, cell.rank, cell.decision) for cell in signed.readings] == [
        ("called", 1, "accepted by two readers"),
        ("called", 2, "rejected"),
        ("called", 3, "rejected"),
        ("marked", None, "accepted by two readers"),
    ]
    readers = [(reading.reader, reading.role, reading.call) for reading in signed.readings[1].readings]
    assert sorted(readers) == [
        ("Anna", "first", "not a parasite"),
        ("Ben", "second", "parasite"),
        ("Cleo", "adjudicator", "not a parasite"),
    ]
    assert signed.agreement is not None
    # (+,+) (-,+) (-,-) (+,+): p_o = 3/4, p_e = (2 x 3 + 2 x 1) / 16 = 1/2
    assert (signed.agreement.cells, signed.agreement.agreed, signed.agreement.kappa) == (4, 3, 0.5)
    assert [flag.field for flag in signed.fields_to_photograph_again] == ["field1.png"]


def test_the_document_is_canonical_and_fits_the_published_schema(store: Store, finished: SlideRecord) -> None:
    signature = sign(store, finished.slide.id, by="Dora")
    document = signature.document
    parsed = json.loads(document)
    jsonschema.validate(parsed, json.loads(SCHEMA_PATH.read_text(encoding="utf-8")))
    assert document == json.dumps(parsed, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert canonical(read_document(signature)) == document
    result = json.loads(finished.taken_in.folder.joinpath("result.json").read_text())  # type: ignore[union-attr]
    assert set(result) < set(parsed)
    assert parsed["notice"] == "research use only, not for diagnosis"


def test_the_published_schema_is_that_of_the_program() -> None:
    published = json.loads(SCHEMA_PATH.read_text(encoding="utf-8"))
    assert published == signed_result_schema(), (
        "write signed_result_schema() to core/review/signed_result.schema.json"
    )
    jsonschema.Draft202012Validator.check_schema(published)


def test_accepted_cells_are_kept_as_pictures_with_their_maps_or_as_cut_from_the_field(
    store: Store, finished: SlideRecord
) -> None:
    signature = sign(store, finished.slide.id, by="Dora")
    called, _, _, marked = finished.candidates
    pictures = store.signatures.pictures(signature)
    assert list(pictures) == [called.id, marked.id]
    assert finished.taken_in is not None
    assert pictures[called.id] == (finished.taken_in.folder / "candidates" / "0001.png").read_bytes()
    cut = cv2.imdecode(np.frombuffer(pictures[marked.id], np.uint8), cv2.IMREAD_COLOR)
    assert cut is not None
    side = cut.shape[0]
    assert cut.shape[1] == side == 70
    # The cell at position 7 is a disc of red 70 in the middle; beyond the field its border is repeated.
    assert tuple(cut[side // 2, side // 2]) == (120, 60, 70)
    assert tuple(cut[0, side // 2]) == tuple(cut[10, side // 2]) == (230, 230, 230)


def test_no_more_pictures_are_kept_than_a_page_shows(store: Store, tmp_path: Path) -> None:
    record = scored_slide(store, tmp_path, called=MOST_PICTURES + 4, fields=5)
    calls = "+" * (MOST_PICTURES + 4)
    read_all(store, record, calls, reader="Anna", role=Role.FIRST)
    read_all(store, record, calls, reader="Ben", role=Role.SECOND)
    pictures = store.signatures.pictures(sign(store, record.slide.id, by="Dora"))
    assert list(pictures) == [cell.id for cell in record.candidates[:MOST_PICTURES]]


def test_a_picture_that_cannot_be_had_is_named_and_nothing_is_signed(
    store: Store, finished: SlideRecord
) -> None:
    shutil.rmtree(finished.slide.folder)
    with pytest.raises(StoreError, match="pictures of accepted cells cannot be made"):
        sign(store, finished.slide.id, by="Dora")
    assert store.record(finished.slide.id) == finished


def test_a_slide_scored_anew_since_its_result_was_taken_in_is_not_signed(
    store: Store, finished: SlideRecord, tmp_path: Path
) -> None:
    write_score(tmp_path / "result", {"field1.png": 9, "field2.png": 9})
    with pytest.raises(StoreError, match="is no longer the one that was read"):
        sign(store, finished.slide.id, by="Dora")


def test_a_signature_locks_the_readings(store: Store, finished: SlideRecord) -> None:
    slide, cell = finished.slide.id, finished.candidates[0].id
    sign(store, slide, by="Dora")
    for change in (
        lambda: store.read(slide, cell, NOT_PARASITE, reader="Anna", role=Role.FIRST),
        lambda: store.undo(slide, reader="Anna"),
        lambda: store.mark(slide, "field1.png", box_of(8), PARASITE, reader="Anna", role=Role.FIRST),
        lambda: store.draw_sample(slide, 1, by="Anna"),
        lambda: sign(store, slide, by="Dora"),
    ):
        with pytest.raises(StoreError, match="amendment"):
            change()
    assert store.record(slide).readings == finished.readings


def test_an_amendment_gives_a_new_version_with_its_reason_beside_the_old(
    store: Store, finished: SlideRecord
) -> None:
    slide = finished.slide.id
    with pytest.raises(StoreError, match="only a signed slide"):
        store.signatures.begin_amendment(slide, "too early", by="Anna")
    first = sign(store, slide, by="Dora")
    with pytest.raises(StoreError, match="needs a reason"):
        store.signatures.begin_amendment(slide, "  ", by="Anna")
    store.signatures.begin_amendment(slide, "cell 1 is a platelet", by="Anna")
    for reader, role in (("Anna", Role.FIRST), ("Ben", Role.SECOND)):
        store.read(slide, finished.candidates[0].id, NOT_PARASITE, reader=reader, role=role)
    second = sign(store, slide, by="Emil")
    record = store.record(slide)
    assert record.signatures == (first, second)
    under = read_document(second).signature
    assert (under.version, under.amendment, under.previous_sha256) == (
        2,
        "cell 1 is a platelet",
        first.sha256,
    )
    assert read_document(first).readings[0].decision == "accepted by two readers"
    assert read_document(second).readings[0].decision == "rejected"
    for signature in record.signatures:
        assert violations(record, signature.version, store.signatures.pictures(signature)) == ()


def test_a_document_that_version_0_1_0_signed_is_read_and_verified(
    store: Store, finished: SlideRecord
) -> None:
    signature = sign(store, finished.slide.id, by="Dora")
    document = signature.document.replace('"assumptions":{', '"assumptions":{"confidence":0.95,')
    assert document != signature.document
    old = replace(signature, document=document, sha256=sha256_of(document))
    assert read_document(old) == read_document(signature)
    record = replace(store.record(finished.slide.id), signatures=(old,))
    assert violations(record, 1, store.signatures.pictures(signature)) == ()


def test_what_is_written_while_a_result_is_being_signed_is_not_signed_over(
    store: Store, finished: SlideRecord
) -> None:
    document = sign(store, finished.slide.id, by="Dora").document
    store.signatures.begin_amendment(finished.slide.id, "again", by="Anna")
    read_before = store.record(finished.slide.id)
    store.read(finished.slide.id, finished.candidates[2].id, PARASITE, reader="Anna", role=Role.FIRST)
    with pytest.raises(StoreError, match="changed while it was being signed"):
        store.signatures.add(read_before, document, "0" * 64, {}, by="Dora", at=read_before.slide.added_at)
    assert len(store.record(finished.slide.id).signatures) == 1


@pytest.mark.parametrize(
    ("tampering", "found"),
    [
        ("UPDATE readings SET call = 'not a parasite' WHERE id = 1", "Signed readings that have changed"),
        ("UPDATE readings SET reader = 'Ben' WHERE id = 1", "Signed readings that have changed"),
        ("DELETE FROM readings WHERE id = 1", "Signed readings that have changed"),
        ("UPDATE signatures SET document = replace(document, 'slide 7', 'slide 8')", "its hash differs"),
        ("UPDATE signatures SET document = 'gone'", "is not a signed result"),
        ("UPDATE signatures SET by = 'Emil'", "name or time of the signature"),
        ("UPDATE signatures SET at = '2020-01-01 00:00:00.000000'", "name or time of the signature"),
        ("UPDATE cases SET patient = 'somebody else'", "patient is not the one"),
        ("UPDATE signed_pictures SET png = x'00'", "pictures are not those"),
        ("DELETE FROM signed_pictures WHERE id = 1", "pictures are not those"),
    ],
)
def test_what_is_altered_past_the_program_is_seen(
    store: Store, finished: SlideRecord, tmp_path: Path, tampering: str, found: str
) -> None:
    sign(store, finished.slide.id, by="Dora")
    with sqlite3.connect(tmp_path / "data" / "smearscope.sqlite") as connection:
        triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (trigger,) in triggers:
            connection.execute(f"DROP TRIGGER {trigger}")
        connection.execute(tampering)
    connection.close()
    record = store.record(finished.slide.id)
    sentences = [str(said) for said in violations(record, 1, store.signatures.pictures(record.signatures[0]))]
    assert any(found in sentence for sentence in sentences), sentences


def test_an_old_version_put_in_place_of_another_is_seen(store: Store, finished: SlideRecord) -> None:
    slide = finished.slide.id
    sign(store, slide, by="Dora")
    store.signatures.begin_amendment(slide, "again", by="Anna")
    second = sign(store, slide, by="Dora")
    record = store.record(slide)
    other = replace(record, signatures=(replace(record.signatures[0], sha256="0" * 64), second))
    assert sentence("altered.version_before") in violations(other, 2, store.signatures.pictures(second))
