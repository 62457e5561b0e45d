"""Scoring after another model was made the active one: what was scored before keeps its own."""

from pathlib import Path

from app.jobs import scoring_process as process
from app.jobs.comparison import signed_slides
from app.workplace import Workplace
from core.review import read_document
from core.store import ScoringStep
from tests.app.jobs.two_models import drawn_models, signed
from tests.coloured_cells import save_slide

__all__ = ["drawn_models", "signed"]


def test_after_a_switch_slides_are_scored_with_the_other_model_and_results_keep_theirs(
    signed: Workplace, tmp_path: Path
) -> None:
    (before,) = signed_slides(signed)
    signed.store.models.switch("contrary", "contrary 2", by="Zoe")
    folder = save_slide(tmp_path / "new", fields=2)
    slide = signed.store.add_slide(before.case.id, "new", folder, by="Anna")
    process.work_through_queue(signed, lambda _: None)
    after = signed.store.record(slide.id)
    assert after.taken_in is not None
    assert after.taken_in.result.model.identity == "contrary 2"
    assert after.taken_in.folder.parent == signed.results
    assert after.taken_in.folder.name.startswith(f"{slide.id}-2-")
    assert [candidate.rank for candidate in after.candidates] == [1, 2]
    kept = signed.store.record(before.slide.id)
    assert kept == before
    document = read_document(kept.signatures[-1])
    assert document.model.identity == "dots 1"


def test_a_slide_that_gets_fields_after_a_switch_keeps_what_was_read(
    signed: Workplace, tmp_path: Path
) -> None:
    (before,) = signed_slides(signed)
    signed.store.signatures.begin_amendment(before.slide.id, "more fields", by="Dora")
    signed.store.models.switch("contrary", "contrary 2", by="Zoe")
    save_slide(tmp_path / "images", fields=3)
    signed.store.note_scoring(before.slide.id, ScoringStep.QUEUED, by="Anna")
    process.work_through_queue(signed, lambda _: None)
    after = signed.store.record(before.slide.id)
    assert after.slide.scoring == ScoringStep.SCORED
    assert after.taken_in is not None
    assert after.taken_in.result.model.identity == "contrary 2"
    assert after.readings == before.readings
    assert {cell.id for cell in before.candidates} <= {cell.id for cell in after.candidates}
    assert before.taken_in is not None
    assert (before.taken_in.folder / "result.json").is_file()


def test_where_the_active_model_is_gone_a_slide_fails_with_the_reason_and_none_is_scored_otherwise(
    signed: Workplace, tmp_path: Path
) -> None:
    signed.store.models.switch("thrown away", "thrown away 3", by="Zoe")
    folder = save_slide(tmp_path / "new", fields=1)
    slide = signed.store.add_slide(1, "new", folder, by="Anna")
    process.work_through_queue(signed, lambda _: None)
    found = signed.store.record(slide.id).slide
    assert found.scoring == ScoringStep.FAILED
    assert "'thrown away' is no longer in the data folder" in found.scoring_detail
