"""A store as that of every test, opened faster."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.store import Store


@pytest.fixture(scope="session")
def empty_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data folder of a store that nothing was written to."""
    folder = tmp_path_factory.mktemp("empty")
    Store.in_folder(folder).close()
    return folder


@pytest.fixture
def store(tmp_path: Path, empty_folder: Path) -> Iterator[Store]:
    """A store of the test's own; its tables are copied, because making them takes most of an opening."""
    shutil.copytree(empty_folder, tmp_path / "data")
    opened = Store.in_folder(tmp_path / "data")
    yield opened
    opened.close()
