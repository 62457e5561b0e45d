"""Cells of a laboratory with their truth and what both looks made of them: what a model adapts by.

They come from a folder that `smearscope export` wrote, or from annotated fields that the model scores.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from scipy.special import logit

from core.cells.detection import ObjectKind
from core.cells.scored_field import ScoringModels
from core.cells.second_look import SCORE_LIMIT
from core.files import read_csv, replacing
from datasets.fields import AnnotatedField, AnnotationError, reading
from datasets.located_objects import Truth, located_fields

SEEN = "second_look.parquet"
"""File beside `index.csv`: what the second look saw in the cells."""
_COLUMNS = ("path", "model", "log_odds", "features")


@dataclass(frozen=True)
class SeenCell:
    """What the networks made of a reviewed cell.

    Attributes
    ----------
    path
        Of its picture, by which `index.csv` names it.
    model
        Identity of the networks.
    log_odds
        Of "infected", by both looks together.
    features
        (D,) of the second look.
    """

    path: str
    model: str
    log_odds: float
    features: NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class LaboratoryCells:
    """Cells of known truth as aligned arrays.

    Attributes
    ----------
    patient
        (N,) whose cell it is; a source that names no patients is one patient.
    infected
        (N,) bool.
    log_odds
        (N,) float64, by both looks together.
    features
        (N, D) float32, of the second look.
    """

    patient: NDArray[np.str_]
    infected: NDArray[np.bool_]
    log_odds: NDArray[np.float64]
    features: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.infected)

    def take(self, which: NDArray[np.bool_]) -> "LaboratoryCells":
        """The cells of a mask."""
        return LaboratoryCells(
            self.patient[which], self.infected[which], self.log_odds[which], self.features[which]
        )


def joined(parts: Sequence[LaboratoryCells]) -> LaboratoryCells:
    """The cells of several sources."""
    return LaboratoryCells(
        np.concatenate([part.patient for part in parts]),
        np.concatenate([part.infected for part in parts]),
        np.concatenate([part.log_odds for part in parts]),
        np.concatenate([part.features for part in parts]),
    )


def write_seen_cells(folder: Path, cells: Sequence[SeenCell]) -> None:
    """Write what the second look saw in reviewed cells, beside their `index.csv`."""
    columns = {
        "path": pa.array([cell.path for cell in cells], pa.string()),
        "model": pa.array([cell.model for cell in cells], pa.string()),
        "log_odds": pa.array([cell.log_odds for cell in cells], pa.float64()),
        "features": pa.array([cell.features.astype(np.float16) for cell in cells], pa.list_(pa.float16())),
    }
    with replacing(folder / SEEN) as temporary:
        pq.write_table(pa.table(columns), temporary)


def of_reviewed_cells(root: Path, model: str) -> LaboratoryCells:
    """Cells of signed slides in a folder that `smearscope export` wrote, as a model saw them.

    Raises
    ------
    AnnotationError
        Where the folder is none, is of a version that did not keep what the second look saw, or holds cells
        of other models alone.
    """
    index, seen = root / "index.csv", root / SEEN
    for file in (index, seen):
        if not file.is_file():
            raise AnnotationError(
                f"{file}: missing; give a folder that `smearscope export` of this version wrote"
            )
    truth = _truth_by_path(index)
    try:
        cells = pq.read_table(seen, columns=list(_COLUMNS)).to_pylist()
    except (OSError, pa.ArrowInvalid) as error:
        raise AnnotationError(f"{seen}: cannot be read ({error}); export the cells anew") from error
    own = [cell for cell in cells if cell["model"] == model]
    if not own:
        others = sorted({cell["model"] for cell in cells})
        scored_by = f"its cells were scored by {', '.join(others)}" if others else "it holds no cell"
        raise AnnotationError(
            f"{seen}: {scored_by}, not by {model}; give that --model, or score and sign slides by this one"
        )
    with reading(seen, "the file"):
        known = [truth[cell["path"]] for cell in own]
        features = np.array([cell["features"] for cell in own], np.float32)
        log_odds = np.array([cell["log_odds"] for cell in own], np.float64)
        if not (np.isfinite(features).all() and np.isfinite(log_odds).all()):
            raise ValueError("a number in it is not finite")
    return LaboratoryCells(
        patient=np.array([patient for patient, _ in known]),
        infected=np.array([infected for _, infected in known], bool),
        log_odds=log_odds,
        features=features,
    )


def _truth_by_path(index: Path) -> dict[str, tuple[str, bool]]:
    """Patient of each cell, and whether it is infected, by the file of its picture."""
    known = {}
    with reading(index, "the file"), index.open(encoding="utf-8", newline="") as text:
        for line, row in enumerate(read_csv(text), start=2):
            if row["infected"] not in ("0", "1") or not row["patient"]:
                raise AnnotationError(f"{index}: line {line}: no truth or patient; export the cells anew")
            known[row["path"]] = row["patient"], row["infected"] == "1"
    return known


def of_annotated_fields(fields: Sequence[AnnotatedField], models: ScoringModels) -> LaboratoryCells:
    """The objects of annotated fields that the second look sees; those of unknown truth are left out.

    Where a set marks parasites and no red cells, nobody knows that a cell without a mark is healthy.

    Raises
    ------
    AnnotationError
        Where the networks see no cell on any of the fields.
    """
    parts = []
    for field in located_fields(fields, models):
        seen = np.isfinite(field.scored.second_score)
        marked = ObjectKind.RED_CELL in field.annotated.kinds_marked
        known = field.truth[seen] != Truth.UNKNOWN if marked else field.truth[seen] == Truth.INFECTED
        if known.any():
            score = field.scored.second_score[seen][known].astype(np.float64)
            parts.append(
                LaboratoryCells(
                    patient=np.full(len(score), f"{field.annotated.source} {field.annotated.slide}".strip()),
                    infected=field.truth[seen][known] == Truth.INFECTED,
                    log_odds=logit(np.clip(score, SCORE_LIMIT, 1 - SCORE_LIMIT)),
                    features=field.scored.second_features[known].astype(np.float32),
                )
            )
    if not parts:
        raise AnnotationError(f"{fields[0].path.parent}: no cell of known truth was found on these fields")
    return joined(parts)
