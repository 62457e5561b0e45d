"""`smearscope backup` as a person meets it."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from core.store import Store, StoreError
from scripts.main import app


def test_the_copy_is_named_with_what_it_holds(tmp_path: Path) -> None:
    store = Store.in_folder(tmp_path / "data")
    store.add_case("patient", by="Anna")
    copy = tmp_path / "copy.sqlite"
    done = CliRunner().invoke(app, ["backup", str(copy), "--data", str(tmp_path / "data")])
    store.close()
    assert done.exit_code == 0, done.output
    assert done.stdout == f"{copy}: 1 cases, 0 slides, 0 readings, 0 signed results; the copy was checked\n"
    assert copy.is_file()


def test_a_copy_that_is_there_already_is_an_error(tmp_path: Path) -> None:
    Store.in_folder(tmp_path).close()
    done = CliRunner().invoke(app, ["backup", str(tmp_path / "smearscope.sqlite"), "--data", str(tmp_path)])
    assert isinstance(done.exception, StoreError)


def test_help_says_how_to_go_back_to_a_copy() -> None:
    done = CliRunner().invoke(app, ["backup", "--help"])
    assert "To go back to a copy" in done.stdout


@pytest.mark.parametrize("arguments", [[], ["--data", "somewhere"]])
def test_a_copy_without_a_name_is_refused(arguments: list[str]) -> None:
    assert CliRunner().invoke(app, ["backup", *arguments]).exit_code == 2
