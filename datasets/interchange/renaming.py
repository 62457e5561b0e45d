"""What a file calls its objects, in the words of this program."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace

from datasets.fields import STAGES, AnnotationError
from datasets.interchange.labelled import CellClass, LabelledField, LabelledObject

IGNORE = "ignore"
"""What a name stands for whose objects are to be left out."""


def renamed(fields: Iterable[LabelledField], classes: Mapping[str, str]) -> tuple[LabelledField, ...]:
    """The fields with each object called by a `CellClass`.

    Parameters
    ----------
    classes
        Class by name in the file, or `IGNORE` to leave its objects out. A stage stands for an
        infected cell of that stage. What is called by a
        `CellClass` already need not be in it.

    Raises
    ------
    AnnotationError
        Where a class is none of ours, or an object has a name that is neither; with the number of objects.
    """
    known = {str(one): str(one) for one in (*CellClass, *STAGES)}
    if wrong := {name: given for name, given in classes.items() if given not in (*known, IGNORE)}:
        named = ", ".join(f"{name}: {given}" for name, given in wrong.items())
        raise AnnotationError(f"classes: {named}; choose among {', '.join((*known, IGNORE))}")
    all_names = known | dict(classes)
    fields = tuple(fields)
    unknown = Counter(one.label for field in fields for one in field.objects if one.label not in all_names)
    if unknown:
        named = ", ".join(f"{count} called {name!r}" for name, count in sorted(unknown.items()))
        raise AnnotationError(
            f"{unknown.total()} objects of unknown classes ({named}); say what they are: "
            "classes: {name: one of " + ", ".join(CellClass) + "}"
        )
    return tuple(
        replace(
            field,
            objects=tuple(
                _called(one, name) for one in field.objects if (name := all_names[one.label]) != IGNORE
            ),
        )
        for field in fields
    )


def _called(one: LabelledObject, label: str) -> LabelledObject:
    if label in STAGES:
        return replace(one, label=str(CellClass.INFECTED), stage=one.stage or label)
    return one if one.label == label else replace(one, label=label)
