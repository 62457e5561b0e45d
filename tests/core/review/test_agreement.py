"""Agreement of readers: Cohen's kappa against arithmetic, and whose readings it is taken from."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.review import PairAgreement, agreement, cohen_kappa
from core.store import Call, Role, Store
from tests.scored_slides import read_all, scored_slide

YES, NO, UNSURE = Call.PARASITE, Call.NOT_PARASITE, Call.UNSURE
EVER = {"since": datetime(2020, 1, 1, tzinfo=UTC), "until": datetime(2100, 1, 1, tzinfo=UTC)}


def test_kappa_is_that_of_a_table_worked_by_hand() -> None:
    # p_o = 35/50; p_e = 25/50 x 30/50 + 25/50 x 20/50 = .5; (.7 - .5) / .5
    pairs = [(YES, YES)] * 20 + [(YES, NO)] * 5 + [(NO, YES)] * 10 + [(NO, NO)] * 15
    assert cohen_kappa(pairs) == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("pairs", "kappa"),
    [
        ([(YES, YES), (NO, NO), (UNSURE, UNSURE)], 1.0),
        ([(YES, NO), (NO, YES)], -1.0),
        ([(YES, YES), (YES, NO), (NO, YES), (NO, NO)], 0.0),
        ([(YES, NO)], 0.0),
        ([], None),
        ([(NO, NO)] * 30, None),
    ],
)
def test_kappa_at_its_ends_and_where_it_is_not_defined(
    pairs: list[tuple[Call, Call]], kappa: float | None
) -> None:
    assert cohen_kappa(pairs) == kappa


@given(st.lists(st.tuples(st.sampled_from(list(Call)), st.sampled_from(list(Call))), max_size=30))
def test_kappa_lies_between_minus_one_and_one_and_is_the_same_from_either_side(
    pairs: list[tuple[Call, Call]],
) -> None:
    kappa = cohen_kappa(pairs)
    assert kappa == cohen_kappa([(other, one) for one, other in pairs])
    assert kappa is None or -1 <= kappa <= 1


def test_a_pair_is_the_same_pair_whoever_of_them_read_first(store: Store, tmp_path: Path) -> None:
    one = scored_slide(store, tmp_path / "one", listed=3)
    read_all(store, one, "+-?", reader="Ben", role=Role.FIRST)
    read_all(store, one, "++.", reader="Anna", role=Role.SECOND)
    read_all(store, one, ".+.", reader="Cleo", role=Role.ADJUDICATOR)
    other = scored_slide(store, tmp_path / "other", listed=2)
    read_all(store, other, "--", reader="anna", role=Role.FIRST)
    read_all(store, other, "--", reader="Ben", role=Role.SECOND)
    third = scored_slide(store, tmp_path / "third", listed=1)
    read_all(store, third, "+", reader="Cleo", role=Role.FIRST)
    read_all(store, third, "+", reader="Ben", role=Role.SECOND)
    # Ben against Anna: (+,+) (-,+) (-,-) (-,-): p_o = 3/4, p_e = (1 x 2 + 3 x 2) / 16 = 1/2
    assert agreement(store.records(), **EVER) == (
        PairAgreement(("Anna", "Ben"), cells=4, agreed=3, kappa=0.5),
        PairAgreement(("Ben", "Cleo"), cells=1, agreed=1, kappa=None),
    )


def test_cells_count_in_the_period_in_which_the_later_of_the_two_read_them(
    store: Store, tmp_path: Path
) -> None:
    record = scored_slide(store, tmp_path, listed=2)
    read_all(store, record, "+-", reader="Anna", role=Role.FIRST)
    record = read_all(store, record, "+-", reader="Ben", role=Role.SECOND)
    first, second = (reading.at for reading in record.readings[2:])
    since = record.readings[0].at
    (all_of_it,) = agreement([record], since=since, until=second + timedelta(seconds=1))
    assert all_of_it.cells == 2
    (part,) = agreement([record], since=since, until=second)
    assert part.cells == 1
    assert agreement([record], since=since, until=first) == ()
    assert agreement([record], since=second + timedelta(seconds=1), until=EVER["until"]) == ()
