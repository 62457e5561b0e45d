"""Weights as arrays: taken out one by one, and held against what a network has."""

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from models.weights import CheckpointError, Weights


def two_arrays(folder: Path) -> Path:
    path = folder / "w.safetensors"
    values = {"head.weight": np.array([[1.5, -2.0]], np.float16), "norm.num_batches_tracked": np.array(7)}
    save_file(values, path)
    return path


def test_an_array_comes_in_single_precision(tmp_path: Path) -> None:
    weights = Weights(two_arrays(tmp_path))
    taken = weights.take("head.weight", 1, 2)
    assert taken.dtype == np.float32
    assert taken.tolist() == [[1.5, -2.0]]
    weights.check_all_taken()  # a count of training's batches is no weight


@pytest.mark.parametrize(
    ("name", "shape"), [("head.bias", (1,)), ("head.weight", (1, 3)), ("head.weight", (2,))]
)
def test_what_is_missing_or_of_another_form_is_of_another_network(
    name: str, shape: tuple[int, ...], tmp_path: Path
) -> None:
    weights = Weights(two_arrays(tmp_path))
    with pytest.raises(CheckpointError, match=r"w\.safetensors: weights of another network; use the version"):
        weights.take(name, *shape)


def test_what_is_left_over_is_of_another_network(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"w\.safetensors: weights of another network"):
        Weights(two_arrays(tmp_path)).check_all_taken()


@pytest.mark.parametrize("content", [b"", b"not weights", None])
def test_a_file_that_is_none_is_named(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(
        CheckpointError, match=r"w\.safetensors: not a safetensors file .*copy it anew"
    ) as caught:
        Weights(path)
    assert "\n" not in str(caught.value)
