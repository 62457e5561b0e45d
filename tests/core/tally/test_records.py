"""What the tally is told of a slide: what follows from it, and what contradicts itself."""

import math
from dataclasses import replace

import pytest

from core.tally import (
    Assumptions,
    Excluded,
    FalseAccepts,
    FieldReading,
    Readings,
    SlideCount,
)
from tests.core.tally.evidence import CLEAN, ENOUGH, read


def test_false_accepts_that_nobody_measured_are_none() -> None:
    assert FalseAccepts(20, 200_000).rate == 1e-4
    assert Assumptions(false_accepts=FalseAccepts(20, 200_000)).false_accept_rate == 1e-4
    assert Assumptions().false_accept_rate == 0.0


def test_all_that_two_readers_accept_is_agreed_on_and_what_stands_on_the_list_is_of_the_list() -> None:
    readings = Readings(
        accepted_by_both=5, accepted_outside_count=2, accepted_by_one=3, unsure=1, marked_by_both=4
    )
    assert readings.agreed == 11
    assert readings.on_the_list == 11 - 4 + 3 + 1


def test_evidence_that_contradicts_itself_is_refused() -> None:
    with pytest.raises(ValueError, match=r"cells must be at most looked_at \(5\); it is 6"):
        SlideCount(cells=6, fields=1, looked_at=5, to_read=0, read_to=0, unread=0)
    with pytest.raises(ValueError, match=r"to_read must be at most looked_at \(50\); it is 51"):
        SlideCount(cells=50, fields=1, looked_at=50, to_read=51, read_to=0, unread=51)
    with pytest.raises(ValueError, match=r"read_to \+ unread must be at most to_read \(6\); it is 7"):
        SlideCount(cells=50, fields=1, looked_at=50, to_read=6, read_to=4, unread=3)
    with pytest.raises(ValueError, match=r"read_to must be to_read \(6\) where nothing is unread; it is 4"):
        SlideCount(cells=50, fields=1, looked_at=50, to_read=6, read_to=4, unread=0)
    with pytest.raises(ValueError, match=r"unread must equal to_read \(200\) where there are no readings"):
        replace(CLEAN, readings=None)
    with pytest.raises(ValueError, match=r"must be at most what is read of it \(200\); it is 201"):
        read(accepted_by_both=199, accepted_outside_count=1, unsure=1)
    half_read = replace(ENOUGH, read_to=0, unread=100)
    with pytest.raises(ValueError, match=r"counted must be at most read_to \(0\); it is 1"):
        replace(CLEAN, count=half_read, readings=Readings(accepted_by_both=1, counted=1))
    with pytest.raises(
        ValueError, match=r"gametocytes \+ counted must be at most accepted_by_both \(1\); it is 2"
    ):
        Readings(accepted_by_both=1, gametocytes=1, counted=1)
    with pytest.raises(
        ValueError, match=r"infected of fields_read_whole must be at most counted \(1\); it is 2"
    ):
        Readings(accepted_by_both=1, counted=1, fields_read_whole=(FieldReading(10, 2),))
    with pytest.raises(
        ValueError, match=r"infected of fields_looked_through must be at most agreed \(1\); it is 2"
    ):
        Readings(marked_by_both=1, fields_looked_through=(FieldReading(10, 2),))
    vast = Readings(fields_looked_through=(FieldReading(10**9, 0),))
    with pytest.raises(ValueError, match="cells of fields_looked_through must be at most cells"):
        replace(CLEAN, readings=vast)


@pytest.mark.parametrize("bad", [-1, 0.5, math.nan])
def test_counts_that_are_none_are_named(bad: int) -> None:
    with pytest.raises(ValueError, match=f"cells must be a whole number, 0 or more; it is {bad!r}"):
        SlideCount(cells=bad, fields=1, looked_at=1, to_read=0, read_to=0, unread=0)
    with pytest.raises(ValueError, match=f"disputed must be a whole number, 0 or more; it is {bad!r}"):
        Readings(disputed=bad)
    with pytest.raises(ValueError, match=f"count must be a whole number, 0 or more; it is {bad!r}"):
        Excluded(bad, "cells", "edge")
