"""A slide whose readings are complete, as signing needs it."""

from pathlib import Path

import pytest

from core.store import Role, SlideRecord, Store
from tests.scored_slides import PARASITE, box_of, read_all, scored_slide


@pytest.fixture
def finished(store: Store, tmp_path: Path) -> SlideRecord:
    """A slide of three candidates, read by two and adjudicated, with one more marked by hand."""
    record = scored_slide(store, tmp_path, listed=3)
    slide = record.slide.id
    read_all(store, record, "+--", reader="Anna", role=Role.FIRST)
    store.mark(slide, "field2.png", box_of(7), PARASITE, reader="Anna", role=Role.FIRST)
    read_all(store, record, "++-", reader="Ben", role=Role.SECOND)
    store.mark(slide, "field2.png", box_of(7), PARASITE, reader="Ben", role=Role.SECOND)
    read_all(store, record, ".-.", reader="Cleo", role=Role.ADJUDICATOR)
    store.flag_field(slide, "field1.png", by="Anna")
    return store.record(slide)
