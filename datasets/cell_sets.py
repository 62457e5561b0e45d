"""The sets of single red cells that can be trained on, by the names of their folders."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from datasets.cells import CellSet, nih_cells, plasmocount_cells, westlake_cells
from datasets.reviewed_cells import reviewed_cells

CELL_SETS: Mapping[str, Callable[[Path], CellSet]] = MappingProxyType(
    {
        "nih_cells": nih_cells,
        "westlake_cells": westlake_cells,
        "plasmocount_cells": plasmocount_cells,
        "reviewed_cells": reviewed_cells,
    }
)
"""Readers of sets of single red cells, by the name of their folder."""
