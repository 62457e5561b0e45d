"""The loop on networks small enough to train by hand."""

import csv
import math
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from core.files import OutputError
from core.training.loop import CurvePoint, Schedule, TrainingError, fit, rate_factor, write_curve


class OneNumber(nn.Module):
    """A parameter, and a count of the batches seen."""

    seen: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.value = nn.Parameter(torch.zeros(()))
        self.register_buffer("seen", torch.zeros(()))

    def forward(self, factor: Tensor) -> Tensor:
        self.seen += 1
        return self.value * factor


def product(model: nn.Module, batch: float) -> Tensor:
    result: Tensor = model(torch.tensor(batch))
    return result


def schedule(
    steps: int, learning_rate: float = 0.1, warm_up: float = 0.25, averaging: float = 0.5
) -> Schedule:
    return Schedule(steps, learning_rate, weight_decay=0.0, warm_up=warm_up, averaging=averaging)


def fabric() -> Fabric:
    return Fabric(accelerator="cpu", devices=1)


def test_the_rate_rises_in_a_line_and_falls_as_half_a_cosine() -> None:
    factors = [rate_factor(step, steps=10, warm_up=0.2) for step in range(11)]
    assert factors[:3] == [0.5, 1.0, 1.0]
    assert factors[4] == pytest.approx(0.5 * (1 + 0.5**0.5))  # cos 45°
    assert factors[6] == pytest.approx(0.5)
    assert factors[10] == pytest.approx(0.0)


def test_without_warm_up_the_first_step_has_the_full_rate() -> None:
    assert rate_factor(0, steps=10, warm_up=0.0) == 1.0


def test_weights_and_their_average_are_those_computed_by_hand() -> None:
    # The gradient is always 1, so Adam's steps are the rates themselves: 0.1 times 1, 1, 0.75 and 0.25.
    network = OneNumber()
    averaged = fit(network, [1.0] * 4, product, schedule(4), fabric=fabric())
    assert float(network.value.detach()) == pytest.approx(-0.3, abs=1e-6)
    # Of -0.1, -0.2, -0.275, -0.3, each next one has half the weight: -0.1, -0.15, -0.2125, -0.25625.
    assert float(averaged.value.detach()) == pytest.approx(-0.25625, abs=1e-6)
    # Buffers, such as those of batch normalisation, are averaged too: of 1, 2, 3, 4 remain 3.125.
    assert float(averaged.seen) == 3.125


def test_what_comes_back_is_the_average_in_eval_mode_and_no_part_of_the_network_trained() -> None:
    network = OneNumber()
    averaged = fit(network, [1.0] * 4, product, schedule(4), fabric=fabric())
    assert not averaged.training
    assert averaged is not network
    with torch.no_grad():
        network.value.fill_(7.0)
    assert float(averaged.value.detach()) < 0


def test_a_huge_gradient_is_clipped() -> None:
    gradients: list[float] = []

    def steep(model: nn.Module, batch: float) -> Tensor:
        loss = product(model, batch)
        if network.value.grad is not None:
            gradients.append(float(network.value.grad))
        return loss

    network = OneNumber()
    fit(network, [1e6, 2.0, 1.0], steep, schedule(3), fabric=fabric())
    assert gradients == [pytest.approx(5.0, rel=1e-4), pytest.approx(2.0)]


def test_weight_decay_pulls_weights_to_zero() -> None:
    network = OneNumber()
    with torch.no_grad():
        network.value.fill_(1.0)
    plan = Schedule(1, 0.1, weight_decay=0.5, warm_up=0.0, averaging=0.5)
    fit(network, [1.0], product, plan, fabric=fabric())
    # Decay first, 1 - 0.1 * 0.5 of the weight, then a step of 0.1.
    assert float(network.value.detach()) == pytest.approx(0.85, abs=1e-6)


def small_network(seed: int) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 1))


def random_batches(seed: int, steps: int) -> Iterator[Tensor]:
    generator = torch.Generator().manual_seed(seed)
    for _ in range(steps):
        yield torch.randn(16, 6, generator=generator)


def sum_task(model: nn.Module, batch: Tensor) -> Tensor:
    result: Tensor = (model(batch)[:, 0] - batch.sum(dim=1)).square().mean()
    return result


def trained(seed: int) -> dict[str, Tensor]:
    network = small_network(seed)
    plan = schedule(20, learning_rate=0.01, averaging=0.9)
    return fit(network, random_batches(seed, 20), sum_task, plan, fabric=fabric()).state_dict()


def test_the_same_seed_gives_the_same_weights_bit_for_bit() -> None:
    first, second = trained(1), trained(1)
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_another_seed_gives_other_weights() -> None:
    first, second = trained(1), trained(2)
    assert not torch.equal(first["0.weight"], second["0.weight"])


@pytest.mark.parametrize("given", [0, 3, 5])
def test_a_wrong_number_of_batches_is_refused(given: int) -> None:
    with pytest.raises(ValueError, match=rf"detector: {given} batches for a schedule of 4 steps"):
        fit(OneNumber(), [1.0] * given, product, schedule(4), fabric=fabric(), name="detector")


def test_a_loss_that_is_no_number_ends_the_training_with_a_remedy() -> None:
    with pytest.raises(TrainingError, match=r"detector: the loss is nan at step 3; lower the learning rate"):
        fit(OneNumber(), [1.0, 1.0, math.nan, 1.0], product, schedule(4), fabric=fabric(), name="detector")


def test_the_curve_has_a_row_for_each_step(tmp_path: Path) -> None:
    path, curve = tmp_path / "new" / "curve.csv", list[CurvePoint]()
    fit(OneNumber(), [1.0, 2.0, 1.0, 1.0], product, schedule(4), fabric=fabric(), watch=curve.append)
    write_curve(path, curve)
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["step"] for row in rows] == ["0", "1", "2", "3"]
    assert float(rows[0]["loss"]) == 0.0
    assert float(rows[1]["loss"]) == pytest.approx(-0.2, abs=1e-6)
    assert [float(row["learning_rate"]) for row in rows] == pytest.approx([0.1, 0.1, 0.075, 0.025])


def test_a_curve_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "a file").touch()
    with pytest.raises(OutputError, match=r"cannot write .*a file/curve\.csv"):
        write_curve(tmp_path / "a file" / "curve.csv", [])


def test_training_learns() -> None:
    network = small_network(4)
    held_out = next(random_batches(99, 1))
    network.eval()
    before = float(sum_task(network, held_out).detach())
    plan = schedule(300, learning_rate=0.03, averaging=0.95)
    averaged = fit(network, random_batches(4, 300), sum_task, plan, fabric=fabric())
    assert float(sum_task(averaged, held_out).detach()) < before / 4
