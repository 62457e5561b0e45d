"""Two models on signed slides, from the question to the table; and scoring after a switch."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.jobs import comparison, comparison_process
from app.jobs import scoring_process as process
from app.jobs.comparison import (
    ask,
    asked,
    comparison_files,
    comparison_of,
    signed_hash,
    signed_slides,
    take_back,
)
from app.jobs.comparison_process import compare
from app.jobs.models_here import ModelHere, UnusableModel
from app.workplace import Workplace
from core.review import read_document, sign
from core.review.model_comparison import Calls
from core.scoring import slide_run
from core.store import Role, ScoringStep
from core.store.people import NotAllowedError
from tests.coloured_cells import DotCard, load_models, save_slide
from tests.scored_slides import read_all

STRICT = DotCard(name="strict", identity="strict 2", fixed_threshold=0.9)
MODELS = (
    ModelHere("released", "released", DotCard()),  # type: ignore[arg-type] # a card as scoring asks for
    ModelHere("strict", "strict", STRICT),  # type: ignore[arg-type]
)


@pytest.fixture(autouse=True)
def drawn_models(monkeypatch: pytest.MonkeyPatch) -> None:
    """One model that calls every dark dot, and one that calls none."""

    def here(_: Workplace) -> tuple[tuple[ModelHere, ...], tuple[UnusableModel, ...]]:
        return MODELS, ()

    monkeypatch.setattr("app.jobs.models_here.models_here", here)
    monkeypatch.setattr("app.jobs.models_here._released", lambda: MODELS[0])
    monkeypatch.setattr(comparison_process, "models_here", here)
    for module in (process, comparison_process):
        monkeypatch.setattr(module, "load_models", lambda name, device: load_models())
    monkeypatch.setattr(process, "available_cores", lambda: 1)


@pytest.fixture
def signed(workplace: Workplace, tmp_path: Path) -> Workplace:
    """One slide of two fields with a called cell each of dots seven and eight, read and signed."""
    case = workplace.store.add_case("patient", by="Anna")
    folder = save_slide(tmp_path / "images", fields=2)
    slide = workplace.store.add_slide(case.id, "slide", folder, by="Anna")
    process.work_through_queue(workplace, lambda _: None)
    record = workplace.store.record(slide.id)
    for reader, role in (("Anna", Role.FIRST), ("Ben", Role.SECOND)):
        read_all(workplace.store, record, "+-", reader=reader, role=role)
    sign(workplace.store, slide.id, by="Dora")
    return workplace


def test_both_models_are_held_against_what_readers_decided(signed: Workplace) -> None:
    ask(signed, *MODELS, by="Zoe")
    compare(signed)
    assert asked(signed) is None
    done = comparison_of(signed, *MODELS)
    assert done is not None
    assert (done.first, done.second) == ("dots 1", "strict 2")
    (slide,) = done.slides
    # 60 cells: the first model called two of them, one accepted and one rejected; the second calls none.
    assert slide.first == Calls(1, 1, 1, 1, 2, 60)
    assert slide.second == Calls(1, 0, 1, 0, 0, 60)
    assert (slide.left_out, slide.problem, slide.version) == (0, None, 1)
    assert done.signed == signed_hash(signed_slides(signed))


def test_a_model_is_not_run_again_on_what_it_has_scored_for_the_readers(
    signed: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    scored: list[str] = []
    score_slide = slide_run.score_slide

    def counting(slide: Any, folder: Path, card: Any, *more: Any) -> Any:  # noqa: ANN401 - passed on
        scored.append(card.name)
        return score_slide(slide, folder, card, *more)

    monkeypatch.setattr(comparison_process, "score_slide", counting)
    ask(signed, *MODELS, by="Zoe")
    compare(signed)
    assert scored == ["strict"]


def test_where_the_result_is_gone_both_are_scored_anew(signed: Workplace) -> None:
    (record,) = signed_slides(signed)
    assert record.taken_in is not None
    (record.taken_in.folder / "cells.parquet").unlink()
    ask(signed, *MODELS, by="Zoe")
    compare(signed)
    done = comparison_of(signed, *MODELS)
    assert done is not None
    assert done.slides[0].first == Calls(1, 1, 1, 1, 2, 60)


def test_a_slide_whose_images_are_gone_is_left_out_with_the_reason(signed: Workplace, tmp_path: Path) -> None:
    (tmp_path / "images").rename(tmp_path / "elsewhere")
    ask(signed, *MODELS, by="Zoe")
    compare(signed)
    done = comparison_of(signed, *MODELS)
    assert done is not None
    assert done.slides[0].second is None
    assert done.slides[0].problem


def test_taking_the_question_back_stops_it(signed: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.jobs.progress.SECONDS_BETWEEN", 0.0)
    calls_of = comparison.calls_of

    def take_back(folder: Path, document: Any) -> Calls:  # noqa: ANN401 - passed on
        comparison_files(signed).asked.unlink(missing_ok=True)
        return calls_of(folder, document)

    monkeypatch.setattr(comparison_process, "calls_of", take_back)
    ask(signed, *MODELS, by="Zoe")
    compare(signed)
    assert comparison_of(signed, *MODELS) is None
    assert not comparison_files(signed).failed.exists()


def test_what_fails_is_said_and_the_question_is_over(
    signed: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparison_process, "models_here", lambda _: (MODELS[:1], ()))
    ask(signed, *MODELS, by="Zoe")
    compare(signed)
    assert asked(signed) is None
    assert "no model strict" in comparison_files(signed).failed.read_text()


def test_after_a_switch_slides_are_scored_with_the_other_model_and_results_keep_theirs(
    signed: Workplace, tmp_path: Path
) -> None:
    (before,) = signed_slides(signed)
    signed.store.models.switch("strict", "strict 2", by="Zoe")
    folder = save_slide(tmp_path / "new", fields=2)
    slide = signed.store.add_slide(before.case.id, "new", folder, by="Anna")
    process.work_through_queue(signed, lambda _: None)
    after = signed.store.record(slide.id)
    assert after.taken_in is not None
    assert after.taken_in.result.model.identity == "strict 2"
    assert after.taken_in.folder.parent == signed.results
    assert after.taken_in.folder.name.startswith(f"{slide.id}-2-")
    assert after.candidates == ()
    kept = signed.store.record(before.slide.id)
    assert kept == before
    document = read_document(kept.signatures[-1])
    assert (document.model.identity, document.evidence.performance.threshold) == (
        "dots 1",
        before.taken_in.result.evidence.performance.threshold,  # type: ignore[union-attr] # it was scored
    )


def test_a_slide_that_gets_fields_after_a_switch_keeps_what_was_read(
    signed: Workplace, tmp_path: Path
) -> None:
    (before,) = signed_slides(signed)
    signed.store.signatures.begin_amendment(before.slide.id, "more fields", by="Dora")
    signed.store.models.switch("strict", "strict 2", by="Zoe")
    save_slide(tmp_path / "images", fields=3)
    signed.store.note_scoring(before.slide.id, ScoringStep.QUEUED, by="Anna")
    process.work_through_queue(signed, lambda _: None)
    after = signed.store.record(before.slide.id)
    assert after.slide.scoring == ScoringStep.SCORED
    assert after.taken_in is not None
    assert after.taken_in.result.model.identity == "strict 2"
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


def test_another_question_asked_while_one_is_answered_is_answered_too(
    signed: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once taken back and asked the other way round; the first is given up, the second not lost."""
    calls_of = comparison.calls_of
    turned: list[Path] = []

    def turn_round(folder: Path, document: Any) -> Calls:  # noqa: ANN401 - passed on
        if not turned:
            take_back(signed, by="Zoe")
            ask(signed, *reversed(MODELS), by="Zoe")
            turned.append(folder)
        return calls_of(folder, document)

    monkeypatch.setattr(comparison_process, "calls_of", turn_round)
    ask(signed, *MODELS, by="Zoe")
    compare(signed)
    assert asked(signed) is None
    assert comparison_of(signed, *MODELS) is None
    done = comparison_of(signed, *reversed(MODELS))
    assert done is not None
    assert (done.first, done.second) == ("strict 2", "dots 1")


def test_a_question_that_somebody_waits_for_is_not_replaced(signed: Workplace) -> None:
    ask(signed, *MODELS, by="Zoe")
    ask(signed, *reversed(MODELS), by="Eve")
    question = asked(signed)
    assert question is not None
    assert (question.first, question.by) == ("released", "Zoe")


def test_who_may_not_see_models_neither_asks_nor_takes_a_question_back(signed: Workplace) -> None:
    signed.store.people.name_supervisor("zoe@lab.example", by="command line")
    asking = replace(signed, store=signed.store.asking_roles())
    with pytest.raises(NotAllowedError):
        ask(asking, *MODELS, by="eve@lab.example")
    assert asked(signed) is None
    ask(asking, *MODELS, by="zoe@lab.example")
    with pytest.raises(NotAllowedError):
        take_back(asking, by="eve@lab.example")
    assert asked(signed) is not None
