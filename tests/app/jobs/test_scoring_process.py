"""Scoring in a process of its own: it says how far it is, can be stopped, goes on, and never runs twice."""

from pathlib import Path
from typing import Any

import pytest

from app.jobs import scoring_process as process
from app.jobs.models_here import ModelHere
from app.jobs.progress import ProgressFile, progress_path, read_progress
from app.jobs.scoring_process import work_through_queue
from app.pictures.tiles import DRAWN_BY_SCORING, Tiles
from app.pictures.while_scoring import PicturesWhileScoring
from app.workplace import Workplace
from core.errors import SmearscopeError
from core.files import OutputError
from core.results.result import SlideResult
from core.scoring.slide_run import score_slide
from core.slides import Slide
from core.store import CandidateKind, Role, ScoringStep, StoredSlide
from tests.coloured_cells import DotCard, load_models, save_slide
from tests.scored_slides import read_all


@pytest.fixture(autouse=True)
def drawn_models(monkeypatch: pytest.MonkeyPatch) -> None:
    """Models that need no weights, in place of the released ones."""
    monkeypatch.setattr(process, "load_models", lambda name, device: load_models())
    dots = ModelHere("released", "released", DotCard())  # type: ignore[arg-type] # a card as scoring asks for
    monkeypatch.setattr(process, "active_model", lambda _: dots)
    monkeypatch.setattr(process, "available_cores", lambda: 1)
    monkeypatch.setattr(process, "REVIEW_BUDGET", 4)


@pytest.fixture
def slide(workplace: Workplace, tmp_path: Path) -> StoredSlide:
    case = workplace.store.add_case("patient", by="Anna")
    folder = save_slide(tmp_path / "images", fields=6)
    return workplace.store.add_slide(case.id, "slide", folder, by="Anna")


def step(workplace: Workplace, slide: StoredSlide) -> ScoringStep:
    return workplace.store.record(slide.id).slide.scoring


def silently(_: str) -> None:
    pass


def test_a_queued_slide_is_scored_taken_in_and_its_candidates_are_cut(
    workplace: Workplace, slide: StoredSlide
) -> None:
    work_through_queue(workplace, silently)
    record = workplace.store.record(slide.id)
    assert record.slide.scoring == ScoringStep.SCORED
    assert [candidate.kind for candidate in record.candidates] == [CandidateKind.LISTED] * 4
    pictures = workplace.folder / "pictures" / str(slide.id)
    assert len(list(pictures.glob("small-*.jpg"))) == len(list(pictures.glob("neighbours-*.jpg"))) == 4
    assert len(list((pictures / "maps").rglob(f"*-{DRAWN_BY_SCORING}.png"))) == 4
    assert len({path.name.partition("-")[0] for path in (pictures / "whole").iterdir()}) == 6
    assert read_progress(progress_path(workplace.jobs, slide.id)) is None


