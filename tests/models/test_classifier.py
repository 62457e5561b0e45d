"""The classifier: scores against the slide's own cells, and activation maps that add up to them."""

from copy import deepcopy

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from core.cells.classification import FeatureStatistics
from core.cells.crops import CROP_SIZE_PX, GREY
from models.classifier import Classifier, ClassifierNetwork
from models.graphs.cell_maps import STRIDE_PX
from models.slide_network import as_input
from models.slide_norm import hold
from tests.models.made_networks import trained_looking

CPU = torch.device("cpu")


def random_network(width: int = 8) -> ClassifierNetwork:
    torch.manual_seed(1)
    network = ClassifierNetwork(width)
    nn.init.uniform_(network.head.weight, -1.0, 3.0)
    trained_looking(network)
    return network


def random_crops(count: int, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (count, CROP_SIZE_PX, CROP_SIZE_PX, 3), np.uint8)


class TwoPlanes(nn.Module):
    """Instead of learned features: how dark and how bright each sixteenth of a crop is."""

    def forward(self, images: Tensor) -> Tensor:
        coarse = nn.functional.avg_pool2d(images.mean(dim=1, keepdim=True), CROP_SIZE_PX // 4)
        return torch.cat([(-coarse).relu(), coarse.relu()], dim=1)


def network_by_hand(dark_weight: float, bright_weight: float) -> ClassifierNetwork:
    network = ClassifierNetwork(4).eval()
    network.features = nn.Sequential(TwoPlanes())
    network.head = nn.Linear(2, 1)
    with torch.no_grad():
        network.head.weight[:] = torch.tensor([[dark_weight, bright_weight]])
        network.head.bias[:] = -1.0
    return network


def dark_quarter() -> NDArray[np.uint8]:
    """Grey but for a dark sixteenth: rows 36 to 48, columns 12 to 24."""
    crop = np.full((1, CROP_SIZE_PX, CROP_SIZE_PX, 3), GREY, np.uint8)
    crop[0, 36:48, 12:24] = GREY - 96
    return crop


def statistics_of(classifier: Classifier, crops: NDArray[np.uint8]) -> FeatureStatistics:
    """Those of these very cells: with every turn less is left in them of what is typical."""
    statistics = classifier.feature_statistics(crops)
    for _ in range(15):
        _, statistics = classifier.field_logits(crops, statistics)
    return statistics


NONE = ()  # the statistics of a network by hand, which has no normalisation


def test_the_mean_of_the_map_and_the_bias_are_the_logit() -> None:
    network, crops = random_network(), random_crops(5)
    classifier = Classifier(deepcopy(network), CPU)
    statistics = classifier.feature_statistics(crops)
    hold(network, statistics)
    with torch.inference_mode():
        features = network.features(as_input(crops))
        maps = torch.einsum("nchw,c->nhw", features, network.head.weight[0])
        expected = maps.mean(dim=(1, 2)) + network.head.bias
    np.testing.assert_allclose(classifier.logits(crops, statistics), expected.numpy(), rtol=1e-4, atol=1e-4)


def test_a_logit_by_hand() -> None:
    # A sixteenth of the crop is 96 levels, or 2 units, darker: 3 * 2 / 16 - 1.
    logits = Classifier(network_by_hand(3.0, 5.0), CPU).logits(dark_quarter(), NONE)
    assert logits.tolist() == [pytest.approx(3 * 2 / 16 - 1)]


def test_scores_are_the_logistic_of_the_logits() -> None:
    classifier, crops = Classifier(random_network(), CPU), random_crops(6)
    statistics = classifier.feature_statistics(crops)
    np.testing.assert_allclose(
        classifier.score_field(crops, np.ones(6, bool), statistics).infected_score,
        1 / (1 + np.exp(-classifier.field_logits(crops, statistics)[0])),
        rtol=1e-5,
    )


def test_extreme_logits_give_scores_of_nothing_and_all_without_a_warning() -> None:
    crops = np.concatenate([dark_quarter(), dark_quarter()])
    for evaluable in (np.ones(2, bool), np.zeros(2, bool)):
        with np.errstate(all="raise"):
            sure = Classifier(network_by_hand(4e3, 0.0), CPU).score_field(crops, evaluable, NONE)
        assert sure.infected_score.tolist() == [1.0, 1.0]
        never = Classifier(network_by_hand(-4e3, 0.0), CPU).score_field(crops, evaluable, NONE)
        assert never.infected_score.max() < 1e-30


def test_no_crops_have_no_scores() -> None:
    classifier = Classifier(random_network(), CPU)
    slide = classifier.feature_statistics(random_crops(3))
    found = classifier.score_field(random_crops(0), np.zeros(0, bool), slide)
    assert found.infected_score.shape == (0,)
    assert found.infected_score.dtype == np.float32
    assert found.statistics == slide


def test_what_does_not_count_is_scored_by_the_cells_that_do_and_moves_none_of_them() -> None:
    classifier, cells, clumps = Classifier(random_network(4), CPU), random_crops(30), random_crops(7, seed=5)
    slide = classifier.feature_statistics(random_crops(40, seed=2) // 2)
    alone = classifier.score_field(cells, np.ones(30, bool), slide)
    mixed = np.concatenate([clumps[:3], cells, clumps[3:]])
    evaluable = np.repeat([False, True, False], [3, 30, 4])
    together = classifier.score_field(mixed, evaluable, slide)
    assert together.statistics == alone.statistics
    np.testing.assert_array_equal(together.infected_score[evaluable], alone.infected_score)
    np.testing.assert_allclose(
        together.infected_score[~evaluable],
        1 / (1 + np.exp(-classifier.logits(clumps, alone.statistics))),
        rtol=1e-5,
    )


def test_a_field_without_a_cell_that_counts_is_scored_by_its_slide() -> None:
    classifier, crops = Classifier(random_network(4), CPU), random_crops(5)
    slide = classifier.feature_statistics(random_crops(40, seed=2))
    found = classifier.score_field(crops, np.zeros(5, bool), slide)
    assert found.statistics == slide
    np.testing.assert_allclose(
        found.infected_score, 1 / (1 + np.exp(-classifier.logits(crops, slide))), rtol=1e-5
    )


def test_a_field_is_scored_by_the_statistics_that_come_with_its_scores() -> None:
    classifier, crops = Classifier(random_network(4), CPU), random_crops(30)
    slide = classifier.feature_statistics(random_crops(40, seed=2) // 2)
    logits, statistics = classifier.field_logits(crops, slide)
    assert statistics != slide
    np.testing.assert_allclose(logits, classifier.logits(crops, statistics), atol=1e-5)


def test_a_field_like_its_slide_is_scored_as_its_slide_is() -> None:
    classifier, crops = Classifier(random_network(4), CPU), random_crops(400)
    slide = statistics_of(classifier, crops)
    np.testing.assert_allclose(
        classifier.field_logits(crops, slide)[0], classifier.logits(crops, slide), atol=1e-3
    )


def test_what_shifts_a_whole_field_moves_its_scores_less_than_by_its_slide_alone() -> None:
    classifier, crops = Classifier(random_network(4), CPU), random_crops(400)
    slide = statistics_of(classifier, crops)
    paler = (crops // 2 + 90).astype(np.uint8)
    before = classifier.logits(crops, slide)
    by_slide = np.abs(classifier.logits(paler, slide) - before).mean()
    assert np.abs(classifier.field_logits(paler, slide)[0] - before).mean() < 0.7 * by_slide


def test_a_field_leaves_the_slide_as_it_was_measured() -> None:
    classifier, crops = Classifier(random_network(4), CPU), random_crops(20)
    slide = classifier.feature_statistics(crops)
    first, _ = classifier.field_logits(crops // 3, slide)
    again, _ = classifier.field_logits(crops // 3, slide)
    np.testing.assert_array_equal(first, again)


def test_the_map_lights_up_where_the_network_looked() -> None:
    classifier = Classifier(network_by_hand(3.0, 0.0), CPU)
    (cam,) = classifier.activation_map(dark_quarter(), NONE)
    assert cam.shape == (CROP_SIZE_PX, CROP_SIZE_PX)
    row, column = np.unravel_index(cam.argmax(), cam.shape)
    assert 36 <= row < 48
    assert 12 <= column < 24
    assert cam.max() == pytest.approx(1)
    assert cam[:24].max() == 0


def test_the_map_is_brightest_at_the_pixel_that_speaks_whether_a_feature_is_centred_there_or_not() -> None:
    # Each stage has stride 2 and pads by 1: features are centred on pixels 8 i, where CAM has its peaks.
    network = ClassifierNetwork(2).eval()
    for name, parameter in network.named_parameters():
        nn.init.constant_(parameter, 0.0 if name.endswith("bias") else 1.0)
    for row, column in ((16, 24), (40, 8), (19, 27), (37, 11)):
        crop = np.full((1, CROP_SIZE_PX, CROP_SIZE_PX, 3), GREY, np.uint8)
        crop[0, row, column] = 255
        classifier = Classifier(network, CPU)
        (cam,) = classifier.activation_map(crop, classifier.feature_statistics(crop))
        assert np.unravel_index(cam.argmax(), cam.shape) == (row, column)


def test_what_speaks_against_infection_leaves_the_map_dark() -> None:
    (cam,) = Classifier(network_by_hand(-3.0, 0.0), CPU).activation_map(dark_quarter(), NONE)
    assert cam.max() == 0


def test_each_map_has_its_own_scale() -> None:
    faint = dark_quarter()
    faint[faint < GREY] = GREY - 10
    crops = np.concatenate([dark_quarter(), faint])
    maps = Classifier(network_by_hand(3.0, 0.0), CPU).activation_map(crops, NONE)
    np.testing.assert_allclose(maps[0], maps[1], atol=1e-5)


def test_maps_of_random_networks_lie_between_nothing_and_all() -> None:
    classifier, crops = Classifier(random_network(), CPU), random_crops(4)
    maps = classifier.activation_map(crops, classifier.feature_statistics(crops))
    assert maps.min() >= 0
    assert maps.max(axis=(1, 2)) == pytest.approx(np.ones(4))


def test_a_map_is_that_of_its_slide() -> None:
    classifier, crops = Classifier(random_network(), CPU), random_crops(4)
    own, other = (classifier.feature_statistics(each) for each in (crops, crops // 3))
    assert (classifier.activation_map(crops, own) != classifier.activation_map(crops, other)).any()


def test_a_field_has_maps_after_its_cells_were_scored_as_before() -> None:
    crops, evaluable = random_crops(12), np.repeat([True, False], [9, 3])
    classifier = Classifier(random_network(), CPU)
    found = classifier.score_field(crops, evaluable, classifier.feature_statistics(crops))
    after = classifier.activation_map(crops, found.statistics)
    np.testing.assert_array_equal(
        after, Classifier(random_network(), CPU).activation_map(crops, found.statistics)
    )


def test_no_crops_have_no_maps() -> None:
    classifier = Classifier(random_network(), CPU)
    statistics = classifier.feature_statistics(random_crops(3))
    assert classifier.activation_map(random_crops(0), statistics).shape == (0, 48, 48)


def test_scoring_draws_no_dropout() -> None:
    network = random_network().train()
    classifier = Classifier(network, CPU)
    crops = random_crops(3)
    statistics = classifier.feature_statistics(crops)
    np.testing.assert_array_equal(classifier.logits(crops, statistics), classifier.logits(crops, statistics))


@pytest.mark.parametrize("width", [8, 24])
def test_the_width_sets_the_channels(width: int) -> None:
    network = ClassifierNetwork(width)
    assert network.head.in_features == 4 * width
    assert network.eval()(torch.zeros(2, 3, CROP_SIZE_PX, CROP_SIZE_PX)).shape == (2,)


def test_the_last_features_lie_a_stride_apart() -> None:
    features = ClassifierNetwork(4).eval().features(torch.zeros(1, 3, CROP_SIZE_PX, CROP_SIZE_PX))
    assert features.shape[-2:] == (CROP_SIZE_PX // STRIDE_PX, CROP_SIZE_PX // STRIDE_PX)
