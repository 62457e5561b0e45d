"""The process that makes maps of cells that were never looked at: what it makes, and what it refuses."""

from pathlib import Path

import pytest

from app.jobs.asked_maps import asked_for
from app.jobs.map_process import answer
from app.pictures.tiles import METHODS, NoTileError
from app.workplace import Workplace
from core.store import CandidateKind, ScoringStep, SlideRecord
from tests.app.jobs.wanted_maps import asked, record, started
from tests.scored_slides import take_in, write_score

__all__ = ["record", "started"]


def test_an_unforeseen_failure_is_told_to_who_asked_and_ends_the_process_but_loses_nothing_else(
    workplace: Workplace, record: SlideRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("app.jobs.map_process.make_maps", fail)
    first, second = record.candidates[:2]
    for one in (first, second):
        assert asked(workplace, record, one) is None
    failed = asked_for(workplace.asked_maps)[0].candidate_id
    with pytest.raises(OSError, match="no space left"):
        answer(workplace)
    (waiting,) = asked_for(workplace.asked_maps)
    assert {failed, waiting.candidate_id} == {first.id, second.id}
    with pytest.raises(NoTileError, match=r"unexpected error: see .*log\.txt"):
        asked(workplace, record, next(one for one in (first, second) if one.id == failed))


def test_a_page_that_shows_an_earlier_result_gets_no_map_by_the_model_of_the_next(
    workplace: Workplace, record: SlideRecord, tmp_path: Path
) -> None:
    """Else its browser would ask again and again for a map that is never made."""
    first = record.candidates[0]
    assert asked(workplace, record, first) is None
    workplace.store.note_scoring(record.slide.id, ScoringStep.QUEUED, by="Anna")
    write_score(tmp_path / "next", {"field1.png": 10, "field2.png": 10}, [("field1.png", 0, 0.97)])
    take_in(workplace.store, record.slide.id, tmp_path / "next")
    assert answer(workplace)
    with pytest.raises(NoTileError, match="has a new result"):
        asked(workplace, record, first)
    assert asked_for(workplace.asked_maps) == ()


@pytest.mark.slow
def test_cells_that_nobody_was_asked_about_get_maps_too(workplace: Workplace, tmp_path: Path) -> None:
    from app.jobs.scoring_process import work_through_queue
    from datasets.synthetic import render_slide

    folder = render_slide(tmp_path / "images", fields=1, seed=7, parasitaemia=0.1).folder
    case = workplace.store.add_case("patient", by="Anna")
    slide = workplace.store.add_slide(case.id, "slide", folder, by="Anna")
    work_through_queue(workplace, lambda _: None)
    drawn = workplace.store.draw_sample(slide.id, 2, by="Anna")
    record = workplace.store.record(slide.id)
    assert [one.kind for one in drawn] == [CandidateKind.SAMPLE] * 2
    assert [asked(workplace, record, one) for one in drawn] == [None, None]
    assert answer(workplace)
    assert not answer(workplace)
    assert all(asked(workplace, record, one, method) for one in drawn for method in METHODS)
