"""`smearscope validate`: what it refuses before anything is read or trained."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from core.files import OutputError
from scripts.main import app
from scripts.settings.configuration import ConfigurationError
from tests.scripts.drawn_training import CONFIG
from tests.scripts.settings.test_configuration import SHIPPED


def test_a_validation_that_cannot_write_says_so_before_it_reads_the_data(tmp_path: Path) -> None:
    (tmp_path / "a file").touch()
    arguments = ["--data", str(tmp_path / "none"), "--out", str(tmp_path / "a file" / "out")]
    refused = CliRunner().invoke(app, ["validate", str(SHIPPED / "detector.yaml"), *arguments])
    assert isinstance(refused.exception, OutputError)


@pytest.mark.parametrize(
    ("network", "source", "plan"),
    [
        ("detector", "iml_malaria", "blocks"),
        ("detector", "chula_rbc12", "blocks"),
        ("classifier", "iml_malaria", "blocks"),
        ("classifier", "nih_cells", "patients"),
    ],
)
def test_a_plan_for_a_set_that_is_not_there_is_refused(
    tmp_path: Path, network: str, source: str, plan: str
) -> None:
    config = tmp_path / "own.yaml"
    text = (SHIPPED / f"{network}.yaml").read_text(encoding="utf-8")
    config.write_text(re.sub(rf"(sources: \[.*?){source},? ?", r"\1", text), encoding="utf-8")
    arguments = ["--data", str(tmp_path), "--out", str(tmp_path / "out"), "--plan", plan]
    refused = CliRunner().invoke(app, ["validate", str(config), *arguments])
    assert isinstance(refused.exception, ConfigurationError)
    assert f"sources: --plan {plan} leaves out parts of {source}" in str(refused.exception)


def test_the_only_source_of_a_classifier_cannot_be_left_out(tmp_path: Path) -> None:
    config = tmp_path / "own.yaml"
    text = (SHIPPED / "classifier.yaml").read_text(encoding="utf-8")
    config.write_text(re.sub(r"sources: \[.*?\]", "sources: [nih_cells]", text), encoding="utf-8")
    arguments = ["--data", str(tmp_path), "--out", str(tmp_path / "out")]
    refused = CliRunner().invoke(app, ["validate", str(config), *arguments])
    assert isinstance(refused.exception, ConfigurationError)
    assert "sources: nih_cells is the only one" in str(refused.exception)


def test_validate_points_to_evaluate(data: Path, tmp_path: Path) -> None:
    config = tmp_path / "guided.yaml"
    config.write_text(CONFIG)
    refused = CliRunner().invoke(
        app, ["validate", str(config), "--data", str(data), "--out", str(tmp_path / "out")]
    )
    assert isinstance(refused.exception, ConfigurationError)
    assert "smearscope evaluate" in str(refused.exception)
