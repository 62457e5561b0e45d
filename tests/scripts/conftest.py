"""Drawn squares, and what the commands have made of them: trained once for all tests that only look."""

from pathlib import Path

import pytest

from tests.drawn_classes import save_coloured_squares
from tests.scripts.drawn_study import STUDY, study
from tests.scripts.drawn_training import CONFIG, train


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds one set, `squares`."""
    folder = tmp_path_factory.mktemp("data")
    save_coloured_squares(folder / "squares")
    return folder


@pytest.fixture(scope="session")
def guided_out(data: Path) -> Path:
    """The folder of a guided training, whose configuration lies beside it as `guided.yaml`."""
    config, out = data / "guided.yaml", data / "run"
    config.write_text(CONFIG)
    result = train(config, data, out)
    assert result.exit_code == 0, result.output
    return out


@pytest.fixture(scope="session")
def study_config(data: Path) -> Path:
    path = data / "study.yaml"
    path.write_text(STUDY)
    return path


@pytest.fixture(scope="session")
def study_out(study_config: Path, data: Path) -> Path:
    """The folder of the study, whole."""
    result = study(study_config, data, data / "study")
    assert result.exit_code == 0, result.output
    return data / "study"
