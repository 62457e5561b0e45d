"""Demonstration slides: drawn once, and drawn again where a start was broken off amid one."""

from pathlib import Path

import pytest

from app.jobs.demo import DEMO_SLIDES, prepare_demo
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
