"""A list of cells that learns from the calls on its first ones: the unread are ranked anew.

The machine's log-odds stay, and a layer on the second look's features is added to them: a logistic regression
fitted on the calls, so weakly that a few calls move only what is much like the called cells.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

RIDGE, BACKGROUND = 20.0, 20.0
"""Penalties of the layer: on the square of each weight, and on the mean square of what it adds to the cells
of the slide. These are the background: nearly all are unread and healthy, and are to stay where they are."""
INTERCEPT = 0.05
"""Penalty of the constant: the machine may be far too sure of everything on a slide."""
PARASITE_WEIGHT = 3.0
"""A call "parasite" counts as this many others: most calls are of look-alikes."""
OTHERS_WEIGHT = 30.0
"""All calls of other cells together count as this many at most: they go on for as long as somebody reads, and
would push down parasites that look a little like them."""
PRECISE = 1e-8
"""Slope of the penalised likelihood at which its top is found."""


@dataclass(frozen=True, eq=False)
class LearnedRanking:
    """What the cells of a slide are ranked by after some calls.

    Attributes
    ----------
    log_odds
        (K,) float64, highest first to be read; the machine's own while nothing can be learned.
    called
        (C,) the called cells, in order of their index.
    infected
        (C,) bool: what they were called.
    blind_log_odds
        (C,) their log-odds as the other calls alone make them, to first order: what the list would have said
        of each had it not been called.
    """

    log_odds: NDArray[np.float64]
    called: NDArray[np.int64]
    infected: NDArray[np.bool_]
    blind_log_odds: NDArray[np.float64]


def learned_ranking(
    machine_log_odds: NDArray[np.floating], features: NDArray[np.floating], calls: Mapping[int, bool]
) -> LearnedRanking:
    """Rank cells by the machine and by the calls made so far; the order of the calls does not matter.

    Nothing is learned before at least one cell was called a parasite and one not.

    Parameters
    ----------
    machine_log_odds
        (K,) of the cells of a slide that the second look has seen, both looks' log-odds added.
    features
        (K, D) of the second look.
    calls
        Whether a parasite was called, by the cell's index; cells called unsure are left out.

    Raises
    ------
    ValueError
        Where shapes do not fit, a number is not finite, or a call is of a cell that is not there.
    """
    machine = np.asarray(machine_log_odds, np.float64)
    _check(machine, features, calls)
    called = np.array(sorted(calls), np.int64)
    infected = np.array([calls[index] for index in called.tolist()], bool)
    if infected.all() or not infected.any():
        return LearnedRanking(machine, called, infected, machine[called])
    standard = standardised(features)
    design = np.concatenate([standard, np.ones((len(standard), 1))], axis=1)
    penalty = np.diag(np.append(np.full(standard.shape[1], RIDGE), INTERCEPT))
    penalty[:-1, :-1] += BACKGROUND / len(standard) * (standard.T @ standard)
    layer, blind = _fitted(machine[called], design[called], infected, penalty)
    return LearnedRanking(machine + design @ layer, called, infected, blind)


def _check(machine: NDArray[np.float64], features: NDArray[np.floating], calls: Mapping[int, bool]) -> None:
    if machine.ndim != 1 or features.ndim != 2 or len(machine) != len(features):
        raise ValueError(
            f"log-odds of shape {machine.shape} and features of shape {features.shape}: "
            "give (K,) and (K, D) of the same cells"
        )
    if not (np.isfinite(machine).all() and np.isfinite(features).all()):
        raise ValueError("log-odds or features are not finite: give only cells that the second look has seen")
    if absent := [index for index in calls if not 0 <= index < len(machine)]:
        raise ValueError(f"call on cell {absent[0]} of {len(machine)}: give the index of a cell of the list")


def standardised(features: NDArray[np.floating]) -> NDArray[np.float64]:
    """Features less their mean, over their standard deviation; zero where all cells are alike."""
    values = np.asarray(features, np.float64)
    centred = values - values.mean(axis=0)
    spread = centred.std(axis=0)
    alike = spread <= 1e-6 * np.abs(values).max(axis=0, initial=0)
    return np.where(alike, 0.0, centred / np.where(alike, 1.0, spread))


def _fitted(
    offset: NDArray[np.float64],
    design: NDArray[np.float64],
    infected: NDArray[np.bool_],
    penalty: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weights of the layer, and the log-odds that each called cell would have without its own call.

    Leaving one call out moves its log-odds, to first order, by its residual times its leverage h over
    1 - h times its curvature (Rad and Maleki 2020, "A scalable estimate of the out-of-sample prediction error
    via approximate leave-one-out").
    """
    others = np.count_nonzero(~infected)
    weight = np.where(infected, PARASITE_WEIGHT, min(1.0, OTHERS_WEIGHT / others))
    layer, hessian = penalised_logistic(offset, design, infected, weight, penalty)
    log_odds = offset + design @ layer
    chance = expit(log_odds)
    leverage = np.einsum("nd,dn->n", design, np.linalg.solve(hessian, design.T))
    residual, curvature = weight * (chance - infected), weight * chance * (1 - chance)
    return layer, log_odds + residual * leverage / (1 - curvature * leverage)


def penalised_logistic(
    offset: NDArray[np.float64],
    design: NDArray[np.float64],
    infected: NDArray[np.bool_],
    weight: NDArray[np.float64],
    penalty: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fit log-odds `offset` + `design` b to calls, less b' `penalty` b / 2.

    Newton's method alone overshoots where the machine is sure and wrong; kept within a region in which its
    parabola can be trusted (Conn, Gould and Toint 2000, algorithm 7.3.4), it does not.

    Parameters
    ----------
    offset, infected, weight
        (C,) of the calls.
    design, penalty
        (C, D) and (D, D).

    Returns
    -------
    (D,) b, and (D, D) second derivatives there.
    """

    def loss(layer: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        log_odds = offset + design @ layer
        value = weight @ np.logaddexp(0, np.where(infected, -log_odds, log_odds))
        slope = design.T @ (weight * (expit(log_odds) - infected)) + penalty @ layer
        return float(value + layer @ penalty @ layer / 2), slope

    def hessian(layer: NDArray[np.float64]) -> NDArray[np.float64]:
        chance = expit(offset + design @ layer)
        found: NDArray[np.float64] = (design * (weight * chance * (1 - chance))[:, None]).T @ design + penalty
        return found

    begin = np.zeros(design.shape[1])
    layer = minimize(loss, begin, jac=True, hess=hessian, method="trust-exact", options={"gtol": PRECISE}).x
    return layer, hessian(layer)
