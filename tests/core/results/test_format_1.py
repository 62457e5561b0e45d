"""Documents that version 0.1.0 wrote: `format_1.json` is one, of a slide with three candidates."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from core.results.result import SlideResult, read_result
from core.tally import RankCurve, SlideCount, VerdictKind, reasons_in, verdict

WRITTEN = Path(__file__).with_name("format_1.json")


def document() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(WRITTEN.read_text(encoding="utf-8"))
    return read


def test_what_was_called_at_a_threshold_is_a_list_read_to_as_many() -> None:
    result = read_result(WRITTEN)
    count = result.evidence.count
    assert result.format == 2
    assert count == SlideCount(
        cells=230_000, fields=2, looked_at=230_000, to_read=3, read_to=0, unread=3, excluded=count.excluded
    )
    assert (result.cells.looked_at, result.cells.listed) == (230_000, 3)
    # 372 of 379 located and 125 of 379 classified: of 379 122.69 come through.
    assert result.evidence.performance.curve == RankCurve((3 / 230_000,), (122,), 379)


def test_its_verdict_is_as_it_was_and_another_drawn_from_it_reaches_about_as_far() -> None:
    result, written = read_result(WRITTEN), document()["verdict"]
    assert list(result.verdict.reasons) == written["reasons"]
    # Whatever language is asked for: the codes of then are no sentences of today.
    assert reasons_in(result.verdict, "fr") == result.verdict.reasons
    anew = verdict(result.evidence)
    assert anew.kind == VerdictKind.AWAITING_REVIEW
    assert anew.cells_needed == pytest.approx(written["cells_needed"], rel=0.01)


def test_it_is_written_again_in_the_format_of_today() -> None:
    result = read_result(WRITTEN)
    assert SlideResult.model_validate_json(result.model_dump_json()) == result


def test_a_slide_on_which_nothing_was_called_keeps_the_worth_of_its_threshold() -> None:
    written = document()
    written["evidence"]["count"] |= {"candidates": 0, "candidates_unread": 0}
    evidence = SlideResult.model_validate(written).evidence
    assert evidence.performance.recall(evidence.count.to_read, evidence.count.looked_at).found == 122


def test_an_empty_slide_is_read() -> None:
    written = document()
    written["evidence"]["count"] |= {"cells": 0, "candidates": 0, "candidates_unread": 0}
    assert SlideResult.model_validate(written).evidence.count.looked_at == 0


def test_the_confidence_that_stood_among_the_assumptions_was_always_ours() -> None:
    written = document()
    written["evidence"]["assumptions"]["confidence"] = 0.95
    assert SlideResult.model_validate(written) == read_result(WRITTEN)
    written["evidence"]["assumptions"]["confidence"] = 0.9
    with pytest.raises(ValidationError, match="Unexpected keyword argument"):
        SlideResult.model_validate(written)


@pytest.mark.parametrize("part", ["evidence", "cells", "verdict"])
def test_a_document_that_lacks_a_part_is_refused_by_name(part: str) -> None:
    written = document()
    del written[part]
    with pytest.raises(
        ValidationError, match=f"no whole document of format 1 .'{part}'.*score the slide again"
    ):
        SlideResult.model_validate(written)
