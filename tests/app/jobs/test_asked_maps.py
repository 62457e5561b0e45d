"""Maps of cells that were never looked at: asked for once, made by another process, kept, or refused."""

import os
import time

import numpy as np
import pytest

from app.jobs.asked_maps import REFUSED_SECONDS, AskedMap, asked_for
from app.jobs.map_process import answer
from app.pictures.tiles import NoTileError, pictured_cell
from app.workplace import Workplace
from core.scoring.slide_run import LEDGER_FOLDER
from core.store import SlideRecord
from tests.app.jobs.wanted_maps import asked, record, started

__all__ = ["record", "started"]


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
    workplace.tiles.keep_maps(record.slide.id, "dots 1", pictured_cell(record.taken_in, first), ones)
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
