"""Features normalised by the slide's own healthy cells, in training and in scoring."""

from copy import deepcopy

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from models.graphs.crop_network import TYPICAL_CELLS
from models.slide_norm import SlideNorm, expect_batches, hold, measured
from tests.models.made_networks import trained_looking

HEALTHY, INFECTED, SLIDES = 6, 3, 2
CELLS = HEALTHY + INFECTED


def training_layer(channels: int = 4) -> SlideNorm:
    layer = SlideNorm(channels)
    trained_looking(layer)
    expect_batches(layer, HEALTHY, INFECTED)
    return layer.train()


def batch(seed: int = 0) -> Tensor:
    """Features (18, 4, 5, 5) of two slides, each with six healthy cells and then three infected ones."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(SLIDES * CELLS, 4, 5, 5, generator=generator)


def small_network() -> nn.Sequential:
    """Without padding: what is added to all of a picture reaches all of its features alike."""
    torch.manual_seed(5)
    network = nn.Sequential(
        nn.Conv2d(3, 6, 3, bias=False), SlideNorm(6), nn.ReLU(), nn.Conv2d(6, 4, 3, bias=False), SlideNorm(4)
    )
    return network.eval()


def typical_small_network() -> nn.Sequential:
    """Holding the statistics of very many cells about zero."""
    network = small_network()
    hold(network, measured(deepcopy(network), cell_images(20 * TYPICAL_CELLS, seed=9)))
    return network


def cell_images(count: int, seed: int = 1) -> Tensor:
    return torch.randn(count, 3, 8, 8, generator=torch.Generator().manual_seed(seed))


def test_in_scoring_it_is_batch_normalisation_by_the_statistics_held() -> None:
    layer = trained_looking(SlideNorm(4))
    plain = nn.BatchNorm2d(4, eps=1e-3).eval()
    plain.load_state_dict(layer.state_dict())
    torch.testing.assert_close(layer(batch()), plain(batch()))


def test_a_batch_by_hand() -> None:
    layer = SlideNorm(1).train()
    expect_batches(layer, healthy_a_slide=2, infected_a_slide=1)
    # Healthy 1 and 3: mean 2, variance 1. Healthy 10 and 30: mean 20, variance 100.
    levels = torch.tensor([1.0, 3.0, 5.0, 10.0, 30.0, 0.0])
    found = layer(levels.reshape(6, 1, 1, 1)).flatten().tolist()
    assert found == pytest.approx([-1, 1, 3, -1, 1, -2], abs=0.002)


def test_after_one_batch_the_typical_slide_is_the_mean_of_its_slides() -> None:
    layer = SlideNorm(1).train()
    expect_batches(layer, healthy_a_slide=2, infected_a_slide=1)
    layer(torch.tensor([1.0, 3.0, 5.0, 10.0, 30.0, 0.0]).reshape(6, 1, 1, 1))
    assert layer.state_dict()["running_mean"].tolist() == pytest.approx([11.0])
    assert layer.state_dict()["running_var"].tolist() == pytest.approx([50.5])


def test_the_first_batches_weigh_alike_in_the_typical_slide() -> None:
    layer = SlideNorm(1).train()
    expect_batches(layer, healthy_a_slide=2, infected_a_slide=1)
    for level in (2.0, 4.0, 9.0):
        layer(torch.full((3, 1, 2, 2), level))
    assert layer.state_dict()["running_mean"].tolist() == pytest.approx([5.0])


def test_infected_cells_do_not_change_how_healthy_ones_are_normalised() -> None:
    plain, changed = training_layer(), training_layer()
    other = batch().reshape(SLIDES, CELLS, 4, 5, 5).clone()
    other[:, HEALTHY:] = 50.0
    before = plain(batch()).reshape(SLIDES, CELLS, 4, 5, 5)
    after = changed(other.reshape(-1, 4, 5, 5)).reshape(SLIDES, CELLS, 4, 5, 5)
    torch.testing.assert_close(after[:, :HEALTHY], before[:, :HEALTHY], rtol=0, atol=0)


def test_infected_cells_do_not_enter_the_typical_slide() -> None:
    plain, changed = training_layer(), training_layer()
    other = batch().reshape(SLIDES, CELLS, 4, 5, 5).clone()
    other[:, HEALTHY:] = 50.0
    plain(batch())
    changed(other.reshape(-1, 4, 5, 5))
    for name, value in plain.state_dict().items():
        torch.testing.assert_close(changed.state_dict()[name], value, rtol=0, atol=0)


@given(st.floats(0.3, 5), st.floats(-4, 4))
def test_what_shifts_and_scales_all_cells_of_a_slide_changes_nothing(gain: float, shift: float) -> None:
    other = batch().clone()
    other[CELLS:] = other[CELLS:] * gain + shift
    with torch.no_grad():
        before, after = training_layer()(batch()), training_layer()(other)
    torch.testing.assert_close(after[:CELLS], before[:CELLS], rtol=0, atol=0)
    # Less what is added to the variance, a thousandth: at a gain of 0.3 half a hundredth of it.
    torch.testing.assert_close(after[CELLS:], before[CELLS:], rtol=0.01, atol=0.01)


def test_learning_reaches_both_the_features_and_the_layer() -> None:
    layer, features = training_layer(), batch().requires_grad_()
    layer(features).pow(2).sum().backward()
    assert features.grad is not None
    assert layer.weight.grad is not None
    assert features.grad.abs().sum() > 0
    assert layer.weight.grad.abs().min() > 0


def test_a_batch_that_is_not_laid_out_as_told_is_refused() -> None:
    with pytest.raises(RuntimeError):
        training_layer()(batch()[:-1])


def test_as_many_cells_as_the_typical_slide_counts_for_pull_the_statistics_half_way() -> None:
    # From mean 0 and variance 1 of the typical slide to mean 4 and variance 0 of this one.
    images = torch.full((TYPICAL_CELLS, 1, 2, 2), 4.0)
    assert measured(SlideNorm(1), images) == pytest.approx((2.0, 0.5))


def test_three_times_as_many_pull_them_three_quarters_of_the_way() -> None:
    images = torch.full((3 * TYPICAL_CELLS, 1, 2, 2), 4.0)
    assert measured(SlideNorm(1), images) == pytest.approx((3.0, 0.25))


def test_one_cell_makes_no_statistics() -> None:
    mean, _ = measured(SlideNorm(1), torch.full((1, 1, 2, 2), 1.0 + TYPICAL_CELLS))
    assert mean == pytest.approx(1.0)


def test_statistics_that_were_measured_can_be_put_into_another_copy() -> None:
    network = trained_looking(small_network())
    images = 2 * cell_images(30) + 1
    own = deepcopy(network)
    statistics = measured(own, images)
    other = deepcopy(network)
    hold(other, statistics)
    with torch.no_grad():
        torch.testing.assert_close(other(images), own(images), rtol=0, atol=1e-6)
        assert (other(images) - network(images)).abs().max() > 0.1


def test_statistics_have_a_mean_and_a_variance_a_channel() -> None:
    statistics = measured(small_network(), cell_images(5))
    assert len(statistics) == 2 * (6 + 4)
    assert all(variance > 0 for variance in (*statistics[6:12], *statistics[16:20]))


@pytest.mark.parametrize("count", [0, 19, 21])
def test_statistics_of_another_network_are_refused(count: int) -> None:
    with pytest.raises(ValueError, match=f"{count} feature statistics for a network that has 20"):
        hold(small_network(), (1.0,) * count)


@pytest.mark.parametrize(("gain", "shift"), [(1.0, 2.0), (2.0, 0.0), (0.5, -1.0), (3.0, 3.0)])
def test_a_slide_under_another_lens_and_stain_comes_out_as_it_was(gain: float, shift: float) -> None:
    images, typical = cell_images(60 * TYPICAL_CELLS), typical_small_network()
    plain, changed = deepcopy(typical), deepcopy(typical)
    measured(plain, images)
    measured(changed, gain * images + shift)
    with torch.no_grad():
        expected, found = plain(images[:50]), changed(gain * images[:50] + shift)
        unmeasured = typical(gain * images[:50] + shift)
    # One part in 61 is still the typical slide.
    assert (found - expected).abs().mean() < 0.05
    assert (unmeasured - expected).abs().mean() > 0.25


def test_a_layer_is_measured_on_what_the_layers_before_it_have_already_normalised() -> None:
    images, typical = cell_images(60 * TYPICAL_CELLS), typical_small_network()
    plain = measured(deepcopy(typical), images)
    changed = measured(deepcopy(typical), 4 * images)
    assert changed[6:12] == pytest.approx([16 * variance for variance in plain[6:12]], rel=0.03)
    assert changed[16:] == pytest.approx(plain[16:], rel=0.06)


def test_measuring_is_over_once_it_is_done() -> None:
    network = small_network()
    statistics = measured(network, cell_images(10))
    network(9 * cell_images(10))
    again = small_network()
    hold(again, statistics)
    for name, value in network.state_dict().items():
        torch.testing.assert_close(again.state_dict()[name], value, rtol=0, atol=0)
