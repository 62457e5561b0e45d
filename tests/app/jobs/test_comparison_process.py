"""Two models on signed slides: scored where they are not, held against what readers decided, or stopped."""

from pathlib import Path
from typing import Any

import pytest

from app.jobs import comparison_process
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
from app.workplace import Workplace
from core.results.folder import ResultTables, read_tables
from core.review.model_comparison import Ranking
from core.scoring import slide_run
from tests.app.jobs.two_models import MODELS, drawn_models, signed

__all__ = ["drawn_models", "signed"]


def test_both_models_are_held_against_what_readers_decided(signed: Workplace) -> None:
    ask(signed, *MODELS, by="Zoe")
    compare(signed)
    assert asked(signed) is None
    done = comparison_of(signed, *MODELS)
    assert done is not None
    assert (done.first, done.second) == ("dots 1", "contrary 2")
    (slide,) = done.slides
    # Of 60 cells readers were shown the two with dots: the larger one was accepted, the other rejected.
    assert slide.first == Ranking(ranks=(1,), accepted_first=1, first=2, shared=0)
    assert slide.second == Ranking(ranks=(60,), accepted_first=0, first=2, shared=0)
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
    assert scored == ["contrary"]


def test_where_the_result_is_gone_both_are_scored_anew(signed: Workplace) -> None:
    (record,) = signed_slides(signed)
    assert record.taken_in is not None
    (record.taken_in.folder / "cells.parquet").unlink()
    ask(signed, *MODELS, by="Zoe")
    compare(signed)
    done = comparison_of(signed, *MODELS)
    assert done is not None
    assert done.slides[0].first == Ranking(ranks=(1,), accepted_first=1, first=2, shared=0)


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
    score_slide = slide_run.score_slide

    def take_back(*given: Any) -> Any:  # noqa: ANN401 - passed on
        comparison_files(signed).asked.unlink(missing_ok=True)
        return score_slide(*given)

    monkeypatch.setattr(comparison_process, "score_slide", take_back)
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
    assert "no model contrary" in comparison_files(signed).failed.read_text()


def test_another_question_asked_while_one_is_answered_is_answered_too(
    signed: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once taken back and asked the other way round; the first is given up, the second not lost."""
    turned: list[Path] = []

    def turn_round(folder: Path) -> ResultTables:
        if not turned:
            take_back(signed, by="Zoe")
            ask(signed, *reversed(MODELS), by="Zoe")
            turned.append(folder)
        return read_tables(folder)

    monkeypatch.setattr(comparison_process, "read_tables", turn_round)
    ask(signed, *MODELS, by="Zoe")
    compare(signed)
    assert asked(signed) is None
    assert comparison_of(signed, *MODELS) is None
    done = comparison_of(signed, *reversed(MODELS))
    assert done is not None
    assert (done.first, done.second) == ("contrary 2", "dots 1")
