"""The data folder: a secret that is made once, whole, and a database that may lie elsewhere."""

import os
import stat
from pathlib import Path

import pytest

from app.workplace import WorkplaceError, open_workplace
from core.store import Store, StoreError


def secret_of(folder: Path) -> bytes:
    opened = open_workplace(folder)
    opened.store.close()
    return opened.secret


def write_settings(folder: Path, database: str) -> None:
    """Where the database is; for nobody else's eyes, as it may hold a password."""
    (folder / "settings.toml").write_text(f'database = "{database}"')
    (folder / "settings.toml").chmod(0o600)


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


def test_a_data_folder_works_with_a_database_elsewhere(tmp_path: Path) -> None:
    data, elsewhere = tmp_path / "data", tmp_path / "elsewhere.sqlite"
    data.mkdir()
    write_settings(data, f"sqlite:///{elsewhere}")
    workplace = open_workplace(data)
    workplace.store.add_case("patient", by="Anna")
    workplace.store.close()
    assert not (data / "smearscope.sqlite").exists()
    other = Store(f"sqlite:///{elsewhere}")
    assert [entry.what for entry in other.audit()] == ["case added"]
    other.close()


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("postgresql+psycopg://anna:s3cret@", "cannot be used|reports an error"),
        ("oracel://anna:s3cret@host/name", "the oracel database name on host cannot be used"),
        ("postgresql://anna:s3cret@lab@host/name", "written as %40"),
        ("postgresql://anna:s3cret@host:port/name", "KIND://USER:PASSWORD@HOST:PORT/NAME"),
        ("sqlite:////proc/no/such/folder/a.sqlite", "/proc/no/such/folder/a.sqlite reports an error: unable"),
    ],
)
def test_a_database_that_cannot_be_opened_is_named_without_its_password(
    tmp_path: Path, url: str, says: str
) -> None:
    write_settings(tmp_path, url)
    with pytest.raises(StoreError, match=says) as caught:
        open_workplace(tmp_path)
    assert "s3cret" not in str(caught.value)
    assert "anna" not in str(caught.value)
