"""A disk that is full: what was not written is not said to be saved, and all that was saved stays."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from core.store import Store
from core.store.records import DatabaseRefusesError
from tests.core.store.test_database_durability import STEPS, _content, _prepared
from tests.full_disk import full_disk

PAGE_BYTES = 4096 + 24  # of the log


def _log_bytes(folder: Path) -> int:
    log = folder / "smearscope.sqlite-wal"
    return log.stat().st_size if log.exists() else 0


def _refusal(store: Store, step: Callable[[Store], object], room_bytes: int) -> str:
    """What is said where there is no more room than that; nothing where it is enough."""
    try:
        with full_disk(room_bytes):
            step(store)
    except DatabaseRefusesError as error:
        return str(error)
    return ""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("pages", "least_refused"), [(0, len(STEPS)), (0.5, len(STEPS)), (2, len(STEPS)), (5, 4), (8, 2)]
)
def test_what_finds_no_room_is_not_saved_and_all_else_is(
    tmp_path: Path, pages: float, least_refused: int
) -> None:
    prepared = _prepared(tmp_path)
    unharmed, data = (shutil.copytree(prepared, tmp_path / name) for name in ("unharmed", "full"))
    store, with_room = Store.in_folder(data), Store.in_folder(unharmed)
    refused = 0
    for step in STEPS:
        before = _content(data)
        said = _refusal(store, step, _log_bytes(data) + int(pages * PAGE_BYTES))
        if said:
            refused += 1
            assert "smearscope.sqlite" in said
            assert "\n" not in said
            assert _content(data) == before
            step(store)
        step(with_room)
        assert _content(data) == _content(unharmed)
    assert refused >= least_refused
    store.close()
    with_room.close()
