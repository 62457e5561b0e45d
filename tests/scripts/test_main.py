"""The command as a person meets it: quick to answer, plain about its purpose and about errors."""

import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version

import pytest
from typer.testing import CliRunner

from core.errors import SmearscopeError
from scripts.main import app, main

MEND = "slide.jpg is 0 bytes long; copy it again"


@pytest.fixture
def failing_commands() -> Iterator[None]:
    """Two further subcommands: one fails by the user's doing, one by ours."""
    before = list(app.registered_commands)

    @app.command()
    def fail_mendably() -> None:
        raise SmearscopeError(MEND)

    @app.command()
    def fail_in_the_program() -> None:
        raise ZeroDivisionError

    yield
    app.registered_commands[:] = before


def test_help_says_that_it_is_for_research_only() -> None:
    result = CliRunner().invoke(app, ["--help"])
    assert result.exit_code == 0
    assert "For research use only. Not for diagnosis." in result.stdout


def test_the_version_is_that_of_the_package() -> None:
    result = CliRunner().invoke(app, ["--version"])
    assert (result.exit_code, result.stdout) == (0, f"smearscope {version('smearscope')}\n")


def test_help_lists_each_command_with_a_sentence() -> None:
    for command in app.registered_commands:
        assert command.callback is not None
        assert command.callback.__doc__, command.callback


@pytest.mark.usefixtures("failing_commands")
def test_an_error_a_person_can_mend_is_one_line_and_status_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["smearscope", "fail-mendably"])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 1
    assert capsys.readouterr() == ("", f"Error: {MEND}\n")


@pytest.mark.usefixtures("failing_commands")
def test_a_fault_of_the_program_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["smearscope", "fail-in-the-program"])
    with pytest.raises(ZeroDivisionError):
        main()


def test_an_unknown_command_is_refused() -> None:
    assert CliRunner().invoke(app, ["diagnose"]).exit_code == 2


def test_help_imports_nothing_heavy() -> None:
    """Heavy imports belong inside the commands, so that `--help` and typing errors answer at once."""
    program = (
        "import sys, scripts.main; "
        "print(*({'torch', 'numpy', 'cv2', 'pandas', 'scipy', 'streamlit'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
