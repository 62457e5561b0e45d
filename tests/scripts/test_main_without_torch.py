"""Where only what scoring and review need is installed: they work, and training says what it wants."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import NEEDS_TORCH
from datasets.synthetic import render_slide
from scripts.main import FOR_TRAINING

ROOT = Path(__file__).parents[2]
HIDING = """
import sys
from importlib.machinery import PathFinder


class Others(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] in {hidden} else super().find_spec(name, path, target)


sys.meta_path[sys.meta_path.index(PathFinder)] = Others
"""


@pytest.fixture
def without_torch(tmp_path: Path) -> dict[str, str]:
    """An environment in which no process, nor any that it starts, finds the packages of training."""
    hiding = HIDING.replace("{hidden}", repr(FOR_TRAINING))
    (tmp_path / "hiding").mkdir()
    (tmp_path / "hiding" / "sitecustomize.py").write_text(hiding, encoding="utf-8")
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path / "hiding"), str(ROOT)])}


def run(environment: dict[str, str], *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, env=environment, check=False, capture_output=True, text=True)


def test_the_hidden_packages_are_not_to_be_had(without_torch: dict[str, str]) -> None:
    for name in FOR_TRAINING:
        assert f"No module named {name!r}" in run(without_torch, "-c", f"import {name}").stderr


@pytest.mark.slow
def test_a_slide_is_scored_and_its_list_drawn(without_torch: dict[str, str], tmp_path: Path) -> None:
    render_slide(tmp_path / "slide", fields=2, seed=3, cells_per_field=30)
    done = run(
        without_torch,
        *("-m", "scripts.main", "score", tmp_path / "slide", "--out", tmp_path / "out", "--workers", "2"),
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "slide" / "candidates" / "contact_sheet.jpg").is_file()


def test_the_application_and_its_processes_load(without_torch: dict[str, str]) -> None:
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in sorted((ROOT / "app").rglob("*.py"))
        if path.parent.name != "pages"  # those run when a browser asks for them
    ]
    code = f"import importlib\nfor name in {modules!r}: importlib.import_module(name)"
    done = run(without_torch, "-c", code)
    assert done.returncode == 0, done.stderr


def test_every_map_that_readers_are_offered_is_made_without_torch(without_torch: dict[str, str]) -> None:
    offered = "from app.pictures import tiles; from models.graphs import cell_maps"
    done = run(without_torch, "-c", f"{offered}; assert set(tiles.METHODS) <= set(cell_maps.METHODS)")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("train", "detector.yaml", "--data", "nowhere", "--out", "{out}"),
        (
            "validate",
            "detector.yaml",
            "--data",
            "nowhere",
            "--out",
            "{out}",
            "--plan",
            "blocks",
        ),
        ("evaluate", "nowhere", "--data", "nowhere"),
        ("study", "nowhere.yaml", "--data", "nowhere", "--out", "{out}"),
        ("explain", "nowhere.png", "--out", "{out}"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_what_needs_torch_says_so_in_one_sentence_with_the_remedy(
    arguments: tuple[str, ...], without_torch: dict[str, str], tmp_path: Path
) -> None:
    given = [argument.format(out=tmp_path / "out") for argument in arguments]
    done = run(without_torch, "-m", "scripts.main", *given)
    assert (done.returncode, done.stderr) == (1, f"Error: {NEEDS_TORCH}\n")


def test_a_graphics_card_needs_torch(without_torch: dict[str, str], tmp_path: Path) -> None:
    render_slide(tmp_path / "slide", fields=1, seed=3, cells_per_field=5)
    done = run(
        without_torch,
        *("-m", "scripts.main", "score", tmp_path / "slide", "--out", tmp_path / "out"),
        *("--workers", "1", "--device", "cuda"),
    )
    assert done.returncode == 1
    assert NEEDS_TORCH in done.stderr
    assert "Traceback" not in done.stderr
