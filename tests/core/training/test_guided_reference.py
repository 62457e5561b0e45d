"""A training that begins at epoch 0 of another one, and networks whose channels lie last in memory."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from core.training.checkpoints import (
    GuidedCheckpointError,
    load_optimiser,
    optimiser_state,
    read_progress,
    save_epoch,
)
from core.training.guided import ImageSets, train_guided
from core.training.passes import GuidedNetwork, Samples
from tests.core.training.coloured_squares import (
    Pooled,
    Square,
    Squares,
    TwoLayerHead,
    guided_network,
    image_sets,
    one_process,
    training_plan,
)

ARMS = [("energy-dice", "grad-cam"), ("learned-magtr-mangtr", "grad-cam"), ("sum-magtr", "fimf-score-cam")]


class Killed(BaseException):
    """Nothing in the code may catch it."""


class WithDropout(Pooled):
    """Draws at random in training."""

    def __init__(self) -> None:
        super().__init__()
        self.dropout = nn.Dropout(0.3)

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.head(self.dropout(self.features(images).mean(dim=(2, 3))))
        return logits


def channels_last(
    objective: str, method: str = "grad-cam", network: type[nn.Module] = WithDropout
) -> GuidedNetwork:
    guided = guided_network(objective, network, method)
    guided.network.to(memory_format=torch.channels_last)
    return guided


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Trained by cross-entropy to epoch 0, with regions of its own."""
    folder = tmp_path_factory.mktemp("reference")
    plan = training_plan(guided_epochs=0)
    train_guided(channels_last("cross-entropy"), image_sets(), plan, one_process(), folder)
    return folder


@pytest.mark.parametrize(("objective", "method"), ARMS)
def test_what_begins_at_a_reference_is_bit_for_bit_what_is_trained_alone(
    objective: str, method: str, reference: Path, tmp_path: Path
) -> None:
    begun, alone = channels_last(objective, method), channels_last(objective, method)
    plan = training_plan()
    train_guided(begun, image_sets(), plan, one_process(), tmp_path / "begun", reference=reference)
    train_guided(alone, image_sets(), plan, one_process(), tmp_path / "alone")
    one, other = files(tmp_path / "begun"), files(tmp_path / "alone")
    assert {name for name in other if name not in one} == {
        f"images/{images}_{epoch}.csv" for images in ("training", "validation") for epoch in ("-02", "-01")
    }
    assert one.keys() < other.keys()
    assert {name for name in one if one[name] != other[name]} == {"curves.csv", "progress.json"}
    for name, value in alone.network.state_dict().items():
        assert torch.equal(begun.network.state_dict()[name], value)


def test_its_curves_are_the_reference_s_before_epoch_0_and_its_own_from_there(
    reference: Path, tmp_path: Path
) -> None:
    plan = training_plan()
    fabric = one_process()
    begun = train_guided(
        channels_last("energy-dice"), image_sets(), plan, fabric, tmp_path / "begun", reference=reference
    )
    alone = train_guided(channels_last("energy-dice"), image_sets(), plan, fabric, tmp_path / "alone")
    shared = read_progress(reference)
    assert shared is not None
    assert [row for row in begun.curves if row.epoch < 0] == [row for row in shared.curves if row.epoch < 0]
    assert [row for row in begun.curves if row.epoch >= 0] == [row for row in alone.curves if row.epoch >= 0]
    # The objective of an arm is more than the cross-entropy that the reference lowered.
    assert all(row.loss > row.cross_entropy for row in begun.curves if row.epoch == 0)
    assert all(row.loss == row.cross_entropy for row in shared.curves)


class Deadly(Squares):
    """Squares of which the 5th kills the training."""

    def __getitem__(self, index: int) -> Square:
        if index == 5:
            raise Killed
        return super().__getitem__(index)


def broken_off_in(epoch: int) -> ImageSets:
    """Sets that kill the training in a guided epoch, or while it measures the validation images first."""
    sets = image_sets()
    if epoch == 0:
        return replace(sets, validation=Deadly(9, 99).measured)

    def drawn(number: int) -> Samples:
        return (Deadly if number == epoch + 2 else Squares)(22, number)

    return replace(sets, drawn=drawn)


