"""The steps of a slide's scoring: which may follow which."""

from pathlib import Path

import pytest

from core.review import sign
from core.store import Role, ScoringStep, Store, StoreError
from tests.core.store.test_store import new_slide
from tests.scored_slides import read_all, scored_slide


def test_one_process_alone_takes_a_slide_from_the_queue(store: Store) -> None:
    slide = new_slide(store)
    assert store.note_scoring(slide, ScoringStep.SCORING, by="process 1").scoring == ScoringStep.SCORING
    with pytest.raises(StoreError, match="'scoring' cannot become 'scoring'"):
        store.note_scoring(slide, ScoringStep.SCORING, by="process 2")


def test_scoring_can_fail_with_a_reason_be_queued_again_and_stopped(store: Store) -> None:
    slide = new_slide(store)
    store.note_scoring(slide, ScoringStep.SCORING, by="process")
    failed = store.note_scoring(slide, ScoringStep.FAILED, by="process", detail="no field can be read")
    assert (failed.scoring, failed.scoring_detail) == (ScoringStep.FAILED, "no field can be read")
    store.note_scoring(slide, ScoringStep.QUEUED, by="Anna")
    store.note_scoring(slide, ScoringStep.STOPPED, by="Anna")
    with pytest.raises(StoreError, match="'stopped' cannot become 'failed'"):
        store.note_scoring(slide, ScoringStep.FAILED, by="process")
    with pytest.raises(StoreError, match="'stopped' cannot become 'scored'"):
        store.note_scoring(slide, ScoringStep.SCORED, by="process")  # that takes a result


def test_a_signed_slide_is_scored_again_only_once_it_is_amended(store: Store, tmp_path: Path) -> None:
    record = read_all(store, scored_slide(store, tmp_path, listed=1), "-", reader="Anna", role=Role.FIRST)
    slide = record.slide.id
    sign(store, slide, by="Anna")
    with pytest.raises(StoreError, match="signed by Anna as version 1"):
        store.note_scoring(slide, ScoringStep.QUEUED, by="Anna")
    assert store.record(slide).slide.scoring == ScoringStep.SCORED
    store.signatures.begin_amendment(slide, "more fields", by="Anna")
    assert store.note_scoring(slide, ScoringStep.QUEUED, by="Anna").scoring == ScoringStep.QUEUED
