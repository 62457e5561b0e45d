"""What a suggestion of stages is worth on sources and smears that it has not seen.

    python -m benchmarks.stages --data DATA --networks runs/validation/networks

The layer of `models/configs/stage.yaml` is fitted to what second looks see that were trained without
`iml_malaria` (`smearscope validate models/configs/second_look.yaml`), three seeds, their cells summed. Each
source is left out, then each smear. Then a stage is suggested from the least confidence at which 9 in 10 are
right inside the training, part by part left out of it: smears, or fields where the training is one smear.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.store import Stage
from models.graphs.second_look_graph import SecondLookGraph
from scripts.cell_networks.train_stage import (
    StagedFeatures,
    confusion,
    fitted,
    left_out,
    staged_cells,
    staged_features,
    suggested_right,
)
from scripts.settings.configuration import StageSettings, read_settings

CONFIG = Path("models/configs/stage.yaml")
SEEDS = (0, 1, 2)
FIELDS_A_BLOCK = 20
CONFIDENCES = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
WANTED, FEWEST = 0.9, 10
"""Share of suggestions that must be right inside the training, and how few of them say nothing."""


def least_confidence(stage: NDArray[np.int64], probabilities: NDArray[np.float64], of: Stage) -> float | None:
    """The least of `CONFIDENCES` at which enough suggestions of a stage are right; None where none is."""
    for confidence in CONFIDENCES:
        right, offered = suggested_right(stage, probabilities, of, confidence)
        if offered >= FEWEST and right >= WANTED * offered:
            return confidence
    return None


def chosen_inside(
    cells: StagedFeatures, settings: StageSettings
) -> list[tuple[str, Stage, float | None, int, int]]:
    """By source left out and stage: the confidence chosen on the others, what is then right, of how many."""
    rows = []
    for source in np.unique(cells.source):
        rest, out = cells.take(cells.source != source), cells.take(cells.source == source)
        parts = rest.smear if len(np.unique(rest.smear)) > 1 else rest.field
        inside = left_out(rest, parts, settings)
        outside = fitted(rest, settings).probabilities(out.features)
        for stage in Stage:
            confidence = least_confidence(rest.stage, inside, stage)
            found = (0, 0) if confidence is None else suggested_right(out.stage, outside, stage, confidence)
            rows.append((str(source), stage, confidence, *found))
    return rows


def table(head: Sequence[object], rows: Sequence[Sequence[object]]) -> str:
    """Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines) + "\n"


def tables(stage: NDArray[np.int64], probabilities: NDArray[np.float64]) -> str:
    """The confusion, and what would be right of what is suggested from each of `CONFIDENCES`."""
    counts = zip(Stage, confusion(stage, probabilities).tolist(), strict=True)
    offered = [
        [of, *("{} / {}".format(*suggested_right(stage, probabilities, of, at)) for at in CONFIDENCES)]
        for of in Stage
    ]
    return "\n".join(
        [
            table(["", *Stage], [[of, *row] for of, row in counts]),
            table(["right / suggested from", *CONFIDENCES], offered),
        ]
    )


def blocks(cells: StagedFeatures) -> NDArray[np.str_]:
    """Consecutive fields with staged parasites, `FIELDS_A_BLOCK` of a set together."""
    _, number = np.unique(np.char.add(cells.source, cells.field), return_inverse=True)
    return np.char.add(cells.source, (number // FIELDS_A_BLOCK).astype(str))


def main() -> None:
    """Look, fit, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--networks", type=Path, required=True)
    given = parser.parse_args()
    settings = read_settings(CONFIG)
    if not isinstance(settings, StageSettings):
        raise SystemExit(f"{CONFIG}: describes no suggestion of stages")
    smears = staged_cells(given.data, settings)
    seen = [
        staged_features(
            smears, SecondLookGraph(given.networks / f"second_look_iml_malaria_{seed}.safetensors")
        )
        for seed in SEEDS
    ]
    stage = np.tile(seen[0].stage, len(SEEDS))
    for parts, shown in (
        (seen[0].source, seen[0].source),
        (seen[0].smear, seen[0].smear),
        (blocks(seen[0]), seen[0].source),
    ):
        probabilities = np.concatenate([left_out(cells, parts, settings) for cells in seen])
        for name in np.unique(shown):
            own = np.tile(shown == name, len(SEEDS))
            print(f"\n{name}, {len(np.unique(parts))} parts left out in turn\n")
            print(tables(stage[own], probabilities[own]))
    print("\nConfidence chosen inside the training\n")
    rows = [
        (seed, *row)
        for seed, cells in zip(SEEDS, seen, strict=True)
        for row in chosen_inside(cells, settings)
    ]
    print(table(["seed", "left out", "stage", "from", "right", "suggested"], rows))


if __name__ == "__main__":
    main()
