"""Signed documents as the store keeps them: what locks, what opens, and what leaves."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.store import Role, Signature, SlideRecord, Store, StoreError
from tests.scored_slides import PARASITE, scored_slide

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


@pytest.fixture
def record(store: Store, tmp_path: Path) -> SlideRecord:
    return scored_slide(store, tmp_path / "slide", listed=1)


def signed(store: Store, record: SlideRecord) -> Signature:
    pictures = {record.candidates[0].id: b"a picture"}
    return store.signatures.add(record, '{"a": "µ"}', "0" * 64, pictures, by="Dora", at=NOON)


def test_a_document_is_kept_as_it_was_given_with_its_pictures_and_locks_the_slide(
    store: Store, record: SlideRecord
) -> None:
    signature = signed(store, record)
    assert (signature.version, signature.by, signature.at) == (1, "Dora", NOON)
    assert (signature.document, signature.sha256) == ('{"a": "µ"}', "0" * 64)
    assert store.signatures.pictures(signature) == {record.candidates[0].id: b"a picture"}
    after = store.record(record.slide.id)
    assert (after.signatures, after.locked) == ((signature,), True)
    with pytest.raises(StoreError, match="signed by Dora as version 1"):
        signed(store, after)


def test_an_amendment_opens_a_signed_slide_for_the_next_version_and_needs_a_reason(
    store: Store, record: SlideRecord
) -> None:
    slide = record.slide.id
    with pytest.raises(StoreError, match="only a signed slide"):
        store.signatures.begin_amendment(slide, "too early", by="Anna")
    first = signed(store, record)
    with pytest.raises(StoreError, match="needs a reason"):
        store.signatures.begin_amendment(slide, " \n ", by="Anna")
    amendment = store.signatures.begin_amendment(slide, " cell 1 is a platelet ", by="Anna")
    assert (amendment.version, amendment.by, amendment.reason) == (2, "Anna", "cell 1 is a platelet")
    opened = store.record(slide)
    assert (opened.amendments, opened.locked) == ((amendment,), False)
    second = signed(store, opened)
    assert (second.version, store.record(slide).signatures) == (2, (first, second))


def test_what_is_written_while_a_result_is_being_signed_is_not_signed_over(
    store: Store, record: SlideRecord
) -> None:
    signed(store, record)
    store.signatures.begin_amendment(record.slide.id, "again", by="Anna")
    read_before = store.record(record.slide.id)
    store.read(record.slide.id, record.candidates[0].id, PARASITE, reader="Anna", role=Role.FIRST)
    with pytest.raises(StoreError, match="changed while it was being signed"):
        signed(store, read_before)
    assert len(store.record(record.slide.id).signatures) == 1


def test_a_copy_that_leaves_is_on_record_with_its_form_and_version(store: Store, record: SlideRecord) -> None:
    signed(store, record)
    store.signatures.note_export(record.slide.id, "PDF", 1, by="Cleo")
    last = store.audit(record.slide.id)[-1]
    assert (last.who, last.what, last.detail) == ("Cleo", "exported", {"form": "PDF", "version": 1})
