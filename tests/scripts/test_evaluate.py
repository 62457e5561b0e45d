"""`smearscope evaluate`: where its tables go, and what it refuses."""

import json
from pathlib import Path

import pytest

from core.errors import SmearscopeError
from core.training.checkpoints import GuidedCheckpointError
from tests.scripts.drawn_training import evaluate


def test_evaluation_under_another_map_method_goes_to_a_folder_of_its_own(
    guided_out: Path, data: Path
) -> None:
    assert evaluate(guided_out, data, "--epoch", "last", "--method", "faster-score-cam").exit_code == 0
    folder = guided_out / "evaluation" / "002_faster-score-cam"
    assert json.loads((folder / "evaluation.json").read_text())["method"] == "faster-score-cam"


@pytest.mark.parametrize("epoch", ["7", "-1", "first"])
def test_an_epoch_without_weights_is_refused_with_those_there_are(
    guided_out: Path, data: Path, epoch: str
) -> None:
    refused = evaluate(guided_out, data, "--epoch", epoch)
    assert isinstance(refused.exception, GuidedCheckpointError)
    assert "best, last or 0" in str(refused.exception)


def test_a_folder_that_is_no_run_is_named(tmp_path: Path, data: Path) -> None:
    refused = evaluate(tmp_path, data)
    assert isinstance(refused.exception, SmearscopeError)
    assert str(tmp_path) in str(refused.exception)
