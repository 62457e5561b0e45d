"""`smearscope supervisor`, and what `app`, `backup` and `export` make of a folder's settings."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from core.errors import SmearscopeError
from core.store import StaffRole, Store, StoreError
from core.store.settings import SettingsError
from scripts.main import app


def run(*arguments: object) -> str:
    done = CliRunner().invoke(app, [str(one) for one in arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def elsewhere(data: Path, url: str) -> Path:
    data.mkdir()
    settings = data / "settings.toml"
    settings.write_text(f'database = "{url}"\n')
    settings.chmod(0o600)
    return data


def test_a_supervisor_is_named_on_record_and_naming_again_changes_nothing(tmp_path: Path) -> None:
    Store.in_folder(tmp_path).close()
    for _ in range(2):
        assert run("supervisor", "zoe@lab.example", "--data", tmp_path) == "zoe@lab.example is a supervisor\n"
    store = Store.in_folder(tmp_path)
    assert store.people.roles_of("zoe@lab.example") == {StaffRole.SUPERVISOR}
    assert [(entry.who, entry.what) for entry in store.audit()] == [("command line", "role granted")]
    store.close()


def test_a_folder_that_is_none_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="holds no database"):
        run("supervisor", "zoe@lab.example", "--data", tmp_path / "datta")
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_nobody_signs_in_as_is_refused(tmp_path: Path) -> None:
    Store.in_folder(tmp_path).close()
    with pytest.raises(SmearscopeError, match="nobody signs in as Zoé"):
        run("supervisor", "Zoé", "--data", tmp_path)


def test_without_sign_in_other_machines_are_not_let_in(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="without sign-in everybody there may do everything"):
        run("app", "--data", tmp_path, "--address", "0.0.0.0")  # noqa: S104


def test_all_commands_find_a_database_elsewhere(tmp_path: Path) -> None:
    file = tmp_path / "elsewhere.sqlite"
    data = elsewhere(tmp_path / "data", f"sqlite:///{file}")
    with pytest.raises(StoreError, match="holds no database"):
        run("backup", tmp_path / "copy", "--data", data)
    store = Store(f"sqlite:///{file}")
    store.add_case("patient", by="Anna")
    store.close()
    run("supervisor", "zoe@lab.example", "--data", data)
    assert "1 cases" in run("backup", tmp_path / "copy", "--data", data)
    with pytest.raises(SmearscopeError, match="no slide is signed"):
        run(
            "export",
            "--format",
            "reviewed_cells",
            "--data",
            data,
            "--out",
            tmp_path / "cells",
            "--by",
            "Anna",
        )
    assert [path.name for path in data.iterdir()] == ["settings.toml"]


def test_a_copy_of_a_database_on_a_server_is_left_to_the_server(tmp_path: Path) -> None:
    data = elsewhere(tmp_path / "data", "postgresql+psycopg://anna:s3cret@host/name")
    with pytest.raises(StoreError, match="pg_dump") as caught:
        run("backup", tmp_path / "copy", "--data", data)
    assert "s3cret" not in str(caught.value)