def test_a_slide_that_cannot_be_scored_says_why_and_holds_up_no_other(
    workplace: Workplace, slide: StoredSlide, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    broken = workplace.store.add_slide(slide.case_id, "broken", tmp_path / "empty", by="Anna")
    other = workplace.store.add_slide(
        slide.case_id, "other", save_slide(tmp_path / "more", fields=1), by="Anna"
    )
    work_through_queue(workplace, silently)
    found = workplace.store.record(broken.id).slide
    assert found.scoring == ScoringStep.FAILED
    assert "holds no image" in found.scoring_detail
    assert step(workplace, other) == ScoringStep.SCORED


def test_what_nobody_foresaw_is_a_failure_too(
    workplace: Workplace, slide: StoredSlide, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(*_: Any) -> None:  # noqa: ANN401 - whatever it is given
        raise ZeroDivisionError

    monkeypatch.setattr(process, "score_slide", break_down)
    work_through_queue(workplace, silently)
    found = workplace.store.record(slide.id).slide
    assert found.scoring == ScoringStep.FAILED
    assert "ZeroDivisionError" in found.scoring_detail


def test_what_fails_after_a_stop_holds_up_no_other_slide(
    workplace: Workplace, slide: StoredSlide, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """'Stopped' cannot become 'failed'."""
    folder = save_slide(tmp_path / "more", fields=6)
    other = workplace.store.add_slide(slide.case_id, "other", folder, by="Anna")

    def stop_and_fail(opened: Slide, *more: Any) -> SlideResult:  # noqa: ANN401 - all that follows
        if opened.name == slide.name:
            workplace.store.note_scoring(slide.id, ScoringStep.STOPPED, by="Anna")
            raise SmearscopeError("the disk is gone")
        return score_slide(opened, *more)

    monkeypatch.setattr(process, "score_slide", stop_and_fail)
    lines: list[str] = []
    work_through_queue(workplace, lines.append)
    assert (step(workplace, slide), step(workplace, other)) == (ScoringStep.STOPPED, ScoringStep.SCORED)
    assert any("the disk is gone" in line for line in lines)


def test_pictures_that_cannot_be_cut_beforehand_are_no_failure(
    workplace: Workplace,
    slide: StoredSlide,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fill_disk(*_: Any) -> None:  # noqa: ANN401 - whatever it is given
        raise OutputError("no space left")

    monkeypatch.setattr(Tiles, "keep_cut", fill_disk)
    lines: list[str] = []
    work_through_queue(workplace, lines.append)
    assert step(workplace, slide) == ScoringStep.SCORED
    assert lines == ["slide: scoring", "slide: scored"]
    assert "not all pictures were cut beforehand: no space left" in capsys.readouterr().out


def test_a_stop_keeps_what_is_scored_and_going_on_scores_the_rest_only(
    workplace: Workplace, slide: StoredSlide, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[int] = []
    counting = ProgressFile.field_done

    def stop_after_two(self: ProgressFile, cells: int) -> None:
        counted.append(cells)
        if len(counted) == 2:
            workplace.store.note_scoring(slide.id, ScoringStep.STOPPED, by="Anna")
        counting(self, cells)

    monkeypatch.setattr(ProgressFile, "field_done", stop_after_two)
    monkeypatch.setattr("app.jobs.progress.SECONDS_BETWEEN", 0.0)
    work_through_queue(workplace, silently)
    assert step(workplace, slide) == ScoringStep.STOPPED
    assert len(counted) == 2
    workplace.store.note_scoring(slide.id, ScoringStep.QUEUED, by="Anna")
    work_through_queue(workplace, silently)
    assert step(workplace, slide) == ScoringStep.SCORED
    assert len(counted) == 6


def test_a_slide_whose_process_was_killed_goes_on(workplace: Workplace, slide: StoredSlide) -> None:
    workplace.store.note_scoring(slide.id, ScoringStep.SCORING, by="a process that is gone")
    work_through_queue(workplace, silently)
    assert step(workplace, slide) == ScoringStep.SCORED


def test_fields_added_later_are_scored_and_keep_what_was_read(
    workplace: Workplace, slide: StoredSlide, tmp_path: Path
) -> None:
    work_through_queue(workplace, silently)
    before = read_all(
        workplace.store, workplace.store.record(slide.id), "++--", reader="Anna", role=Role.FIRST
    )
    save_slide(tmp_path / "images", fields=9)  # the seventh has two cells with dots, which come before
    workplace.store.note_scoring(slide.id, ScoringStep.QUEUED, by="Anna")
    work_through_queue(workplace, silently)
    after = workplace.store.record(slide.id)
    assert before.taken_in is not None
    assert after.taken_in is not None
    assert after.taken_in.result.cells.evaluable == before.taken_in.result.cells.evaluable + 90
    assert {candidate.id for candidate in before.candidates} <= {
        candidate.id for candidate in after.candidates
    }


@pytest.mark.parametrize("meanwhile", ["stopped", "more fields", "another budget"])
def test_a_result_that_is_ready_after_a_stop_does_not_make_the_slide_a_scored_one(
    workplace: Workplace, slide: StoredSlide, meanwhile: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it could be signed while fields are added to it, and another budget would be forgotten."""
    work_through_queue(workplace, silently)
    before = workplace.store.record(slide.id).taken_in
    workplace.store.note_scoring(slide.id, ScoringStep.QUEUED, by="Anna")
    steps: list[ScoringStep] = []

    def change_meanwhile(*_: Any) -> None:  # noqa: ANN401 - whatever it is given
        if not steps:
            if meanwhile == "stopped":
                workplace.store.note_scoring(slide.id, ScoringStep.STOPPED, by="Anna")
            elif meanwhile == "more fields":
                workplace.store.open_for_fields(slide.id, by="Anna")
            else:
                workplace.store.settings.change(slide.id, red_cells_per_ul=None, review_budget=7, by="Anna")
            steps.append(step(workplace, slide))

    assert before is not None
    (before.folder / "result.json").unlink()  # so that its files are written anew
    monkeypatch.setattr(PicturesWhileScoring, "of_candidates", change_meanwhile)
    work_through_queue(workplace, silently)
    after = workplace.store.record(slide.id)
    assert after.taken_in is not None
    if meanwhile == "another budget":
        assert steps == [ScoringStep.QUEUED]
        assert after.slide.scoring == ScoringStep.SCORED
        assert after.taken_in.result.options.review_budget == 7
    else:
        assert steps == [ScoringStep.STOPPED]
        assert after.slide.scoring == ScoringStep.STOPPED
        assert after.taken_in == before