@pytest.fixture(scope="module")
def whole(reference: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], dict[str, bytes]]:
    """Files by an objective whose training nothing broke off; each is trained once."""

    @cache
    def trained_by(objective: str) -> dict[str, bytes]:
        folder, plan = tmp_path_factory.mktemp("whole"), training_plan()
        train_guided(channels_last(objective), image_sets(), plan, one_process(), folder, reference=reference)
        return files(folder)

    return trained_by


@pytest.mark.parametrize("epoch", [0, 1, 2, 3])
@pytest.mark.parametrize("objective", ["energy-dice", "learned-magtr-mangtr"])
def test_a_kill_at_any_point_leaves_the_same_files_in_the_end(
    epoch: int,
    objective: str,
    reference: Path,
    tmp_path: Path,
    whole: Callable[[str], dict[str, bytes]],
) -> None:
    def train(images: ImageSets) -> None:
        plan, fabric = training_plan(), one_process()
        train_guided(channels_last(objective), images, plan, fabric, tmp_path, reference=reference)

    with pytest.raises(Killed):
        train(broken_off_in(epoch))
    assert files(tmp_path) != whole(objective)
    train(image_sets())
    assert files(tmp_path) == whole(objective)


def test_a_reference_that_is_not_over_has_other_epochs_or_another_network_is_refused(
    reference: Path, tmp_path: Path
) -> None:
    def begin(at: Path, reference_epochs: int = 2, network: type[nn.Module] = WithDropout) -> None:
        guided = channels_last("dice", network=network)
        plan = training_plan(reference_epochs)
        train_guided(guided, image_sets(), plan, one_process(), tmp_path / "out", reference=at)

    with pytest.raises(GuidedCheckpointError, match="is not finished"):
        begin(tmp_path / "none")
    with pytest.raises(Killed):
        train_guided(
            channels_last("dice"),
            replace(image_sets(), drawn=lambda number: Deadly(22, number)),
            training_plan(),
            one_process(),
            tmp_path / "half",
        )
    with pytest.raises(GuidedCheckpointError, match="is not finished"):
        begin(tmp_path / "half")
    with pytest.raises(GuidedCheckpointError, match="of 2 epochs, not 3"):
        begin(reference, reference_epochs=3)
    with pytest.raises(GuidedCheckpointError, match="weights of another network"):
        begin(reference, network=TwoLayerHead)
    assert not (tmp_path / "out" / "progress.json").exists()


def test_the_order_of_channels_in_memory_changes_figures_by_rounding_only(tmp_path: Path) -> None:
    plan = training_plan(guided_epochs=1)
    rows = train_guided(guided_network(), image_sets(), plan, one_process(), tmp_path / "first").curves
    last = channels_last("energy-dice", network=Pooled)
    for one, other in zip(
        rows, train_guided(last, image_sets(), plan, one_process(), tmp_path / "last").curves, strict=True
    ):
        for figure in ("accuracy", "loss", "cross_entropy", "magtr", "mangtr", "epg"):
            assert getattr(other, figure) == pytest.approx(getattr(one, figure), rel=1e-3)
    kernel = last.network.get_parameter("features.0.weight")
    assert kernel.is_contiguous(memory_format=torch.channels_last)


def test_the_state_of_the_optimiser_is_read_into_the_order_of_its_parameter(tmp_path: Path) -> None:
    guided = channels_last("dice")
    named = list(guided.network.named_parameters())
    optimiser = torch.optim.AdamW(guided.network.parameters())
    for number, (_, parameter) in enumerate(named):
        parameter.grad = torch.full_like(parameter, 1.0 + number)
    optimiser.step()
    stored = optimiser_state(optimiser, named)
    progress = read_progress(tmp_path) or train_guided(
        channels_last("dice"), image_sets(), training_plan(0, 0), one_process(), tmp_path
    )
    save_epoch(tmp_path, progress, guided.network, guided.objective, stored)
    again = torch.optim.AdamW(guided.network.parameters())
    load_optimiser(tmp_path, progress.epoch, again, named)
    for _, parameter in named:
        for quantity, value in optimiser.state[parameter].items():
            assert torch.equal(again.state[parameter][quantity], value)
            assert again.state[parameter][quantity].stride() == value.stride()
