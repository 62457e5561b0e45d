"""The detector as a graph answers as torch's network does."""

from pathlib import Path

import numpy as np
import pytest
import torch

from models.checkpoint import load_detector as load_with_torch
from models.checkpoint import save_weights
from models.detector_network import DetectorNetwork
from models.graphs.detector_graph import load_detector
from models.weights import CheckpointError
from tests.models.made_networks import trained_looking
from tests.models.test_detector_network import lively_network, texture


@pytest.mark.parametrize("shape", [(16, 16), (70, 250), (129, 96)])
def test_it_locates_what_torchs_network_locates(shape: tuple[int, int], tmp_path: Path) -> None:
    save_weights(lively_network(), tmp_path / "d.safetensors")
    picture = texture(*shape)
    expected = load_with_torch(tmp_path / "d.safetensors").locate(picture)
    found = load_detector(tmp_path / "d.safetensors").locate(picture)
    assert len(found) == len(expected) > 0
    np.testing.assert_array_equal(found.kind, expected.kind)
    np.testing.assert_allclose(found.detection_score, expected.detection_score, atol=1e-5)
    np.testing.assert_allclose(found.boxes, expected.boxes, atol=1e-2)


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    network = trained_looking(DetectorNetwork())
    network.stem = torch.nn.Sequential()
    save_weights(network, tmp_path / "d.safetensors")
    with pytest.raises(CheckpointError, match=r"d\.safetensors: weights of another network"):
        load_detector(tmp_path / "d.safetensors")
