"""The classifier's network as a graph: its layers are those of torch's."""

from pathlib import Path

import numpy as np
import pytest
import torch

from models.checkpoint import save_weights
from models.classifier import Classifier, ClassifierNetwork
from models.graphs.classifier_graph import ClassifierGraph
from models.weights import CheckpointError
from tests.models.made_networks import answering
from tests.models.test_classifier import random_crops

CPU = torch.device("cpu")


def both(folder: Path, width: int = 4) -> tuple[Classifier, ClassifierGraph]:
    """The same weights, in half precision as they are kept, run by torch and as a graph."""
    torch.manual_seed(width)
    network = ClassifierNetwork(width)
    answering(network).half().float()
    save_weights(network, folder / "c.safetensors")
    return Classifier(network, CPU), ClassifierGraph(folder / "c.safetensors", width)


def test_logits_by_known_statistics_are_those_of_torch(tmp_path: Path) -> None:
    by_torch, graph = both(tmp_path)
    statistics, crops = by_torch.feature_statistics(random_crops(30)), random_crops(9, seed=5)
    _, logits = graph.judging(statistics)(crops=crops)
    np.testing.assert_allclose(logits[:, 0], by_torch.logits(crops, statistics), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("width", [2, 8])
def test_a_network_of_another_width_is_refused(width: int, tmp_path: Path) -> None:
    both(tmp_path)
    with pytest.raises(CheckpointError, match=r"c\.safetensors: weights of another network"):
        ClassifierGraph(tmp_path / "c.safetensors", width)
