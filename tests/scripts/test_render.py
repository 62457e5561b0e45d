"""`smearscope render` as a person meets it."""

from pathlib import Path

import pandas as pd
import pytest
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


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--fields", "1000000000", "fields is 1000000000: give 1 to 9999"),
        ("--cells-per-field", "1000000", "cells is 1000000: on a field of 1280 x 960 px give at most 1128"),
        ("--cells-per-field", "-1", "cells is -1: give 0 or more"),
        ("--parasitaemia", "2", "parasitaemia is 2.0: give a share between 0 and 1"),
    ],
)
def test_what_would_never_end_is_refused_before_anything_is_written(
    tmp_path: Path, option: str, value: str, said: str
) -> None:
    result = CliRunner().invoke(app, ["render", str(tmp_path / "slide"), option, value])
    assert result.exit_code != 0
    assert said in str(result.exception)
    assert list(tmp_path.iterdir()) == []
