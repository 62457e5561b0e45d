"""`smearscope app`: what it says before it serves, and whom it lets in."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from core.store.settings import SettingsError
from scripts.main import app

AUTH = """\
[auth]
client_id = "smearscope"
client_secret = "s3cret"
server_metadata_url = "https://login.lab.example/x"
redirect_uri = "https://smears.lab.example/oauth2callback"
"""


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Path, str, int]]:
    """Data folder, address and port of each server that would have come up."""
    calls: list[tuple[Path, str, int]] = []
    monkeypatch.setattr(
        "app.web.server.serve",
        lambda workplace, *, address, port: calls.append((workplace.folder, address, port)),
    )
    return calls


def run(folder: Path, *more: str) -> Result:
    return CliRunner().invoke(app, ["app", "--data", str(folder), *more])


def test_it_serves_this_machine_alone_unless_told_otherwise(
    tmp_path: Path, served: list[tuple[Path, str, int]]
) -> None:
    result = run(tmp_path / "data")
    assert result.exit_code == 0
    assert "Smearscope is at http://localhost:8501" in result.output
    assert "For research use only" in result.output
    assert served == [(tmp_path / "data", "127.0.0.1", 8501)]


def test_other_machines_are_let_in_only_in_so_many_words_and_with_a_warning(
    tmp_path: Path, served: list[tuple[Path, str, int]]
) -> None:
    refused = run(tmp_path / "data", "--address", "192.168.1.7")
    assert isinstance(refused.exception, SettingsError)
    assert served == []
    warned = run(tmp_path / "data", "--address", "192.168.1.7", "--without-sign-in", "--port", "8600")
    assert "everybody who reaches 192.168.1.7:8600 may do everything" in warned.stderr
    assert served == [(tmp_path / "data", "192.168.1.7", 8600)]


def test_where_nobody_has_a_role_yet_the_command_that_names_a_supervisor_is_told(
    tmp_path: Path, served: list[tuple[Path, str, int]]
) -> None:
    (tmp_path / "settings.toml").write_text(AUTH)
    (tmp_path / "settings.toml").chmod(0o600)
    assert f"smearscope supervisor EMAIL --data {tmp_path}" in run(tmp_path).stderr
    assert CliRunner().invoke(app, ["supervisor", "zoe@lab.example", "--data", str(tmp_path)]).exit_code == 0
    assert run(tmp_path).stderr == ""
    assert len(served) == 2


def test_the_demonstration_has_a_folder_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, served: list[tuple[Path, str, int]]
) -> None:
    prepared: list[Path] = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("app.jobs.demo.prepare_demo", lambda workplace, _: prepared.append(workplace.folder))
    assert CliRunner().invoke(app, ["app", "--demo"]).exit_code == 0
    assert prepared == [served[0][0]] == [tmp_path / "out" / "app-demo"]
