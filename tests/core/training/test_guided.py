"""The two phases, what they leave in the folder, and going on after a break."""

import csv
import math
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
import torch
from torch import Tensor

from core.training.checkpoints import epoch_folder, load_epoch
from core.training.guided import ImageSets, train_guided
from core.training.loop import TrainingError
from core.training.passes import GuidedNetwork, Samples
from core.training.plan import TrainingPlan
from tests.core.training.coloured_squares import (
    NAMES,
    Square,
    Squares,
    guided_network,
    image_sets,
    one_process,
    training_plan,
)

Weights = dict[str, Tensor]


class Killed(BaseException):
    """Nothing in the code may catch it."""


def train(
    out: Path,
    plan: TrainingPlan | None = None,
    guided: GuidedNetwork | None = None,
    images: ImageSets | None = None,
) -> Weights:
    """Weights after a training in one process."""
    guided = guided or guided_network()
    train_guided(guided, images or image_sets(), plan or training_plan(), one_process(), out)
    return {**guided.network.state_dict(), **guided.objective.state_dict()}


class Deadly(Squares):
    """Squares of which the 13th kills the training."""

    def __getitem__(self, index: int) -> Square:
        if index == 13:
            raise Killed
        return super().__getitem__(index)


def broken_off_in(epoch: int) -> ImageSets:
    """Sets that kill the training in an epoch, counted from 1 over both phases."""

    def drawn(number: int) -> Samples:
        return Deadly(22, number) if number == epoch else Squares(22, number)

    return replace(image_sets(), drawn=drawn)


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    train(folder, training_plan(guided_epochs=12))
    return folder


def test_the_reference_phase_moves_the_head_alone_and_the_guided_phase_everything(tmp_path: Path) -> None:
    fresh = guided_network().network.state_dict()
    head = train(tmp_path / "head", training_plan(guided_epochs=0))
    moved = {name for name, value in fresh.items() if not torch.equal(value, head[name])}
    assert moved == {"head.weight", "head.bias"}
    both = train(tmp_path / "both")
    assert all(not torch.equal(value, both[name]) for name, value in head.items())


def test_a_reference_phase_of_the_whole_network_moves_everything(tmp_path: Path) -> None:
    plan = training_plan(guided_epochs=0)
    plan = plan.model_copy(update={"reference": plan.reference.model_copy(update={"trains": "network"})})
    fresh = guided_network().network.state_dict()
    assert all(not torch.equal(value, fresh[name]) for name, value in train(tmp_path, plan).items())


def test_training_learns_the_colour_and_moves_the_map_to_the_square(trained: Path) -> None:
    curves = {
        int(row["epoch"]): row for row in table(trained / "curves.csv") if row["images"] == "validation"
    }
    assert float(curves[12]["epg"]) > float(curves[0]["epg"]) + 0.2
    assert float(curves[12]["loss"]) < float(curves[0]["loss"])
    assert float(curves[12]["accuracy"]) >= float(curves[0]["accuracy"])


def test_the_curves_have_a_row_for_each_epoch_and_set_with_epoch_0_at_the_end_of_the_reference_phase(
    trained: Path,
) -> None:
    rows = table(trained / "curves.csv")
    assert [(int(row["epoch"]), row["images"]) for row in rows] == [
        (epoch, images) for epoch in range(-2, 13) for images in ("training", "validation")
    ]
    assert {"accuracy", "magtr", "cross_entropy", "loss"} < rows[0].keys()
    # 22 and 9 images, of which each fifth is without region.
    assert {(row["images"], row["without_region"]) for row in rows} == {
        ("training", "5"),
        ("validation", "2"),
    }


def test_every_epoch_has_a_table_of_its_images_whose_means_are_the_curves(trained: Path) -> None:
    names = {f"{images}_{epoch:03d}.csv" for epoch in range(-2, 13) for images in ("training", "validation")}
    assert {path.name for path in (trained / "images").iterdir()} == names
    rows = table(trained / "images" / "validation_012.csv")
    assert [row["path"] for row in rows] == [f"99/{index}.png" for index in range(9)]
    assert [row["truth"] for row in rows] == [NAMES[index % 3] for index in range(9)]
    (curve,) = [
        row for row in table(trained / "curves.csv") if (row["epoch"], row["images"]) == ("12", "validation")
    ]
    right = sum(row["truth"] == row["prediction"] for row in rows)
    assert float(curve["accuracy"]) == pytest.approx(right / 9)
    for figure in ("magtr", "mangtr", "epg"):
        values = [float(row[figure]) for row in rows]
        defined = [value for value in values if not math.isnan(value)]
        assert float(curve[figure]) == pytest.approx(sum(defined) / len(defined), abs=1e-5)


def test_weights_of_epoch_0_the_best_and_the_last_epoch_are_kept(trained: Path) -> None:
    losses = {
        int(row["epoch"]): float(row["loss"])
        for row in table(trained / "curves.csv")
        if row["images"] == "validation" and int(row["epoch"]) >= 0
    }
    best = min(losses, key=lambda epoch: losses[epoch])
    kept = {path.name for path in (trained / "epochs").iterdir()}
    assert kept == {"000", "012", f"{best:03d}"}
    assert (epoch_folder(trained, 12) / "optimiser.safetensors").exists()
    assert not (epoch_folder(trained, 0) / "optimiser.safetensors").exists()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[dict[str, bytes], Weights]]:
    """Files and weights by an objective whose training nothing broke off; each is trained once."""

    @cache
    def trained_by(objective: str) -> tuple[dict[str, bytes], Weights]:
        folder = tmp_path_factory.mktemp("whole")
        weights = train(folder, guided=guided_network(objective))
        return files(folder), weights

    return trained_by


