"""Demonstration slides: drawn once, and drawn again where a start was broken off amid one."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from app.jobs.demo import DEMO_SLIDES, prepare_demo
from app.jobs.progress import ScoringProgress, progress_path
from app.workplace import Workplace
from core.store import ScoringStep


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the slides that were drawn; each is a folder with one file, and none is scored."""
    names: list[str] = []

    def draw(folder: Path, *, fields: int, seed: int, parasitaemia: float) -> None:
        folder.mkdir(parents=True)
        (folder / "field_0001.jpg").write_text(f"{fields} {seed} {parasitaemia}")
        names.append(folder.name)

    monkeypatch.setattr("app.jobs.demo.render_slide", draw)
    monkeypatch.setattr("app.jobs.demo.start", lambda _: None)
    return names


def test_every_slide_is_drawn_once_and_waits_to_be_scored(workplace: Workplace, drawn: list[str]) -> None:
    lines: list[str] = []
    prepare_demo(workplace, lines.append)
    prepare_demo(workplace, lines.append)
    assert len(drawn) == len(lines) == len(DEMO_SLIDES)
    slides = workplace.store.slides()
    assert [slide.name for slide in slides] == [demo.name for demo in DEMO_SLIDES]
    assert {slide.scoring for slide in slides} == {ScoringStep.QUEUED}
    assert all((slide.folder / "field_0001.jpg").is_file() for slide in slides)


def test_a_slide_that_was_half_drawn_is_drawn_again_and_a_whole_one_is_kept(
    workplace: Workplace, drawn: list[str]
) -> None:
    first, second, _ = DEMO_SLIDES
    (workplace.slides / f".{first.name}").mkdir(parents=True)
    (workplace.slides / f".{first.name}" / "field_0009.jpg").touch()
    (workplace.slides / second.name).mkdir()
    prepare_demo(workplace, lambda _: None)
    assert f".{second.name}" not in drawn
    assert [path.name for path in (workplace.slides / first.name).iterdir()] == ["field_0001.jpg"]
    assert len(workplace.store.slides()) == len(DEMO_SLIDES)


def test_the_first_start_says_field_by_field_how_far_it_is(
    workplace: Workplace, drawn: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a person watches who has just typed the command."""
    lines: list[str] = []
    done = iter([0, 3, 3, 12])

    class Process:
        """Scores three fields, then all of them, and ends."""

        def poll(self) -> int | None:
            fields = next(done)
            file = progress_path(workplace.jobs, 1)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(asdict(ScoringProgress(12, fields, 40, fields, 5.0))))
            return 0 if fields == 12 else None

    monkeypatch.setattr("app.jobs.demo.start", lambda _: Process())
    monkeypatch.setattr("app.jobs.demo.SECONDS_BETWEEN", 0)
    prepare_demo(workplace, lines.append)
    assert len(drawn) == len(DEMO_SLIDES)
    assert lines[-3:] == [f"synthetic-1: {fields} of 12 fields scored" for fields in (0, 3, 12)]
