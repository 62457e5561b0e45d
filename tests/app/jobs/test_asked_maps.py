"""Maps of cells that were never looked at: asked for once, made by another process, kept, or refused."""

import os
import time
from pathlib import Path

import numpy as np
import pytest

from app.jobs.asked_maps import REFUSED_SECONDS, AskedMap, asked_for, map_picture
from app.jobs.map_process import answer
from app.pictures.tiles import METHODS, NoTileError
from app.workplace import Workplace
from core.scoring.slide_run import LEDGER_FOLDER
from core.store import Candidate, CandidateKind, ScoringStep, SlideRecord
from tests.scored_slides import take_in, write_score


@pytest.fixture(autouse=True)
def started(monkeypatch: pytest.MonkeyPatch) -> list[Workplace]:
    """For which folders the process would have been started."""
    folders: list[Workplace] = []
    monkeypatch.setattr("app.jobs.asked_maps.start_maps", folders.append)
    return folders


@pytest.fixture
def record(record: SlideRecord) -> SlideRecord:
    """A slide whose scores are still there, though by no model that is here."""
    assert record.taken_in is not None
    (record.taken_in.folder / LEDGER_FOLDER).mkdir()
    return record


def asked(
    workplace: Workplace, record: SlideRecord, candidate: Candidate, method: str = "cam"
) -> bytes | None:
    assert record.taken_in is not None
    picture = map_picture(workplace, record.slide, record.taken_in, candidate, f"map-{method}")
    return None if picture is None else picture.content


def test_a_map_that_is_not_there_is_asked_for_once_and_given_when_it_is_made(
    workplace: Workplace, record: SlideRecord, started: list[Workplace]
) -> None:
    first, second = record.candidates[:2]
    assert record.taken_in is not None
    assert asked(workplace, record, first) is None
    assert asked(workplace, record, second) is None
    assert asked(workplace, record, second) is None
    assert len(started) == 3
    wanted = asked_for(workplace.asked_maps)
    numbers = [AskedMap(record.slide.id, record.taken_in.id, one.id) for one in (second, first)]
    assert list(wanted) == numbers  # what somebody looks at now comes first
    ones = {"cam": np.ones((48, 48), np.float32)}
    workplace.tiles.keep_maps(record.slide.id, "dots 1", first.field, first.box, ones)
    content = asked(workplace, record, first)
    assert content is not None
    assert content.startswith(b"\x89PNG")


def test_what_cannot_be_made_is_said_and_asked_for_again_only_later(
    workplace: Workplace, record: SlideRecord
) -> None:
    first = record.candidates[0]
    assert record.taken_in is not None
    assert asked(workplace, record, first) is None
    assert answer(workplace)  # the model of this result was never in this folder
    assert not answer(workplace)
    with pytest.raises(NoTileError, match="dots 1"):
        asked(workplace, record, first)
    assert asked_for(workplace.asked_maps) == ()
    refusal = AskedMap(record.slide.id, record.taken_in.id, first.id).refused(workplace.asked_maps)
    long_ago = time.time() - REFUSED_SECONDS
    os.utime(refusal, (long_ago, long_ago))
    assert asked(workplace, record, first) is None
    assert len(asked_for(workplace.asked_maps)) == 1


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


def test_where_the_scores_are_gone_no_process_is_started(
    workplace: Workplace, record: SlideRecord, started: list[Workplace]
) -> None:
    assert record.taken_in is not None
    (record.taken_in.folder / LEDGER_FOLDER).rmdir()
    with pytest.raises(NoTileError, match=r"scores .* are gone"):
        asked(workplace, record, record.candidates[0])
    assert started == []


def test_no_map_by_an_unknown_method_is_asked_for(workplace: Workplace, record: SlideRecord) -> None:
    with pytest.raises(NoTileError):
        asked(workplace, record, record.candidates[0], "../../secret")
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