@pytest.mark.parametrize("epoch", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("objective", ["energy-dice", "learned-magtr-mangtr"])
def test_a_training_that_was_killed_goes_on_to_the_same_curves_and_weights_bit_for_bit(
    epoch: int,
    objective: str,
    tmp_path: Path,
    whole: Callable[[str], tuple[dict[str, bytes], Weights]],
) -> None:
    undisturbed, weights = whole(objective)
    with pytest.raises(Killed):
        train(tmp_path, guided=guided_network(objective), images=broken_off_in(epoch))
    assert files(tmp_path) != undisturbed
    went_on = train(tmp_path, guided=guided_network(objective))
    assert files(tmp_path) == undisturbed
    assert all(torch.equal(value, went_on[name]) for name, value in weights.items())


def test_a_finished_training_is_left_as_it_is(tmp_path: Path) -> None:
    first = train(tmp_path)
    before = files(tmp_path)
    again = train(tmp_path)
    assert files(tmp_path) == before
    assert all(torch.equal(value, again[name]) for name, value in first.items())


def test_weights_of_an_epoch_can_be_had_again(trained: Path) -> None:
    guided = guided_network()
    load_epoch(trained, 0, guided.network, guided.objective)
    reference = {name: value.clone() for name, value in guided.network.state_dict().items()}
    load_epoch(trained, 12, guided.network, guided.objective)
    assert not torch.equal(reference["head.weight"], guided.network.state_dict()["head.weight"])


def test_another_seed_gives_other_weights(tmp_path: Path) -> None:
    first = train(tmp_path / "5")
    second = train(tmp_path / "6", training_plan(seed=6))
    assert not torch.equal(first["head.weight"], second["head.weight"])


def test_portions_of_a_batch_make_no_difference_to_a_training(tmp_path: Path) -> None:
    whole = train(tmp_path / "8")
    in_passes = train(tmp_path / "3", training_plan(images_a_pass=3))
    for name, value in whole.items():
        # Adam brings a gradient of nothing but rounding to full size, so single weights may differ by more.
        assert (in_passes[name] - value).norm() < 1e-3 * value.norm()
    for one, other in zip(
        table(tmp_path / "3" / "curves.csv"), table(tmp_path / "8" / "curves.csv"), strict=True
    ):
        for figure in ("loss", "cross_entropy", "magtr", "epg"):
            assert float(one[figure]) == pytest.approx(float(other[figure]), rel=1e-3)


def test_images_that_other_processes_read_are_the_same(tmp_path: Path) -> None:
    plan = training_plan(reference_epochs=1, guided_epochs=1)
    train(tmp_path / "0", plan)
    train(tmp_path / "1", plan.model_copy(update={"reading_processes": 1}))
    assert files(tmp_path / "1") == files(tmp_path / "0")


def test_training_stops_once_the_objective_has_not_fallen_for_so_many_epochs(tmp_path: Path) -> None:
    still = {"learning_rate": 1e-30, "warm_up": 0.0}
    plan = training_plan(guided_epochs=9, patience_epochs=2)
    plan = plan.model_copy(update={"guided": plan.guided.model_copy(update=still)})
    train(tmp_path, plan)
    assert {int(row["epoch"]) for row in table(tmp_path / "curves.csv")} == set(range(-2, 3))
    before = files(tmp_path)
    train(tmp_path, plan)
    assert files(tmp_path) == before


def test_learned_weights_are_trained_in_the_guided_phase_only(tmp_path: Path) -> None:
    name = "log_variances.magtr"
    head = train(tmp_path / "head", training_plan(guided_epochs=0), guided_network("learned-magtr"))
    assert head[name].item() == 0
    assert train(tmp_path / "both", guided=guided_network("learned-magtr"))[name].item() != 0


def test_the_learning_rate_rises_and_falls_within_each_phase(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rates: list[float] = []
    step = torch.optim.AdamW.step

    def noted(self: torch.optim.AdamW, *given: object, **named: object) -> object:
        rates.append(self.param_groups[0]["lr"] / 0.01)
        return step(self, *given, **named)

    monkeypatch.setattr(torch.optim.AdamW, "step", noted)
    train(tmp_path, training_plan(reference_epochs=1, guided_epochs=2))
    # Three steps an epoch of 22 images, 20 % of them up.
    assert rates[:3] == pytest.approx([1, 1, 0.5])
    assert rates[3:] == pytest.approx([1] + [math.cos(math.pi * n / 10) ** 2 for n in range(5)])


def test_a_loss_that_is_no_number_ends_the_training_with_a_remedy(tmp_path: Path) -> None:
    guided = guided_network("cross-entropy")
    sets = image_sets()

    def drawn(epoch: int) -> Samples:
        if epoch == 2:
            with torch.no_grad():
                guided.network.get_parameter("head.weight").fill_(math.nan)
        return sets.drawn(epoch)

    with pytest.raises(TrainingError, match=r"epoch 0: the loss is nan at step 1; lower the learning rate"):
        train(tmp_path, guided=guided, images=replace(sets, drawn=drawn))


def test_the_first_process_says_a_line_after_each_epoch(tmp_path: Path) -> None:
    lines: list[str] = []
    plan = training_plan(reference_epochs=1, guided_epochs=1)
    train_guided(guided_network(), image_sets(), plan, one_process(), tmp_path, lines.append)
    assert [line.partition(":")[0] for line in lines] == ["epoch -1", "epoch 0", "epoch 1"]
    assert "2 without region" in lines[0]
