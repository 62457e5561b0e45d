"""Labelled fields as annotated fields, from which networks learn and on which they are measured, and back."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from core.cells.detection import ObjectKind
from datasets.fields import STAGES, AnnotatedField, AnnotationError, Mark, annotated_field
from datasets.interchange.attributes import PLACES
from datasets.interchange.labelled import CellClass, LabelledField, LabelledObject

_KINDS: Mapping[str, ObjectKind] = {
    CellClass.HEALTHY: ObjectKind.RED_CELL,
    CellClass.UNREAD: ObjectKind.RED_CELL,
    CellClass.WHITE_CELL: ObjectKind.WHITE_CELL,
    CellClass.PLATELET: ObjectKind.PLATELET,
}
_CLASS_OF = {ObjectKind.WHITE_CELL: CellClass.WHITE_CELL, ObjectKind.PLATELET: CellClass.PLATELET}
_UNSURE = (CellClass.UNSURE, CellClass.UNREAD)
"""Red cells of which nothing is to be learned: nobody could tell, or nobody has said."""


def annotated_fields(
    fields: Sequence[LabelledField], images: Mapping[str, Path], source: str
) -> list[AnnotatedField]:
    """Annotated fields of a set.

    Parameters
    ----------
    fields
        Their objects called by a `CellClass`; see `renamed`.
    images
        The image file of each field, by its name.
    source
        What the set is called.

    Raises
    ------
    AnnotationError
        Where an object is called otherwise, or fields have no image; with their number.
    """
    if missing := [field.name for field in fields if field.name not in images]:
        raise AnnotationError(
            f"{source}: {len(missing)} of {len(fields)} images are missing, the first {missing[0]}; "
            "put them beside the annotations"
        )
    # A kind is marked on all fields of a set or on none: where parasites alone are, no kind of cell is.
    marked = {_KINDS[one.label] for field in fields for one in field.objects if one.label in _KINDS}
    return [_annotated(field, images[field.name], source, marked) for field in fields]


def _annotated(
    field: LabelledField, image: Path, source: str, kinds_marked: Iterable[ObjectKind]
) -> AnnotatedField:
    unsure: list[Mark] = []
    not_red_cells: list[Mark] = []
    marks: list[Mark] = []
    for one in field.objects:
        try:
            name = CellClass(one.label)
        except ValueError as error:
            raise AnnotationError(
                f"{field.name}: an object is called {one.label!r}; say in classes what that is"
            ) from error
        mark = Mark(
            _KINDS.get(name, ObjectKind.RED_CELL),
            *(one.x, one.y, one.width, one.height),
            infected=name == CellClass.INFECTED,
            stage=one.stage if name == CellClass.INFECTED and one.stage in STAGES else "",
        )
        of_class = unsure if name in _UNSURE else not_red_cells if name == CellClass.OTHER else marks
        of_class.append(mark)
    return annotated_field(
        image,
        source,
        marks,
        frozenset(kinds_marked),
        slide=field.slide,
        unsure=unsure,
        not_red_cells=not_red_cells,
        all_marked=field.all_marked,
    )


def labelled_field(field: AnnotatedField, name: str, width_px: int, height_px: int) -> LabelledField:
    """A field of a set as other programs can have it, with the name and the size of its image.

    Raises
    ------
    AnnotationError
        Where the set gives centres and no boxes; with their number.
    """
    if without := int(np.isnan(field.boxes[:, 2:]).any(axis=1).sum()):
        raise AnnotationError(
            f"{field.source}: {name}: {without} objects have a centre and no box; other programs need boxes"
        )
    told = (
        _object(box, _name(ObjectKind(kind), infected=infected), stage)
        for box, kind, infected, stage in zip(
            field.boxes.tolist(), field.kind.tolist(), field.infected.tolist(), field.stage, strict=True
        )
    )
    unsure = (_object(box, CellClass.UNSURE) for box in field.unsure.tolist())
    others = (_object(box, CellClass.OTHER) for box in field.not_red_cells.tolist())
    return LabelledField(
        name,
        width_px,
        height_px,
        (*told, *unsure, *others),
        slide=field.slide,
        all_marked=field.all_marked and ObjectKind.RED_CELL in field.kinds_marked,
    )


def _name(kind: ObjectKind, *, infected: bool) -> CellClass:
    return _CLASS_OF.get(kind, CellClass.INFECTED if infected else CellClass.HEALTHY)


def _object(box: Sequence[float], label: CellClass, stage: str = "") -> LabelledObject:
    x, y, width, height = (round(side, PLACES) for side in box)
    return LabelledObject(x, y, width, height, str(label), stage)
