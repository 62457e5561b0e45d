"""Signing: what must be done first, what is signed, and what that locks."""

import hashlib
import shutil
from pathlib import Path

import pytest

from core.review import blocks_signing, read_document, sign, tally_of, violations
from core.store import Opinion, Role, SlideRecord, Store, StoreError
from core.tally import VerdictKind, verdict
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
    record = scored_slide(store, tmp_path, listed=3)
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


@pytest.mark.parametrize("read", ["...", "-.."])
def test_the_list_is_read_before_a_slide_that_the_model_is_not_valid_for_is_signed(
    store: Store, tmp_path: Path, read: str
) -> None:
    leading = [("a.png", position, 0.9 - 0.1 * position) for position in range(3)]
    write_score(tmp_path / "result", {"a.png": 8}, leading, outside=("Too blue.",))
    slide = store.add_slide(store.add_case("P", by="Anna").id, "slide", Path("images"), by="Anna").id
    record = take_in(store, slide, tmp_path / "result")
    read_all(store, record, read, reader="Anna", role=Role.FIRST)
    with pytest.raises(StoreError, match="cannot be signed"):
        sign(store, slide, by="Anna")
    read_all(store, record, "---", reader="Anna", role=Role.FIRST)
    signed = read_document(sign(store, slide, by="Anna"))
    assert (signed.verdict.kind, signed.evidence.count.unread) == (VerdictKind.NOT_VALID, 0)


@pytest.mark.parametrize("calls", ["---", "+--", "--?"])
@pytest.mark.parametrize("marked", [PARASITE, UNSURE, NOT_PARASITE])
def test_the_verdict_that_is_signed_follows_from_the_evidence_signed_with_it(
    store: Store, tmp_path: Path, calls: str, marked: Opinion
) -> None:
    record = scored_slide(store, tmp_path, listed=3, counted=300_000)
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
        ("listed", 1, "accepted by two readers"),
        ("listed", 2, "rejected"),
        ("listed", 3, "rejected"),
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


def test_all_accepted_cells_are_kept_as_pictures_and_named_in_the_document(
    store: Store, tmp_path: Path
) -> None:
    record = scored_slide(store, tmp_path, listed=40, fields=5)
    calls = "+" * 39 + "-"
    read_all(store, record, calls, reader="Anna", role=Role.FIRST)
    read_all(store, record, calls, reader="Ben", role=Role.SECOND)
    signature = sign(store, record.slide.id, by="Dora")
    pictures = store.signatures.pictures(signature)
    assert list(pictures) == [cell.id for cell in record.candidates[:39]]
    assert {one.candidate: one.sha256 for one in read_document(signature).pictures} == {
        number: hashlib.sha256(png).hexdigest() for number, png in pictures.items()
    }


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
