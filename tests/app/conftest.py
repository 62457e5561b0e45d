"""A data folder with one slide of four candidates, that the pages of this process work in."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from app.workplace import Workplace, open_workplace, use
from core.store import SlideRecord
from tests.app.chromium import running_chromium
from tests.scored_slides import scored_slide

if TYPE_CHECKING:
    from playwright.sync_api import Browser


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


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    pytest.importorskip("playwright.sync_api", reason="Playwright is not installed: '.[browser]'")
    with running_chromium() as opened:
        yield opened
