"""The second look as a graph says what torch's network says."""

from pathlib import Path

import numpy as np
import pytest
import torch

from models.checkpoint import save_weights
from models.classifier import ClassifierNetwork
from models.graphs.second_look_graph import BATCH, SecondLookGraph
from models.second_look import SecondLook
from models.weights import CheckpointError
from tests.models.test_second_look import random_crops, random_network


def both(folder: Path) -> tuple[SecondLook, SecondLookGraph]:
    network = random_network().half().float()
    save_weights(network, folder / "s.safetensors")
    return SecondLook(network, torch.device("cpu")), SecondLookGraph(folder / "s.safetensors")


def test_it_measures_and_sees_as_torch_does(tmp_path: Path) -> None:
    by_torch, graph = both(tmp_path)
    statistics = by_torch.feature_statistics(random_crops(10))
    np.testing.assert_allclose(graph.feature_statistics(random_crops(10)), statistics, rtol=1e-3, atol=1e-3)
    crops = random_crops(BATCH + 3, seed=1)
    expected, found = by_torch.look(crops, statistics), graph.look(crops, statistics)
    np.testing.assert_allclose(found.logits, expected.logits, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(found.features, expected.features, rtol=2e-3, atol=2e-3)
    assert found.features.dtype == np.float16


def test_two_slides_in_turn_are_each_seen_by_their_own_statistics(tmp_path: Path) -> None:
    graph = both(tmp_path)[1]
    slides = [random_crops(8), random_crops(8) // 3]
    statistics = [graph.feature_statistics(crops) for crops in slides]
    alone = [graph.look(crops, own).logits for crops, own in zip(slides, statistics, strict=True)]
    for turn in (0, 1, 0):
        np.testing.assert_array_equal(graph.look(slides[turn], statistics[turn]).logits, alone[turn])
    assert np.abs(graph.look(slides[0], statistics[1]).logits - alone[0]).max() > 0.01


def test_a_look_at_nothing_has_no_rows(tmp_path: Path) -> None:
    graph = both(tmp_path)[1]
    sight = graph.look(random_crops(0), graph.feature_statistics(random_crops(3)))
    assert (sight.logits.shape, sight.features.shape) == ((0,), (0, 96))


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    save_weights(ClassifierNetwork(4), tmp_path / "s.safetensors")
    with pytest.raises(CheckpointError, match=r"s\.safetensors: weights of another network"):
        SecondLookGraph(tmp_path / "s.safetensors")
