"""Folders of trainings that cannot be gone on with, and what counts as best and as enough."""

from pathlib import Path

import pytest

from core.files import OutputError
from core.saliency.objectives import Objective
from core.training.checkpoints import (
    GuidedCheckpointError,
    TrainingProgress,
    epoch_folder,
    load_epoch,
    read_progress,
    save_epoch,
)
from core.training.curves import EpochFigures
from core.training.guided import train_guided
from tests.core.training.coloured_squares import (
    TwoLayerHead,
    guided_network,
    image_sets,
    one_process,
    training_plan,
)
from tests.full_disk import full_disk


def progress(*losses: float, first: int = 0) -> TrainingProgress:
    """Epochs from the first on whose objective on the validation images is this; on the training images 0."""
    rows = [
        EpochFigures(first + number, images, 0, 0, 0, loss if images == "validation" else 0, 0, 0, 0, 0, 0)
        for number, loss in enumerate(losses)
        for images in ("training", "validation")
    ]
    return TrainingProgress(first + len(losses) - 1, tuple(rows))


def test_the_best_epoch_has_the_lowest_objective_on_validation_and_is_not_before_epoch_0() -> None:
    assert progress(3, 1, 2).best_epoch == 1
    assert progress(3, 1, 1).best_epoch == 1
    assert progress(0.1, 0.2, 3, 1, 2, first=-2).best_epoch == 1
    assert progress(0.1, 0.2, first=-3).best_epoch == -2


@pytest.mark.parametrize(
    ("losses", "patience", "stops"),
    [
        ((3, 2, 1), 1, False),
        ((3, 2, 2.5), 1, True),
        ((3, 2, 2.5), 2, False),
        ((3, 2, 2.5, 2), 2, True),
        ((1, 2, 3, 4), None, False),
    ],
)
def test_patience_is_counted_from_the_best_epoch(
    losses: tuple[float, ...], patience: int | None, *, stops: bool
) -> None:
    assert progress(*losses).to_stop(patience) == stops


def test_the_reference_phase_is_never_cut_short() -> None:
    assert not progress(1, 2, 3, first=-5).to_stop(1)


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    train_guided(guided_network(), image_sets(), training_plan(), one_process(), tmp_path)
    return tmp_path


def test_a_folder_without_a_training_has_no_progress(tmp_path: Path) -> None:
    assert read_progress(tmp_path) is None


@pytest.mark.parametrize("content", ["", "{", "[]", '{"epoch": 1}', '{"epoch": 1, "curves": [{"epoch": 1}]}'])
def test_a_damaged_progress_is_named(content: str, tmp_path: Path) -> None:
    (tmp_path / "progress.json").write_text(content)
    with pytest.raises(GuidedCheckpointError, match=r"progress\.json: not the progress of a training"):
        read_progress(tmp_path)


@pytest.mark.parametrize("name", ["weights.safetensors", "optimiser.safetensors"])
def test_damaged_and_missing_files_are_named(name: str, trained: Path) -> None:
    path = epoch_folder(trained, 3) / name
    longer = training_plan(guided_epochs=4)
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(GuidedCheckpointError, match=rf"{name}: not a safetensors file"):
        train_guided(guided_network(), image_sets(), longer, one_process(), trained)
    path.unlink()
    with pytest.raises(GuidedCheckpointError, match=rf"{name}: missing"):
        train_guided(guided_network(), image_sets(), longer, one_process(), trained)


def test_weights_of_another_network_or_objective_are_refused(trained: Path) -> None:
    other = guided_network(network=TwoLayerHead)
    with pytest.raises(GuidedCheckpointError, match="weights of another network"):
        load_epoch(trained, 0, other.network, other.objective)
    with pytest.raises(GuidedCheckpointError, match="weights of another objective"):
        load_epoch(trained, 0, guided_network().network, Objective("learned-magtr"))


def save(run: Path, epoch: int) -> None:
    guided = guided_network()
    save_epoch(run, progress(1, first=epoch), guided.network, guided.objective, {})


def test_an_epoch_that_the_disk_has_no_room_for_is_named_and_the_one_before_stays(tmp_path: Path) -> None:
    save(tmp_path, 1)
    with full_disk(room_bytes=500), pytest.raises(OutputError, match=r"cannot write .*epochs/002"):
        save(tmp_path, 2)
    found = read_progress(tmp_path)
    assert found is not None
    assert found.epoch == 1
    assert (epoch_folder(tmp_path, 1) / "weights.safetensors").is_file()


def test_an_old_epoch_that_cannot_be_taken_away_is_an_output_error(tmp_path: Path) -> None:
    save(tmp_path, 1)
    (tmp_path / "epochs" / "a file").touch()
    with pytest.raises(OutputError, match=r"cannot write .*epochs"):
        save(tmp_path, 2)


def test_a_kill_between_the_weights_and_the_progress_leaves_the_epoch_before(trained: Path) -> None:
    unfinished = epoch_folder(trained, 4)
    unfinished.mkdir()
    (unfinished / "weights.safetensors").write_bytes(b"half")
    found = read_progress(trained)
    assert found is not None
    assert found.epoch == 3
    longer = training_plan(guided_epochs=4)
    assert train_guided(guided_network(), image_sets(), longer, one_process(), trained).epoch == 4
