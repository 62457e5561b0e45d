"""`smearscope worker`, and `smearscope score --scheduler`, as a person meets them."""

import importlib.util
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from scripts.main import app, main
from tests.coloured_cells import save_slide


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, list(map(str, arguments)))


def run_as_command(monkeypatch: pytest.MonkeyPatch, *arguments: str | Path) -> int:
    """Exit status, errors said as on the command line."""
    monkeypatch.setattr("sys.argv", ["smearscope", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def test_a_worker_offers_the_model_that_it_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    from models.cards import load_card

    served: list[tuple[object, ...]] = []
    monkeypatch.setattr("core.scoring.cluster.serve", lambda *given: served.append(given))
    result = run("worker", "tcp://scheduler:8786")
    assert result.exit_code == 0, result.output
    ((address, _, identity, _),) = served
    assert address == "tcp://scheduler:8786"
    assert isinstance(identity, dict)
    assert identity["models"] == load_card("released").identity
    assert f"worker for {address} with {identity['models']}" in result.output


def test_ctrl_c_ends_a_worker_without_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("core.scoring.cluster.serve", interrupted)
    result = run("worker", "tcp://scheduler:8786")
    assert (result.exit_code, "Traceback" in result.output) == (130, False)


def test_models_that_are_not_there_are_said_before_a_worker_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("distributed")
    command = ("worker", "tcp://scheduler:8786", "--model", tmp_path)
    assert run_as_command(monkeypatch, *command) == 1
    assert capsys.readouterr().err.startswith(f"Error: {tmp_path}/detector.safetensors: missing")


@pytest.mark.parametrize("command", ["worker", "score"])
def test_without_dask_both_sides_say_what_to_install(
    tmp_path: Path, command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name: None if name == "distributed" else find_spec(name)
    )
    arguments = {
        "worker": ("tcp://scheduler:8786",),
        "score": (save_slide(tmp_path / "slide", 1), "--out", tmp_path / "out", "--scheduler", "tcp://a:1"),
    }
    assert run_as_command(monkeypatch, command, *arguments[command]) == 1
    assert capsys.readouterr().err == (
        'Error: Dask is not installed: pip install ".[cluster]" in the folder of Smearscope\n'
    )


def test_workers_here_and_a_scheduler_exclude_each_other(tmp_path: Path) -> None:
    slide = save_slide(tmp_path / "slide", fields=1)
    result = run("score", slide, "--out", tmp_path / "out", "--scheduler", "tcp://a:1", "--workers", "2")
    assert result.exit_code == 2
    assert "'smearscope worker'" in " ".join(result.output.split())
    assert not (tmp_path / "out").exists()


def test_a_scheduler_out_of_reach_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr("core.scoring.cluster.ANSWER_S", 0.2)
    slide = save_slide(tmp_path / "slide", fields=1)
    command = ("score", slide, "--out", tmp_path / "out", "--scheduler", "tcp://127.0.0.1:1")
    assert run_as_command(monkeypatch, *command) == 1
    said = capsys.readouterr().err
    assert said.startswith("Error: no scheduler answers at tcp://127.0.0.1:1")
    assert said.count("\n") == 1
