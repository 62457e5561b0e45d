"""A second look's last layer, moved by the cells of a laboratory."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from safetensors.numpy import load_file
from scipy.special import expit

from models.adapted_head import (
    INTERCEPT,
    PARASITE_WEIGHT,
    RIDGE,
    HeadChange,
    fitted_change,
    write_changed_head,
)
from models.checkpoint import save_weights
from models.second_look import SecondLookNetwork
from models.weights import CheckpointError

PATIENTS = np.repeat(["a", "b", "c"], 20)


def drawn_cells(seed: int) -> tuple[NDArray[np.float64], NDArray[np.float32], NDArray[np.bool_]]:
    """Sixty cells of five features, the second of which tells something."""
    random = np.random.default_rng(seed)
    infected = random.random(60) < 0.3
    infected[:2] = True, False
    features = random.normal(0, (1, 2, 3, 4, 5), (60, 5)).astype(np.float32)
    features[:, 1] += 2 * infected
    return random.normal(-1, 2, 60), features, infected


def test_the_layer_of_four_cells_is_where_calls_and_penalty_balance() -> None:
    """Two parasites of feature 3 and two other cells of feature 1, at even odds: 2 is the mean, 1 the spread.

    With weight w and the patient's constant c, the slope of 3 log-likelihoods of each parasite, one of each
    other cell, and 10 w²/2 and .05 c²/2 is zero: w is .2698, and c, which is dropped, .9453.
    """
    features = np.array([[3.0], [3.0], [1.0], [1.0]])
    infected = np.array([True, True, False, False])
    change = fitted_change(np.zeros(4), features, infected, np.full(4, "one"))
    (weight,) = change.weights.tolist()
    constant = 0.94533
    assert weight == pytest.approx(0.2698, abs=1e-4)
    missed, called = 1 - expit(constant + weight), expit(constant - weight)
    assert -2 * PARASITE_WEIGHT * missed - 2 * called + RIDGE * weight == pytest.approx(0, abs=1e-3)
    assert -2 * PARASITE_WEIGHT * missed + 2 * called + INTERCEPT * constant == pytest.approx(0, abs=1e-3)
    assert change.constant == pytest.approx(-2 * weight)
    assert change.applied(np.zeros(4), features) == pytest.approx([weight, weight, -weight, -weight])


def test_where_the_machine_is_sure_and_right_the_layer_stays() -> None:
    features = np.array([[3.0], [1.0]])
    change = fitted_change(np.array([14.0, -14.0]), features, np.array([True, False]), np.full(2, "one"))
    assert abs(change.weights[0]) < 1e-5


@given(st.integers(0, 1000))
def test_the_mean_of_the_cells_stays_and_the_order_of_the_cells_does_not_matter(seed: int) -> None:
    log_odds, features, infected = drawn_cells(seed)
    change = fitted_change(log_odds, features, infected, PATIENTS)
    assert change.applied(log_odds, features).mean() == pytest.approx(log_odds.mean())
    order = np.random.default_rng(seed).permutation(60)
    other = fitted_change(log_odds[order], features[order], infected[order], PATIENTS[order])
    assert other.weights == pytest.approx(change.weights, abs=1e-7)


@given(st.integers(0, 1000), st.floats(0.01, 100))
def test_the_unit_of_a_feature_does_not_matter(seed: int, unit: float) -> None:
    log_odds, features, infected = drawn_cells(seed)
    units = np.array([1, unit, 1, 1, 1])
    change = fitted_change(log_odds, features.astype(np.float64), infected, PATIENTS)
    other = fitted_change(log_odds, features * units, infected, PATIENTS)
    assert other.weights * units == pytest.approx(change.weights, abs=1e-6)


def test_a_feature_in_which_all_cells_are_alike_keeps_its_weight() -> None:
    log_odds, features, infected = drawn_cells(0)
    features[:, 3] = 7
    assert fitted_change(log_odds, features, infected, PATIENTS).weights[3] == 0


def test_what_tells_two_patients_apart_is_hardly_learned() -> None:
    """All parasites are of one patient, whose cells differ from the other's in the first feature alone."""
    infected = np.array([True] * 5 + [False] * 5 + [False] * 40)
    patient = np.repeat(["with", "without"], [10, 40])
    features = np.stack([patient == "with", np.arange(50) % 2], axis=1).astype(np.float32)
    by_patient = fitted_change(np.zeros(50), features, infected, patient)
    as_one = fitted_change(np.zeros(50), features, infected, np.full(50, "one"))
    assert abs(by_patient.weights[0]) < 0.2 * as_one.weights[0]


@pytest.mark.parametrize("kind", [True, False])
def test_cells_of_one_kind_are_refused(kind: bool) -> None:
    with pytest.raises(ValueError, match="one kind alone"):
        fitted_change(np.zeros(3), np.zeros((3, 2)), np.full(3, kind), np.full(3, "one"))


def test_of_the_weights_the_last_layer_alone_is_written_anew(tmp_path: Path) -> None:
    before, after = tmp_path / "before.safetensors", tmp_path / "after.safetensors"
    save_weights(SecondLookNetwork(), before)
    write_changed_head(before, HeadChange(np.full(96, 0.5), -2.0), after)
    old, new = load_file(before), load_file(after)
    assert old.keys() == new.keys()
    assert {name for name in old if not np.array_equal(old[name], new[name])} == {"head.weight", "head.bias"}
    assert {name: array.dtype for name, array in old.items()} == {name: new[name].dtype for name in old}
    assert new["head.weight"] == pytest.approx(old["head.weight"] + 0.5, abs=1e-3)
    assert new["head.bias"].tolist() == [-2]


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    (tmp_path / "damaged.safetensors").write_bytes(b"no weights")
    with pytest.raises(CheckpointError, match=r"damaged\.safetensors"):
        write_changed_head(tmp_path / "damaged.safetensors", HeadChange(np.zeros(96), 0), tmp_path / "out")
    assert not (tmp_path / "out").exists()
