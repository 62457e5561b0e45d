"""A data folder with one slide of four candidates, that the pages of this process work in."""

import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from streamlit.components.v2 import manifest_scanner

from app.workplace import Workplace, open_workplace, use
from core.store import SlideRecord
from core.store.identity import SignInIdentity
from core.store.settings import Settings
from tests.app.chromium import running_chromium
from tests.app.staff import EVE, SIGN_IN
from tests.scored_slides import scored_slide

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(autouse=True)
def main_module() -> Iterator[None]:
    """AppTest leaves its page behind as the main module, which processes started later would run again."""
    own = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = own


@pytest.fixture(scope="session", autouse=True)
def packages_searched_once() -> Iterator[None]:
    """AppTest searches all installed packages for components, anew for each page: most of its time."""
    with pytest.MonkeyPatch.context() as patch:
        search = cache(manifest_scanner.scan_component_manifests)
        patch.setattr(manifest_scanner, "scan_component_manifests", search)
        yield


@pytest.fixture
def workplace(tmp_path: Path, empty_data: Path) -> Iterator[Workplace]:
    opened = open_workplace(shutil.copytree(empty_data, tmp_path / "data"))
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


@pytest.fixture
def staffed(
    workplace: Workplace, record: SlideRecord, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Workplace]:
    """A data folder where people sign in; Eve has, with no role yet."""
    workplace.store.people.name_supervisor("zoe@lab.example", by="command line")
    asking = replace(workplace, settings=Settings(auth=SIGN_IN), store=workplace.store.asking_roles())
    use(asking)
    monkeypatch.setattr("app.person.signed_in", lambda: SignInIdentity(EVE, "Eve Duval"))
    yield asking
    use(workplace)
