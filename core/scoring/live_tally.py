"""The tally of a slide that is still being photographed: what each field adds, and what is wrong with it.

All of it is provisional. A slide is measured on fields from all over it and each place is sought on every
other photograph, so it is scored once more when it is closed; only that result counts.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from core.cells.cell_width import OTHER_WIDTH
from core.cells.located import WhyNot
from core.results.tables import NUMBER_OF_REASON
from core.scoring.judging import ModelCard
from core.scoring.survey import Survey
from core.tally import TARGET_CELLS
from core.wording import Sentence, messages, sentence


@dataclass(frozen=True)
class LiveField:
    """What is known of a field as soon as it has come.

    Attributes
    ----------
    name
        The field; empty where its file holds none that is scored here.
    file, state
        The file that it was read from, and what the system said of it.
    cells
        Cells on it that count and are on no earlier field.
    is_counted
        Whether it is a field whose cells count.
    notes
        What the person at the microscope should know of it.
    """

    name: str
    file: str
    state: str
    cells: int
    is_counted: bool
    notes: tuple[Sentence, ...]


@dataclass(frozen=True)
class LiveTally:
    """How far a slide has come.

    Attributes
    ----------
    cells
        That count, so far.
    fields, left_out
        Fields whose cells count, and all others.
    """

    cells: int
    fields: int
    left_out: int

    @property
    def missing(self) -> int:
        """Cells still to be counted."""
        return max(0, TARGET_CELLS - self.cells)

    @property
    def fields_more(self) -> int | None:
        """How many fields more it takes at the rate so far; None before the first cell that counts."""
        if not self.cells:
            return None
        return math.ceil(self.missing * (self.fields + self.left_out) / self.cells)


class WatchObserver(Protocol):
    """Told what happens, for a screen to show."""

    def field_came(self, slide: str, field: LiveField, tally: LiveTally) -> None:
        """Say what a field adds, what is wrong with it, and how far the slide has come."""
        ...

    def say(self, slide: str, *said: Sentence) -> None:
        """Say something of a slide; of none where its name is empty."""
        ...


def tally_of(fields: Sequence[LiveField]) -> LiveTally:
    """What the fields amount to."""
    counted = sum(field.is_counted for field in fields)
    return LiveTally(sum(field.cells for field in fields), counted, len(fields) - counted)


def said_of_field(field: LiveField) -> tuple[Sentence, ...]:
    """What to say of a field: what it adds, and what is wrong with it."""
    return sentence("watch.field", field=field.name or field.file, cells=field.cells), *field.notes


def said_of_tally(tally: LiveTally) -> tuple[Sentence, ...]:
    """What to say of a slide: how far it has come, and how much is missing."""
    so_far = sentence("watch.so_far", cells=tally.cells, target=TARGET_CELLS, fields=tally.fields)
    if not tally.missing:
        return so_far, sentence("watch.enough")
    return (so_far, *(sentence("watch.more", fields=more) for more in [tally.fields_more] if more))


def cells_added(survey: Survey) -> int:
    """Cells of the last field of a survey that count and are on no earlier one."""
    cells = survey.located
    return int((cells.evaluable & (cells.field == len(survey.fields) - 1)).sum())


def field_notes(survey: Survey, card: ModelCard, slide_width_px: float) -> tuple[Sentence, ...]:
    """What the person at the microscope should know of the last field of a survey.

    Parameters
    ----------
    survey
        The field with earlier ones of its slide, each place counted once.
    card
        What the models need to see.
    slide_width_px
        Width of the cells on the slide's first fields.
    """
    field, quality = survey.fields[-1], survey.fields[-1].quality
    if field.why_not == WhyNot.DUPLICATE:
        return (sentence("watch.duplicate", other=field.why_excluded.removeprefix("duplicate of ")),)
    if quality is None or not quality.shows_cells:
        return (sentence("watch.no_cells"),)
    notes = []
    if field.why_not not in (WhyNot.EVALUABLE, WhyNot.SEEN_ELSEWHERE):
        notes.append(sentence(f"watch.why.{field.why_not}"))
    notes += _overlaps(survey)
    if abs(math.log(quality.cell_width_px / slide_width_px)) > math.log(OTHER_WIDTH):
        notes.append(
            sentence("watch.magnification", width_px=quality.cell_width_px, slide_width_px=slide_width_px)
        )
    if not field.why_excluded:
        notes += map(_of_one_field, card.outside_validity([quality]))
    return tuple(notes)


def _overlaps(survey: Survey) -> list[Sentence]:
    name = survey.fields[-1].name
    others = [
        other
        for overlap in survey.overlaps
        for one, other in ((overlap.first, overlap.second), (overlap.second, overlap.first))
        if one == name
    ]
    if not others:
        return []
    cells = survey.located
    seen = cells.why_not[cells.field == len(survey.fields) - 1]
    elsewhere = int(np.sum(seen == NUMBER_OF_REASON[WhyNot.SEEN_ELSEWHERE]))
    return [sentence("watch.overlaps", others=", ".join(others), cells=elsewhere)]


def _of_one_field(outside: Sentence) -> Sentence:
    """What is said of a slide unlike those that the models know, in short, while it can be mended."""
    code = f"watch.{outside.code}"
    return sentence(code) if code in messages() else outside
