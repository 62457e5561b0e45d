"""Networks that are explained: what goes into them, their classes by name, and where their maps lie."""

import importlib
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file

from core.slides import find_images
from models.backbones import BACKBONES
from scripts.explain import chosen_methods
from scripts.explained_networks import ExplainedNetwork, ExplainError, explained_images, open_network
from tests.drawn_cells import disc_picture

CPU = torch.device("cpu")


def save(path: Path, image: NDArray[np.uint8]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), image[..., ::-1])
    return path


def cell(parasite: bool = False) -> NDArray[np.uint8]:
    image = disc_picture(80, 80, [(40, 40)], 60)
    if parasite:
        image[30:40, 30:40] = (70, 20, 90)
    return image


@pytest.fixture
def small_weights(tmp_path: Path) -> Path:
    """Weights of the smallest backbone for three classes, never trained."""
    path = tmp_path / "small.safetensors"
    save_file(BACKBONES["small"].build(3, seed=5).state_dict(), path)
    return path


def test_a_map_is_drawn_where_the_network_looked_and_written_as_its_layer_has_it(
    cells: Path, tmp_path: Path, small_weights: Path
) -> None:
    network = open_network("small", small_weights, None, CPU, download=False)
    (image,) = find_images([cells / "cell 1.png"])[0]
    methods = chosen_methods(["grad-cam", "guided-grad-cam"], None)
    (explained,) = explained_images([image], network, methods, 0, None, pytest.fail)
    assert explained is not None
    coarse, fine = explained.maps
    assert (coarse.values.shape, coarse.placed.shape) == ((8, 8), (64, 64))
    # Cell i looks at pixel 8 i of the network's input.
    np.testing.assert_allclose(coarse.placed[::8, ::8], coarse.values, rtol=1e-5)
    assert fine.values.shape == (64, 64)
    np.testing.assert_array_equal(fine.placed, fine.values)


def test_the_normalisation_reaches_the_network(tmp_path: Path, small_weights: Path) -> None:
    image = torch.full((1, 64, 64, 3), 255, dtype=torch.uint8).numpy()[0]
    given = [
        open_network("small", small_weights, expected, CPU, download=False).for_images([]).inputs(image)[0]
        for expected in (None, importlib.import_module("models.backbones").MINUS_ONE_TO_ONE)
    ]
    assert given[0].amax() == pytest.approx((1 - 0.406) / 0.225)
    assert given[1].unique().tolist() == [1.0]


def network(*classes: str) -> ExplainedNetwork:
    return ExplainedNetwork(
        "n", classes, "features", lambda _: pytest.fail("not asked for"), lambda: pytest.fail("not asked for")
    )


def test_a_class_is_given_by_number_or_name() -> None:
    several = network("tench", "goldfish", "crane", "crane")
    assert [several.class_index(wanted) for wanted in ("1", "Tench", "goldfish")] == [1, 0, 1]


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("4", "the network has 4 classes, 0 to 3"),
        ("-1", "-1: the network has 4 classes, 0 to 3"),
        ("goldfis", "nearest: goldfish"),
        ("crane", "classes 2 and 3 both have this name; give the number"),
    ],
)
def test_a_class_that_is_not_there_is_refused_with_the_nearest(wanted: str, message: str) -> None:
    with pytest.raises(ExplainError, match=message):
        network("tench", "goldfish", "crane", "crane").class_index(wanted)


@pytest.fixture
def cells(tmp_path: Path) -> Path:
    """A folder of three pictures of single red cells, one of them with a dark spot."""
    for number in range(3):
        save(tmp_path / "cells" / f"cell {number}.png", cell(parasite=number == 1))
    return tmp_path / "cells"
