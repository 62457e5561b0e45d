"""Fit the layer that suggests stages to what a second look sees of staged parasites, and measure it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax

from core.review import StageHead
from core.store import Stage
from core.wording import RESEARCH_USE_ONLY
from datasets.provenance import PROVENANCE
from datasets.staged_cells import STAGED_SETS, StagedCells
from models.cards import Source, StageCard, Training
from models.graphs.second_look_graph import SecondLookGraph
from models.stage_head import sha256_of
from scripts.settings.configuration import StageSettings

CLASSES = len(Stage)
PRECISE = 1e-7
"""Slope of the penalised likelihood at which its top is found."""


@dataclass(frozen=True, eq=False)
class StagedFeatures:
    """What a second look sees of staged parasites.

    Attributes
    ----------
    features
        (N, D) float64.
    stage
        (N,) numbers in `core.store.Stage`.
    source, smear, field
        (N,) where each is from.
    """

    features: NDArray[np.float64]
    stage: NDArray[np.int64]
    source: NDArray[np.str_]
    smear: NDArray[np.str_]
    field: NDArray[np.str_]

    def take(self, which: NDArray[np.bool_]) -> "StagedFeatures":
        """Those that a mask selects."""
        return StagedFeatures(
            self.features[which], self.stage[which], self.source[which], self.smear[which], self.field[which]
        )


def staged_cells(data: Path, settings: StageSettings) -> list[StagedCells]:
    """All smears of the settings' sources."""
    return [smear for name in settings.sources for smear in STAGED_SETS[name](data / name)]


def staged_features(smears: Sequence[StagedCells], second_look: SecondLookGraph) -> StagedFeatures:
    """Look at each smear's parasites as scoring would, by the statistics of its healthy cells."""
    seen = []
    for smear in smears:
        measured = len(smear.healthy) > 0
        statistics = second_look.feature_statistics(smear.healthy) if measured else second_look.typical
        seen.append(second_look.look(smear.crops, statistics).features.astype(np.float64))
    counts = [len(smear.stage) for smear in smears]
    return StagedFeatures(
        np.concatenate(seen),
        np.concatenate([smear.stage for smear in smears]),
        np.repeat([smear.source for smear in smears], counts),
        np.repeat([smear.smear for smear in smears], counts),
        np.concatenate([smear.block for smear in smears]),
    )


def fitted(cells: StagedFeatures, settings: StageSettings) -> StageHead:
    """Multinomial logistic regression: features standardised, all stages of one weight, ridge penalty."""
    mean, spread = cells.features.mean(axis=0), cells.features.std(axis=0)
    spread = np.where(spread > 0, spread, 1)
    standard, count = (cells.features - mean) / spread, cells.features.shape[1]
    present = np.bincount(cells.stage, minlength=CLASSES)
    weight = (len(cells.stage) / np.count_nonzero(present) / np.maximum(present, 1))[cells.stage]
    truth = np.eye(CLASSES)[cells.stage]

    def loss(values: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        layer, bias = values[:-CLASSES].reshape(count, CLASSES), values[-CLASSES:]
        logarithms = log_softmax(standard @ layer + bias, axis=1)
        residual = (np.exp(logarithms) - truth) * weight[:, None]
        value = -weight @ (logarithms * truth).sum(axis=1) + settings.ridge / 2 * (layer**2).sum()
        slope = standard.T @ residual + settings.ridge * layer
        return float(value), np.concatenate([slope.ravel(), residual.sum(axis=0)])

    begin = np.zeros((count + 1) * CLASSES)
    options = {"maxiter": 5000, "gtol": PRECISE, "ftol": 0.0}
    found = minimize(loss, begin, jac=True, method="L-BFGS-B", options=options).x
    layer = found[:-CLASSES].reshape(count, CLASSES) / spread[:, None]
    return StageHead(layer, found[-CLASSES:] - mean @ layer, settings.confidence)


def left_out(cells: StagedFeatures, parts: NDArray[np.str_], settings: StageSettings) -> NDArray[np.float64]:
    """(N, S) probabilities of each part's cells by a layer that was fitted without the part."""
    probabilities = np.empty((len(cells.stage), CLASSES))
    for part in np.unique(parts):
        own = parts == part
        head = fitted(cells.take(~own), settings)
        probabilities[own] = head.probabilities(cells.features[own])
    return probabilities


def confusion(stage: NDArray[np.int64], probabilities: NDArray[np.float64]) -> NDArray[np.int64]:
    """(S, S) cells by their stage, in rows, and by the most probable one."""
    table = np.zeros((CLASSES, CLASSES), np.int64)
    np.add.at(table, (stage, probabilities.argmax(axis=1)), 1)
    return table


def suggested_right(
    stage: NDArray[np.int64], probabilities: NDArray[np.float64], of: Stage, confidence: float
) -> tuple[int, int]:
    """Of the cells for which a stage would be suggested from some confidence on: the right ones, and all."""
    number = tuple(Stage).index(of)
    offered = (probabilities.argmax(axis=1) == number) & (probabilities[:, number] >= confidence)
    return int((stage[offered] == number).sum()), int(offered.sum())


def stage_card(cells: StagedFeatures, settings: StageSettings, second_look: Path, command: str) -> StageCard:
    """What is known of the layer, measured on each smear by a layer that was fitted without it."""
    probabilities = left_out(cells, cells.smear, settings)
    return StageCard(
        name="stages",
        notice=RESEARCH_USE_ONLY,
        second_look_sha256=sha256_of(second_look),
        confidence={stage.value: value for stage, value in settings.confidence.items()},
        training=Training(
            command=command,
            settings=settings.model_dump(mode="json"),
            seed=0,
            sources=tuple(
                Source(
                    name=source,
                    citation=PROVENANCE[source].citation,
                    licence=PROVENANCE[source].licence,
                    items=int((cells.source == source).sum()),
                )
                for source in settings.sources
            ),
        ),
        figures={
            "smear_left_out": [
                _figures(str(smear), cells, probabilities, settings) for smear in np.unique(cells.smear)
            ]
        },
        limits=(
            "The second look has seen the cells as infected ones, so the figures here are too good; "
            "docs/RESULTS.md has those of second looks that had not.",
            "Stages that are not suggested were wrong too often on a source left out.",
            "Stages of plasmocount_cells are those of a published model, looked at once by eye.",
            "Of gametocytes only those of P. vivax were seen.",
            "No species is suggested: each set has one, and a network would learn the laboratory.",
        ),
    )


def _figures(
    smear: str, cells: StagedFeatures, probabilities: NDArray[np.float64], settings: StageSettings
) -> dict[str, Any]:
    own = cells.smear == smear
    stage, by_layer = cells.stage[own], probabilities[own]
    return {
        "smear": smear,
        "stages": [str(stage) for stage in Stage],
        "confusion": confusion(stage, by_layer).tolist(),
        "suggested": {
            str(of): dict(
                zip(("right", "all"), suggested_right(stage, by_layer, of, confidence), strict=True)
            )
            for of, confidence in settings.confidence.items()
        },
    }
