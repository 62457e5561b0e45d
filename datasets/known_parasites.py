"""Where parasites that people have marked stand in the list that scoring made of the same slide."""

from collections.abc import Sequence
from pathlib import PurePosixPath

import numpy as np
from numpy.typing import NDArray

from core.cells.second_look import rank_values
from core.results.folder import ResultTables
from core.results.tables import CellRows
from core.tally import NegativeSlide, PositiveSlide
from datasets.fields import AnnotationError
from datasets.interchange.labelled import CellClass, LabelledField, LabelledObject
from datasets.located_objects import IN_THE_MIDDLE, INSIDE, Truth, compared


def negative_slide(name: str, cells: CellRows) -> NegativeSlide:
    """A slide without parasites, by its list; `AnnotationError` where nothing on it was looked at."""
    if not cells.looked_at.any():
        raise AnnotationError(f"{name}: no cell was looked at; leave this slide out")
    return NegativeSlide(name, _rank_values(cells)[cells.looked_at])


def positive_slide(name: str, tables: ResultTables, labelled: Sequence[LabelledField]) -> PositiveSlide:
    """A slide whose parasites are marked on some of its fields.

    Raises
    ------
    AnnotationError
        Naming the marked images that are no fields of the slide.
    """
    cells, values = tables.cells, _rank_values(tables.cells)
    in_list: list[NDArray[np.float64]] = []
    parasites = 0
    for marked, field in _with_names(name, tables, labelled):
        row = tables.fields[tables.number_of_field[field]]
        here = tables.on_field(field)[cells.looked_at[tables.on_field(field)]]
        infected = _boxes(marked.objects, CellClass.INFECTED)
        truth, _ = compared(
            cells.boxes[here],
            infected,
            _boxes(marked.objects, CellClass.UNSURE),
            row.width,
            row.height,
            reach=IN_THE_MIDDLE if marked.all_marked else INSIDE,
        )
        in_list.append(values[here][truth == Truth.INFECTED])
        parasites += len(infected)
    if not parasites:
        raise AnnotationError(f"{name}: no marked object is {CellClass.INFECTED}; leave this slide out")
    return PositiveSlide(name, np.concatenate(in_list), parasites)


def _rank_values(cells: CellRows) -> NDArray[np.float64]:
    return rank_values(cells.infected_score, cells.second_score)


def _boxes(objects: Sequence[LabelledObject], label: CellClass) -> NDArray[np.float32]:
    found = [(one.x, one.y, one.width, one.height) for one in objects if one.label == label]
    return np.array(found, np.float32).reshape(-1, 4)


def _with_names(
    slide: str, tables: ResultTables, labelled: Sequence[LabelledField]
) -> list[tuple[LabelledField, str]]:
    """Each marked image with the field that it is: of the same name, or the same without its folders."""
    fields = {row.name for row in tables.fields if row.was_read}
    found, strangers = [], []
    for marked in labelled:
        name = marked.name if marked.name in fields else PurePosixPath(marked.name).name
        if name in fields:
            found.append((marked, name))
        else:
            strangers.append(marked.name)
    if strangers:
        raise AnnotationError(
            f"{slide}: {len(strangers)} of {len(labelled)} marked images are no fields of it, such as "
            f"{strangers[0]}; give the result of the slide that these images are of"
        )
    if len({name for _, name in found}) < len(found):
        raise AnnotationError(f"{slide}: two marked images are the same field; keep one of them")
    return found
