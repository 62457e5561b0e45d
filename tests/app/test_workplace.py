"""The data folder: its secret is made once, whole, and for the owner's eyes."""

import os
import stat
from pathlib import Path

import pytest

from app.workplace import WorkplaceError, open_workplace


def secret_of(folder: Path) -> bytes:
    opened = open_workplace(folder)
    opened.store.close()
    return opened.secret


def test_the_secret_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    secret = secret_of(tmp_path)
    assert len(secret) == 64
    assert secret_of(tmp_path) == secret
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600
    assert not list(tmp_path.glob(".secret*"))


def test_each_folder_has_a_secret_of_its_own(tmp_path: Path) -> None:
    assert secret_of(tmp_path / "one") != secret_of(tmp_path / "other")


def test_an_empty_secret_signs_nothing_and_is_named(tmp_path: Path) -> None:
    (tmp_path / "secret").touch()
    with pytest.raises(WorkplaceError, match=r"secret is empty: remove it"):
        open_workplace(tmp_path)


def test_a_kill_before_the_secret_is_written_leaves_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def end(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", end)
    with pytest.raises(KeyboardInterrupt):
        open_workplace(tmp_path)
    assert not (tmp_path / "secret").exists()
    monkeypatch.undo()
    assert len(secret_of(tmp_path)) == 64


def test_of_two_processes_that_begin_at_once_both_have_the_secret_of_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = os.link

    def come_second(source: str, target: Path) -> None:
        target.write_bytes(b"of the first")
        link(source, target)

    monkeypatch.setattr(os, "link", come_second)
    assert secret_of(tmp_path) == b"of the first"
