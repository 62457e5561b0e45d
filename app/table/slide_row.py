"""What a row of the worklist says of a slide, in numbers."""

from dataclasses import dataclass

from core.review import SlideState, progress, slide_state, standing
from core.store import Role, SlideRecord


@dataclass(frozen=True)
class SlideRow:
    """A slide as the worklist counts it.

    Attributes
    ----------
    state
        Where it stands.
    readers
        Whose calls stand on it: the first reader, then the second, then the adjudicator.
    cells
        Examined; None before it was scored.
    read, to_read
        How many of the cells that are laid before readers the first reader has read, and how many they are.
    agreed, accepted_alone, disputed
        Cells that two readers accept, that one alone has read and accepts, and that readers differ on.
    """

    state: SlideState
    readers: tuple[str, ...]
    cells: int | None
    read: int
    to_read: int
    agreed: int
    accepted_alone: int
    disputed: int


def row_of(record: SlideRecord) -> SlideRow:
    """Count what is to be said of a slide."""
    done, taken_in = progress(record), record.taken_in
    return SlideRow(
        slide_state(record),
        _readers(record),
        None if taken_in is None else taken_in.result.evidence.count.cells,
        done.to_read - done.first_left,
        done.to_read,
        done.agreed,
        done.accepted_alone,
        done.disputed,
    )


def _readers(record: SlideRecord) -> tuple[str, ...]:
    """Each person once, by role and then in the order in which they began."""
    of_cells = standing(record.readings).values()
    named = [calls[role].reader for role in Role for calls in of_cells if role in calls]
    return tuple(dict.fromkeys(named))
