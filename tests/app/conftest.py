"""A data folder with one slide of four candidates, that the pages of this process work in."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.workplace import Workplace, open_workplace, use
from core.store import SlideRecord
from tests.scored_slides import scored_slide


@pytest.fixture(autouse=True)
def main_module() -> Iterator[None]:
    """AppTest leaves its page behind as the main module, which processes started later would run again."""
    own = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = own


@pytest.fixture
def workplace(tmp_path: Path) -> Iterator[Workplace]:
    opened = open_workplace(tmp_path / "data")
    use(opened)
    yield opened
    opened.store.close()


@pytest.fixture
def record(workplace: Workplace, tmp_path: Path) -> SlideRecord:
    return scored_slide(workplace.store, tmp_path / "slide")
