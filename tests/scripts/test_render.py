"""`smearscope render` as a person meets it."""

from pathlib import Path

import pandas as pd
from typer.testing import CliRunner

from scripts.main import app


def test_the_slide_is_drawn_and_said_to_hold_what_its_truth_holds(tmp_path: Path) -> None:
    out = tmp_path / "slide"
    arguments = ["--fields", "1", "--cells-per-field", "12", "--parasitaemia", "0.5", "--seed", "3"]
    result = CliRunner().invoke(app, ["render", str(out), *arguments])
    assert result.exit_code == 0, result.output
    truth = pd.read_parquet(tmp_path / "slide.truth.parquet")
    infected = int(truth["infected"].sum())
    assert 0 < infected < 12
    assert f"1 fields with 12 red cells, {infected} of them infected: {out}" in result.stdout
    assert f"Truth: {tmp_path / 'slide.truth.parquet'}" in result.stdout
    assert [path.name for path in out.iterdir()] == ["field_0001.jpg"]
