"""What is set of a slide until it is signed: every change is kept, the last one holds."""

import math

from sqlalchemy import Connection

from core.store.database import Database
from core.store.offering import append_step
from core.store.people import People, Right
from core.store.records import ScoringStep, StoreError
from core.store.rows import slide_of
from core.store.tables import SLIDE_SETTINGS
from core.store.writes import append, hold_unsigned, note, now
from core.wording import sentence


class SlideSettings:
    """The settings of a store's slides.

    Parameters
    ----------
    database
        Holds them.
    people
        Say who may change them.
    """

    def __init__(self, database: Database, people: People) -> None:
        self._database = database
        self._people = people

    def change(
        self, slide_id: int, *, red_cells_per_ul: float | None, review_budget: int | None, by: str
    ) -> None:
        """Set what holds of a slide from now on; what is as it was is not written again.

        With another review budget a slide that is scored is queued, so that as many of its list are drawn and
        offered. What was scored is not scored anew for that, unless another model became
        the active one since.

        Parameters
        ----------
        red_cells_per_ul
            Measured for this patient; None where they were not.
        review_budget
            How many of the list are laid before readers to begin with; None as for every slide.

        Raises
        ------
        StoreError
            Where a value is not above 0, or the slide is signed.
        """
        who = self._people.require(by, Right.BRING_IN)
        with self._database.writing() as connection:
            append_settings(connection, who, slide_id, red_cells_per_ul, review_budget)


def append_settings(
    connection: Connection,
    who: str,
    slide_id: int,
    red_cells_per_ul: float | None,
    review_budget: int | None,
) -> None:
    """Write what `SlideSettings.change` does, in a transaction that the caller holds."""
    if red_cells_per_ul is not None and not (math.isfinite(red_cells_per_ul) and red_cells_per_ul > 0):
        raise StoreError(sentence("store.no_red_cells", value=str(red_cells_per_ul)))
    if review_budget is not None and review_budget < 1:
        raise StoreError(sentence("store.no_budget", value=str(review_budget)))
    hold_unsigned(connection, slide_id)
    before = slide_of(connection, slide_id)
    if (before.red_cells_per_ul, before.review_budget) == (red_cells_per_ul, review_budget):
        return
    append(
        connection,
        SLIDE_SETTINGS,
        slide_id=slide_id,
        red_cells_per_ul=red_cells_per_ul,
        review_budget=review_budget,
        by=who,
        at=now(),
    )
    detail = {
        "red_cells_per_ul": None if red_cells_per_ul is None else f"{red_cells_per_ul:.0f}",
        "review_budget": review_budget,
    }
    note(connection, who, "settings changed", slide_id, **detail)
    # What was stopped stays so, such as while fields are added: the budget holds once it goes on.
    scored = before.scoring in {ScoringStep.SCORING, ScoringStep.SCORED}
    if before.review_budget != review_budget and scored:
        append_step(connection, slide_id, ScoringStep.QUEUED, who, "")
