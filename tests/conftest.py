"""What every test needs: one thread, no network, and the real images where they are present."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

# Before the first import of torch, OpenMP users and albumentations: they read these once.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")

import pytest
from hypothesis import settings

from core.store import Store

# How long an example takes says more about the machine than about the code.
settings.register_profile("smearscope", deadline=None)
settings.load_profile("smearscope")

ROOM_FOR_TESTS_BYTES = 3 * 2**30
SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the real images beside the checkout; the test is skipped where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the real images are not here: no folder shared/data beside the checkout")
    return SHARED_DATA


@pytest.fixture(scope="session")
def empty_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with an empty database: to make one anew takes longer than to copy it."""
    folder = tmp_path_factory.mktemp("empty")
    Store.in_folder(folder).close()
    return folder


@pytest.fixture
def store(tmp_path: Path, empty_data: Path) -> Iterator[Store]:
    """A store of the test's own, in a folder beside its slides'."""
    opened = Store.in_folder(shutil.copytree(empty_data, tmp_path / "data"))
    yield opened
    opened.close()


def pytest_configure(config: pytest.Config) -> None:
    """Keep the files of tests in memory where there is room: on a disk they wait until each is safe."""
    memory = Path("/dev/shm")  # noqa: S108 - pytest makes a folder of its own there
    asked = config.option.basetemp is not None or "PYTEST_DEBUG_TEMPROOT" in os.environ
    if not asked and memory.is_dir() and shutil.disk_usage(memory).free > ROOM_FOR_TESTS_BYTES:
        os.environ["PYTEST_DEBUG_TEMPROOT"] = str(memory)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the pictures of the documents be made anew."""
    parser.addoption(
        "--pictures",
        action="store_true",
        help="write docs/pictures anew from drawn slides (with -m browser; takes minutes)",
    )
