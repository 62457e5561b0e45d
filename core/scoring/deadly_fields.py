"""Fields that kill the process that scores them, most often because memory runs out: named, not tried on."""

from collections.abc import Iterator, Sequence
from contextlib import suppress

from core.cells.reference import SlideReference
from core.cells.scored_field import ScoringModels
from core.errors import SmearscopeError
from core.files import shown_path
from core.scoring.field_tasks import (
    REFERENCE_FIELDS,
    FieldTask,
    SlideInWork,
    measure_reference,
    spread_order,
)
from core.scoring.ledger_table import LedgerEntry
from core.scoring.workers import WorkerDiedError, Workers

DEADLY = "each process that worked on it was killed, most often because memory ran out"
"""How the reason begins for which such a field is not scored, after its name."""


def entry_of_deadly(task: FieldTask) -> LedgerEntry:
    """Record a field that killed its process at each try; it is not tried again as long as it is the same."""
    path = shown_path(task.slide.path / task.name)
    why = f"{path}: {DEADLY}; save it smaller, or score the slide anew with --no-resume and more memory"
    return LedgerEntry(task.name, task.source, task.generation, None, why)


def is_deadly(unreadable: str) -> bool:
    """Whether this reason is that of `entry_of_deadly`: the field must not be read to see if it can be."""
    return DEADLY in unreadable


def measured_reference(
    workers: Workers[ScoringModels], slide: SlideInWork, names: Sequence[str]
) -> tuple[SlideReference | None, tuple[str, ...]]:
    """Measure a slide's reference on its fields, without those that kill the process which looks at them.

    Parameters
    ----------
    workers
        Do it.
    slide, names
        As for `core.scoring.field_tasks.measure_reference`.

    Returns
    -------
    The reference, None where no field can be read; and the fields that kill.

    Raises
    ------
    WorkerDiedError
        Where the processes die although none of the fields kills them by itself.
    """
    left, deadly = list(names), set[str]()
    while True:
        try:
            return workers.call(measure_reference, (slide, left)), tuple(deadly)
        except WorkerDiedError:
            found: set[str] = next(filter(None, _deadly_by_turns(workers, slide, left)), set())
            if not found:
                raise
            deadly |= found
            left = [name for name in left if name not in found]


def _deadly_by_turns(
    workers: Workers[ScoringModels], slide: SlideInWork, names: Sequence[str]
) -> Iterator[set[str]]:
    """Which fields kill among those looked at first, then among the next: blank ones are passed by."""
    order = [names[index] for index in spread_order(len(names))]
    for begin in range(0, len(order), REFERENCE_FIELDS):
        yield _deadly_of(workers, slide, order[begin : begin + REFERENCE_FIELDS])


def _deadly_of(workers: Workers[ScoringModels], slide: SlideInWork, names: Sequence[str]) -> set[str]:
    """Which fields kill where each is looked at by itself."""
    deadly: set[str] = set()

    def note(alone: tuple[SlideInWork, str]) -> None:
        deadly.add(alone[1])

    for _ in workers.map(_look_at_one, [(slide, name) for name in names], note):
        pass
    return deadly


def _look_at_one(models: ScoringModels, task: tuple[SlideInWork, str]) -> None:
    slide, name = task
    with suppress(SmearscopeError):  # as where it shows no cell: by itself that is no matter
        measure_reference(models, (slide, [name]))
