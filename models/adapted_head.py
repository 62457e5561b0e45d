"""The last layer of a second look, moved a little by a laboratory's own cells.

The layer is linear, so its change is a logistic regression on features that the second look has seen already:
no image, no network and no chance has a part in it. A penalty holds the layer near the one that was trained.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save

from core.files import write_bytes
from core.review.learned_ranking import penalised_logistic
from models.weights import Weights

RIDGE = 10.0
"""Penalty on the square of each weight's change, times the spread of its feature."""
INTERCEPT = 0.05
"""Penalty of a patient's constant: the machine may be far too sure of everything on a slide."""
PARASITE_WEIGHT = 3.0
"""A parasite counts as this many other cells: most reviewed cells are of look-alikes."""


@dataclass(frozen=True, eq=False)
class HeadChange:
    """What is added to a second look's last layer.

    Attributes
    ----------
    weights
        (D,) float64.
    constant
        Added to its bias: the change leaves the mean log-odds of the cells that it was learned from alone.
    """

    weights: NDArray[np.float64]
    constant: float

    def applied(self, log_odds: NDArray[np.floating], features: NDArray[np.floating]) -> NDArray[np.float64]:
        """(N,) log-odds of cells after the change, from those before and their (N, D) features."""
        moved: NDArray[np.float64] = log_odds + features.astype(np.float64) @ self.weights + self.constant
        return moved


def fitted_change(
    log_odds: NDArray[np.floating],
    features: NDArray[np.floating],
    infected: NDArray[np.bool_],
    patient: NDArray[np.str_],
) -> HeadChange:
    """The change of the last layer that a laboratory's reviewed cells ask for.

    Each patient has a constant of their own in the fit, which is then dropped: a list ranks the cells of one
    slide, and what tells two slides apart must not be learned.

    Parameters
    ----------
    log_odds
        (N,) by both looks together: by them the list is ranked.
    features
        (N, D) of the second look.
    infected
        (N,) what readers found; there must be both.
    patient
        (N,) whose cell it is.

    Raises
    ------
    ValueError
        Where all cells are infected, or none is.
    """
    if infected.all() or not infected.any():
        raise ValueError("cells of one kind alone teach nothing: give infected and healthy ones")
    values = np.asarray(features, np.float64)
    mean, spread = values.mean(axis=0), values.std(axis=0)
    spread = np.where(spread > 1e-6 * np.abs(values).max(axis=0), spread, 1.0)
    of_patient = patient[:, None] == np.unique(patient)
    design = np.concatenate([(values - mean) / spread, of_patient], axis=1)
    penalty = np.diag(np.repeat([RIDGE, INTERCEPT], [len(spread), of_patient.shape[1]]))
    weight = np.where(infected, PARASITE_WEIGHT, 1.0)
    layer, _ = penalised_logistic(np.asarray(log_odds, np.float64), design, infected, weight, penalty)
    weights = layer[: len(spread)] / spread
    return HeadChange(weights, -float(mean @ weights))


def write_changed_head(weights: Path, change: HeadChange, path: Path) -> None:
    """Write a second look's weights with its last layer changed; all others stay as they are.

    Raises
    ------
    models.weights.CheckpointError
        Where `weights` is no file of a second look.
    core.files.OutputError
        Where the file cannot be written.
    """
    head = Weights(weights)
    weight = head.take("head.weight", 1, len(change.weights)) + change.weights
    bias = head.take("head.bias", 1) + change.constant
    kept = load_file(weights)
    precision = kept["head.weight"].dtype
    write_bytes(
        path, save({**kept, "head.weight": weight.astype(precision), "head.bias": bias.astype(precision)})
    )
