"""A field that kills each process that looks at it is named, and the slide is scored without it."""

import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from core.results.result import SlideResult
from core.scoring.changed_fields import file_states
from core.scoring.deadly_fields import measured_reference
from core.scoring.field_tasks import slide_in_work
from core.scoring.slide_run import score_slide
from core.scoring.workers import LocalWorkers
from core.slides import open_slide
from tests.coloured_cells import (
    BACKGROUND,
    DotCard,
    NoProgress,
    draw_field,
    load_models,
    options,
    save,
    save_slide,
)
from tests.core.scoring.test_slide_run import files

BLACK = np.zeros((200, 240, 3), np.uint8)
DEADLY_MODELS = partial(load_models, 0.01)


def score(slide: Path, out: Path, progress: NoProgress | None = None) -> SlideResult:
    with LocalWorkers(DEADLY_MODELS, 2) as workers:
        return score_slide(open_slide(slide), out, DotCard(), workers, options(), progress or NoProgress())


def ledger_without_reference(out: Path) -> None:
    """As it is where the run was killed after the reference was measured, and before it was put down."""
    manifest = out / ".ledger" / "manifest.json"
    kept = {key: value for key, value in json.loads(manifest.read_text()).items() if key != "sum"}
    manifest.write_text(json.dumps(kept | {"reference": None}))


@pytest.mark.slow
def test_a_deadly_field_among_the_first_looked_at_is_named_and_the_others_count(tmp_path: Path) -> None:
    slide = save_slide(tmp_path / "slide", fields=4)
    save(slide / "field2.png", BLACK)
    save(slide / "empty.png", np.full((200, 240, 3), BACKGROUND, np.uint8))
    result = score(slide, tmp_path / "out")
    assert (result.fields.found, result.fields.counted, result.cells.evaluable) == (5, 4, 90)
    (unreadable,) = result.fields.unreadable
    assert unreadable.field == "field2.png"
    assert unreadable.reason.startswith(f"{slide}/field2.png: each process that worked on it was killed")
    assert "--no-resume" in unreadable.reason


@pytest.mark.slow
def test_a_deadly_field_added_later_is_left_alone_until_it_is_another(tmp_path: Path) -> None:
    slide = save_slide(tmp_path / "slide", fields=3)
    score(slide, tmp_path / "out")
    save(slide / "field4.png", BLACK)
    assert score(slide, tmp_path / "out").fields.counted == 3
    before, progress = files(tmp_path / "out"), NoProgress()
    score(slide, tmp_path / "out", progress)
    assert (progress.begun, progress.cells) == ([("slide", 4, 4)], [])
    assert files(tmp_path / "out") == before
    save(slide / "field4.png", draw_field(seed=9))
    assert score(slide, tmp_path / "out").fields.counted == 4


@pytest.mark.slow
def test_a_known_deadly_field_is_not_looked_at_when_the_reference_is_measured_again(tmp_path: Path) -> None:
    slide = save_slide(tmp_path / "slide", fields=3)
    save(slide / "field4.png", BLACK)
    first = score(slide, tmp_path / "out")
    ledger_without_reference(tmp_path / "out")
    save(slide / "field5.png", draw_field(seed=9))
    progress = NoProgress()
    assert score(slide, tmp_path / "out", progress).fields.unreadable == first.fields.unreadable
    assert len(progress.cells) == 1


@pytest.mark.slow
def test_the_reference_is_that_of_a_slide_without_the_deadly_fields(tmp_path: Path) -> None:
    slide = save_slide(tmp_path / "slide", fields=3)
    with LocalWorkers(DEADLY_MODELS, 2) as workers:
        before = open_slide(slide)
        in_work = slide_in_work(before, file_states(before), None)
        expected = measured_reference(workers, in_work, before.field_names())
        for name in ("a.png", "z.png"):
            save(slide / name, BLACK)
        now = open_slide(slide)
        in_work = slide_in_work(now, file_states(now), None)
        reference, deadly = measured_reference(workers, in_work, now.field_names())
    assert expected[1] == ()
    assert (reference, sorted(deadly)) == (expected[0], ["a.png", "z.png"])
