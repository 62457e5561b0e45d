"""Drawn slides that were read and signed, for tests of what is written of them."""

from pathlib import Path

from core.review import SignedResult, read_document, sign
from core.review.signed_result import sha256_of
from core.store import Call, Opinion, Role, SlideRecord, Species, Stage, Store
from tests.scored_slides import box_of, read_all, scored_slide

RING = Opinion(Call.PARASITE, stage=Stage.RING, species=Species.VIVAX)
BOTH = (("Anna Roy", Role.FIRST), ("Ben=^", Role.SECOND))


def positive_record(store: Store, folder: Path) -> SlideRecord:
    """Four objects of a list, two of them parasites to both readers, and a ring that both have marked."""
    record = scored_slide(store, folder, listed=4)
    slide = record.slide.id
    for reader, role in BOTH:
        store.mark(slide, "field2.png", box_of(7), RING, reader=reader, role=role)
        store.field_readings.read(slide, "field1.png", reader=reader, role=role)
        read_all(store, record, "+-+-", reader=reader, role=role)
    return store.record(slide)


def signed_positive(store: Store, folder: Path) -> tuple[SignedResult, str]:
    """The slide of `positive_record` signed, and the hash of its document."""
    return signed(store, positive_record(store, folder))


def signed_after(store: Store, folder: Path, *readings: str, counted: int | None = None) -> SignedResult:
    """A slide with as many objects on its list as each reading has signs, read by one reader for each."""
    record = scored_slide(store, folder, listed=len(readings[0]), counted=counted)
    readers = (("Anna Roy", Role.FIRST), ("Ben", Role.SECOND), ("Cleo", Role.ADJUDICATOR))
    for (reader, role), opinions in zip(readers, readings, strict=False):
        read_all(store, record, opinions, reader=reader, role=role)
    return signed(store, store.record(record.slide.id))[0]


def signed(store: Store, record: SlideRecord) -> tuple[SignedResult, str]:
    """Sign a slide: the result, and the hash of its document."""
    signature = sign(store, record.slide.id, by="Dora")
    assert sha256_of(signature.document) == signature.sha256
    return read_document(signature), signature.sha256
