"""Whether an adaptation gains anything: told on patients that had no part in it."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets.laboratory_cells import LaboratoryCells
from models.adapted_head import HeadChange, fitted_change
from models.cards import KeptAside
from scripts.cell_networks import adaptation
from scripts.cell_networks.adaptation import (
    AdaptationError,
    among_first,
    check_enough,
    check_gain,
    is_gain,
    kept_aside,
    said_of,
    shown_early,
)

FOUND = KeptAside(
    patients=6,
    parasites=40,
    before=20,
    after=27,
    gain_low=2,
    gain_high=12,
    first_100_before=31,
    first_100_after=33,
)


def laboratory(seed: int, patients: int = 5, telling: float = 0.0) -> LaboratoryCells:
    """Forty cells of each patient, four of them infected; a feature tells them that the machine overlooks."""
    random = np.random.default_rng(seed)
    count = 40 * patients
    infected = np.arange(count) % 10 == 0
    features = random.normal(0, 1, (count, 4))
    features[:, 2] += telling * infected
    log_odds = random.normal(-2, 1, count) + infected
    patient = np.repeat([f"patient_{number}" for number in range(patients)], 40)
    return LaboratoryCells(patient, infected, log_odds, features.astype(np.float32))


def test_one_healthy_cell_in_a_hundred_may_stand_before_a_parasite_and_one_where_there_are_fewer() -> None:
    parasites = np.array([9.0, 7.5, 6.5])
    infected = np.repeat([True, False], [3, 200])
    two_hundred = np.concatenate([parasites, [8, 7, 6], np.linspace(0, 1, 197)])
    assert shown_early(two_hundred, infected) == 3  # none, one and two before them
    assert shown_early(two_hundred[:6], infected[:6]) == 2
    level = np.array([5.0, 5.0, 5.0])
    assert shown_early(level, np.array([True, False, False])) == 0


def test_parasites_among_the_first_hundred_are_counted_by_the_list() -> None:
    infected = np.isin(np.arange(150), [0, 10, 120])
    assert among_first(-np.arange(150.0), infected) == 2
    assert among_first(np.arange(150.0), infected) == 1


def test_a_feature_that_the_machine_overlooks_shows_more_parasites_on_patients_kept_aside() -> None:
    found = kept_aside(laboratory(0, telling=6))
    assert (found.patients, found.parasites) == (5, 20)
    assert found.after == 20
    assert found.gain_low > 0
    assert found.gain_low <= found.gain <= found.gain_high
    check_gain(found)


def test_where_nothing_can_be_learned_the_adaptation_is_refused_with_the_figures() -> None:
    with pytest.raises(AdaptationError, match=r"so nothing was written\. On 5 patients kept aside, with 20"):
        check_gain(kept_aside(laboratory(0)))


def test_chance_alone_passes_one_laboratory_in_six_and_costs_it_little() -> None:
    found = [kept_aside(laboratory(seed)) for seed in range(30)]
    assert sum(map(is_gain, found)) <= 5
    assert abs(np.mean([one.gain / one.parasites for one in found])) < 0.05


@settings(max_examples=20)
@given(st.integers(0, 1000), st.integers(0, 4))
def test_a_patient_is_ranked_by_a_change_that_none_of_their_cells_has_a_part_in(
    seed: int, number: int
) -> None:
    """Whatever a patient's cells say: the change by which they are ranked is the same."""
    cells = laboratory(seed)
    own = cells.patient == f"patient_{number}"
    other = replace(
        cells,
        features=np.where(own[:, None], 100, cells.features),
        infected=np.where(own, ~cells.infected, cells.infected),
    )

    def change_without(given: LaboratoryCells) -> HeadChange:
        taught: list[tuple[set[str], HeadChange]] = []

        def recorded(*arguments: np.ndarray) -> HeadChange:
            taught.append((set(arguments[3].tolist()), fitted_change(*arguments)))
            return taught[-1][1]

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(adaptation, "fitted_change", recorded)
            kept_aside(given)
        everybody = set(given.patient.tolist())
        assert [everybody - patients for patients, _ in taught] == [{one} for one in sorted(everybody)]
        return next(change for patients, change in taught if f"patient_{number}" not in patients)

    assert np.array_equal(change_without(cells).weights, change_without(other).weights)


def test_the_same_cells_give_the_same_figures() -> None:
    assert kept_aside(laboratory(3, telling=1)) == kept_aside(laboratory(3, telling=1))


def test_a_patient_without_a_healthy_or_an_infected_cell_teaches_and_is_not_compared() -> None:
    cells = laboratory(1, telling=3)
    first = cells.patient == "patient_0"
    assert kept_aside(cells.take(~(first & cells.infected))).patients == 4
    assert kept_aside(cells.take(~(first & ~cells.infected))).patients == 4


def test_where_no_patient_has_both_kinds_of_cells_nothing_can_be_compared() -> None:
    cells = laboratory(0, patients=4)
    of_one_kind = np.isin(cells.patient, ["patient_0", "patient_1"]) == cells.infected
    with pytest.raises(AdaptationError, match="no patient has both"):
        kept_aside(cells.take(of_one_kind))


def test_cells_that_cannot_teach_are_refused_with_what_is_missing() -> None:
    cells = laboratory(0)
    with pytest.raises(AdaptationError, match="all 180 cells are healthy"):
        check_enough(cells.take(~cells.infected))
    with pytest.raises(AdaptationError, match="all 20 cells are infected"):
        check_enough(cells.take(cells.infected))
    with pytest.raises(AdaptationError, match=r"all of one patient \(patient_3\).* at least 2"):
        check_enough(cells.take(~cells.infected | (cells.patient == "patient_3")))


@pytest.mark.parametrize(
    ("after", "low", "passes"),
    [(27, 2, True), (27, 0, True), (27, -1, False), (20, 0, False), (18, -4, False)],
)
def test_a_gain_is_one_whose_interval_holds_no_loss(after: int, low: int, passes: bool) -> None:
    found = FOUND.model_copy(update={"after": after, "gain_low": low})
    assert is_gain(found) == passes


def test_the_figures_are_said_with_their_interval() -> None:
    assert said_of(FOUND) == (
        "On 6 patients kept aside, with 40 parasites, 20 stood before all but 1 % of the healthy cells "
        "without the adaptation and 27 with it: +7 (95 % interval +2 to +12). "
        "Among the first 100 cells of each: 31 without, 33 with it."
    )
