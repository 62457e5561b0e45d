"""The six verdicts, their order, and what each of them says."""

import math
from dataclasses import asdict, replace
from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.tally import (
    Assumptions,
    Evidence,
    FalseCalls,
    FieldReading,
    Readings,
    Recall,
    SlideConditions,
    SlideCount,
    Verdict,
    VerdictKind,
    reach_of,
    verdict,
    verdict_text,
)
from core.wording import RESEARCH_USE_ONLY
from tests.core.tally.evidence import CLEAN, ENOUGH, GOOD, PERFORMANCE, SCORED, read


def reasons(judged: Verdict) -> str:
    return "\n".join(judged.reasons)


def test_nothing_accepted_everything_read_and_enough_cells_is_no_parasite_seen() -> None:
    judged = verdict(CLEAN)
    assert judged.kind == VerdictKind.NO_PARASITE_SEEN
    # 3.2229 infected cells excluded by s ~ Beta(930.5, 70.5), over 230 000 cells, times 5 million
    assert judged.detection_limit_per_ul == pytest.approx(70.06, abs=0.05)
    assert judged.reasons == ("No parasite seen; more than 71 parasites/µL excluded at 95 %.",)
    assert judged.cells_missing == 0
    assert judged.figures is None


@pytest.mark.parametrize("case", [CLEAN, SCORED, replace(CLEAN, count=SlideCount(9_000, 20, 0, 0))])
def test_a_verdict_asks_once_how_far_the_count_reaches(
    case: Evidence, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Mock(wraps=reach_of)
    monkeypatch.setattr("core.tally.verdicts.reach_of", asked)
    verdict(case)
    asked.assert_called_once_with(case)


def test_two_readers_on_one_parasite_is_positive_whatever_else_is_missing() -> None:
    little = SlideCount(cells=900, fields=2, candidates=5, candidates_unread=4)
    outside = SlideConditions(("The stain is too pale.",), fields_failed=40, failed_share_limit=0.2)
    judged = verdict(Evidence(little, outside, PERFORMANCE, readings=Readings(accepted_by_both=1)))
    assert judged.kind == VerdictKind.POSITIVE
    assert judged.figures is None
    assert "Reviewed only in part" in reasons(judged)


def test_density_of_a_positive_slide_is_its_count_over_cells_and_sensitivity() -> None:
    judged = verdict(read(accepted_by_both=70))
    assert judged.figures is not None
    assert judged.figures.density_per_ul.value == pytest.approx(70 / 230_000 / 0.93 * 5e6)
    assert judged.figures.density_per_ul.low < judged.figures.density_per_ul.value
    assert judged.reasons == ("Two readers agree on 70 parasites.",)


def test_few_parasites_are_said_to_make_a_rough_density() -> None:
    assert "based on 1 parasite; about 62" in reasons(verdict(read(accepted_by_both=1)))


def test_gametocytes_make_a_slide_positive_and_stay_out_of_the_density() -> None:
    mixed, only = (
        verdict(read(accepted_by_both=5, gametocytes=2)),
        verdict(read(accepted_by_both=1, gametocytes=1)),
    )
    assert mixed.figures is not None
    assert mixed.figures.infected == 3
    assert "2 of them are gametocytes" in reasons(mixed)
    assert only.kind == VerdictKind.POSITIVE
    assert only.figures is None


def test_parasites_marked_by_hand_make_a_slide_positive_and_stay_out_of_the_density() -> None:
    only, both = verdict(read(marked_by_both=1)), verdict(read(accepted_by_both=4, marked_by_both=1))
    assert only.kind == both.kind == VerdictKind.POSITIVE
    assert only.figures is None
    assert both.figures is not None
    assert both.figures.infected == 4
    assert verdict(read(marked_by_one=1)).kind == VerdictKind.SUSPICIOUS


def test_partly_read_slide_takes_its_density_from_whole_fields_drawn_at_random() -> None:
    fields = (FieldReading(400, 2), FieldReading(600, 1), FieldReading(500, 0))
    partly = replace(
        CLEAN,
        count=replace(ENOUGH, candidates_unread=50),
        readings=Readings(accepted_by_both=9, fields_read_whole=fields, fields_drawn_at_random=True),
    )
    judged = verdict(partly)
    assert judged.figures is not None
    assert (judged.figures.infected, judged.figures.cells) == (3, 1500)
    assert "the density comes from 3 fields drawn at random and read whole" in reasons(judged)
    assert partly.readings is not None
    chosen = replace(partly, readings=replace(partly.readings, fields_drawn_at_random=False))
    assert verdict(chosen).figures is None


def test_clustering_measured_on_the_slide_widens_its_interval() -> None:
    even = tuple(FieldReading(2300, 1 if field % 2 else 0) for field in range(100))
    clustered = tuple(FieldReading(2300, 10 if field % 20 == 0 else 0) for field in range(100))
    one, other = (
        verdict(replace(CLEAN, readings=Readings(accepted_by_both=50, fields_read_whole=fields))).figures
        for fields in (even, clustered)
    )
    assert one is not None
    assert other is not None
    assert one.dispersion == 1.0
    # p = .5 a field: (5 * 9.5^2 + 95 * .5^2) / .5 / 99
    assert other.dispersion == pytest.approx((5 * 9.5**2 + 95 * 0.25) / 0.5 / 99)
    assert other.density_per_ul.value == one.density_per_ul.value
    assert other.density_per_ul.high > one.density_per_ul.high


@pytest.mark.parametrize(
    "groups",
    [{"accepted_by_one": 1}, {"disputed": 1}, {"unsure": 1}, {"marked_by_one": 1}, {"marked_unsure": 1}],
)
def test_what_two_readers_do_not_agree_on_is_suspicious(groups: dict[str, int]) -> None:
    judged = verdict(read(**groups))
    assert judged.kind == VerdictKind.SUSPICIOUS
    assert judged.figures is None
    assert judged.detection_limit_per_ul is None


@pytest.mark.parametrize(("number", "cells"), [(1, "1 cell"), (3, "3 cells")])
def test_doubt_over_cells_that_the_machine_did_not_call_is_said_beside_that_over_its_own(
    number: int, cells: str
) -> None:
    assert verdict(read(unsure=2, marked_unsure=number)).reasons == (
        "Readers are unsure of 2 candidates.",
        f"Readers are unsure of {cells} that the machine did not call.",
    )
    agreed = verdict(read(accepted_by_both=70, marked_unsure=number))
    assert f"On {number} more cell" in reasons(agreed)
    with pytest.raises(ValueError, match="marked_unsure"):
        Readings(marked_unsure=-1)


def test_a_count_reaches_equally_far_whatever_was_found_in_it() -> None:
    clean, positive = reach_of(CLEAN), reach_of(read(accepted_by_both=70))
    assert clean == positive
    assert clean.limit_per_ul == verdict(CLEAN).detection_limit_per_ul
    assert reach_of(replace(SCORED, count=SlideCount(0, 0, 0, 0))).limit_per_ul is None


def test_fewer_parasites_than_false_accepts_can_make_are_suspicious() -> None:
    # 230 000 cells at 8 false accepts in 2 million: .92 expected, P(N >= 3) = .066, P(N >= 4) = .015
    noisy = Assumptions(false_accepts=FalseCalls(8, 2_000_000))
    few, enough = (verdict(replace(read(accepted_by_both=number), assumptions=noisy)) for number in (3, 4))
    assert few.kind == VerdictKind.SUSPICIOUS
    assert "Two readers agree on 3 parasites, but 4 are needed" in reasons(few)
    assert enough.kind == VerdictKind.POSITIVE


def test_slide_outside_the_models_validity_gets_no_figure() -> None:
    outside = SlideConditions(("3 % of the cells are candidates.",), fields_failed=0, failed_share_limit=0.2)
    for evidence in (CLEAN, SCORED, replace(SCORED, count=SlideCount(0, 0, 0, 0))):
        judged = verdict(replace(evidence, conditions=outside))
        assert judged.kind == VerdictKind.NOT_VALID
        assert judged.reasons[0] == "3 % of the cells are candidates."
        figures = (judged.figures, judged.detection_limit_per_ul, judged.cells_needed, judged.cells_missing)
        assert figures == (None, None, None, None)


def test_unread_candidates_await_review_and_the_limit_of_a_clean_one_is_told() -> None:
    for evidence in (SCORED, replace(CLEAN, count=replace(ENOUGH, candidates_unread=1))):
        judged = verdict(evidence)
        assert judged.kind == VerdictKind.AWAITING_REVIEW
        assert judged.detection_limit_per_ul == verdict(CLEAN).detection_limit_per_ul
        assert "The count is adequate for 75 parasites/µL." in judged.reasons


def test_unread_candidates_on_too_few_cells_await_review_and_the_missing_cells_are_told() -> None:
    judged = verdict(replace(SCORED, count=SlideCount(138_800, 410, 100, 100)))
    assert judged.kind == VerdictKind.AWAITING_REVIEW
    assert judged.cells_needed is not None
    assert judged.cells_missing == judged.cells_needed - 138_800
    assert "76 072 more cells are missing: 138 800 are counted, and 214 872 are needed" in reasons(judged)


def test_machine_that_calls_nothing_still_awaits_a_person() -> None:
    judged = verdict(replace(SCORED, count=SlideCount(230_000, 500, 0, 0)))
    assert judged.kind == VerdictKind.AWAITING_REVIEW
    assert "nobody has looked" in reasons(judged)


def test_empty_count_is_inadequate_and_says_nothing_of_parasites() -> None:
    for readings in (None, Readings()):
        judged = verdict(Evidence(SlideCount(0, 0, 0, 0), GOOD, PERFORMANCE, readings=readings))
        assert judged.kind == VerdictKind.INADEQUATE
        assert judged.detection_limit_per_ul is None
        assert judged.figures is None
        assert judged.cells_missing == judged.cells_needed


def test_one_cell_short_is_inadequate_and_that_cell_makes_it_adequate() -> None:
    needed = verdict(CLEAN).cells_needed
    assert needed is not None
    short = verdict(replace(CLEAN, count=replace(ENOUGH, cells=needed - 1)))
    assert short.kind == VerdictKind.INADEQUATE
    assert short.cells_missing == 1
    assert short.detection_limit_per_ul is not None
    assert short.detection_limit_per_ul > 75
    reached = verdict(replace(CLEAN, count=replace(ENOUGH, cells=needed)))
    assert reached.kind == VerdictKind.NO_PARASITE_SEEN
    assert reached.detection_limit_per_ul is not None
    assert reached.detection_limit_per_ul <= 75
    assert "more than 75 parasites/µL" in reasons(reached)


def test_200_000_cells_are_enough_for_a_perfect_reader_only() -> None:
    perfect = replace(PERFORMANCE, steps=(Recall(10_000_000, 0),))
    count = replace(ENOUGH, cells=200_000)
    assert verdict(replace(CLEAN, count=count, performance=perfect)).kind == VerdictKind.NO_PARASITE_SEEN
    assert verdict(replace(CLEAN, count=count)).kind == VerdictKind.INADEQUATE


def test_too_many_failing_fields_are_inadequate_however_many_cells_there_are() -> None:
    at_limit = replace(GOOD, fields_failed=125)
    assert verdict(replace(CLEAN, conditions=at_limit)).kind == VerdictKind.NO_PARASITE_SEEN
    judged = verdict(replace(CLEAN, conditions=replace(GOOD, fields_failed=126)))
    assert judged.kind == VerdictKind.INADEQUATE
    assert judged.cells_missing == 0
    assert "126 of 626 fields fail focus or stain" in reasons(judged)


def test_clustering_on_the_card_asks_for_more_cells() -> None:
    clustered = verdict(replace(CLEAN, performance=replace(PERFORMANCE, dispersion=2.0)))
    plain = verdict(CLEAN)
    assert clustered.kind == VerdictKind.INADEQUATE
    assert plain.cells_needed is not None
    assert clustered.cells_needed == pytest.approx(2 * plain.cells_needed, abs=2)
    assert clustered.detection_limit_per_ul == pytest.approx(2 * (plain.detection_limit_per_ul or 0))


def test_a_count_on_few_fields_asks_for_a_hundred() -> None:
    assert "at least 100" in reasons(verdict(replace(CLEAN, count=replace(ENOUGH, fields=99))))
    assert "at least 100" not in reasons(verdict(replace(CLEAN, count=replace(ENOUGH, fields=100))))


MARKED = ("marked_by_both", "marked_by_one", "marked_unsure")


@st.composite
def evidence(draw: st.DrawFn) -> Evidence:
    """Any consistent evidence, with readings or without."""
    number = st.integers(0, 3)
    groups = draw(
        st.fixed_dictionaries(
            dict.fromkeys(("accepted_by_both", "accepted_by_one", "disputed", "unsure"), number)
        )
    )
    by_hand = draw(st.fixed_dictionaries(dict.fromkeys(MARKED, number)))
    unread = draw(st.integers(0, 5))
    candidates = sum(groups.values()) + unread
    readings = draw(st.sampled_from([None, Readings(**groups, **by_hand)]))  # type: ignore[arg-type] # counts only
    cells = draw(st.integers(candidates, 400_000))
    return Evidence(
        SlideCount(cells, draw(st.integers(0, 900)), candidates, candidates if readings is None else unread),
        SlideConditions(draw(st.sampled_from([(), ("Pale.",)])), draw(st.integers(0, 100)), 0.2),
        replace(PERFORMANCE, dispersion=draw(st.sampled_from([None, 0.7, 1.8]))),
        readings=readings,
    )


@given(evidence())
def test_every_verdict_has_reasons_finite_figures_and_the_notice_and_never_says_negative(
    case: Evidence,
) -> None:
    judged = verdict(case)
    text = verdict_text("slide", case, judged)
    assert judged.reasons
    assert judged.notice == RESEARCH_USE_ONLY
    assert text.splitlines()[-1].strip() == RESEARCH_USE_ONLY
    assert not any(word in text.lower() for word in ("negative", "nan", "inf ", "none "))
    numbers = [value for value in asdict(judged).values() if isinstance(value, float)]
    if judged.figures is not None:
        numbers += [*asdict(judged.figures.density_per_ul).values()]
    assert all(math.isfinite(value) for value in numbers)


@given(evidence())
def test_scoring_alone_never_finds_nor_excludes_a_parasite(case: Evidence) -> None:
    if case.readings is None:
        assert verdict(case).kind in {
            VerdictKind.AWAITING_REVIEW,
            VerdictKind.NOT_VALID,
            VerdictKind.INADEQUATE,
        }


@given(evidence(), st.integers(1, 100_000))
def test_more_cells_never_lose_an_adequate_count(case: Evidence, more: int) -> None:
    larger = replace(case, count=replace(case.count, cells=case.count.cells + more))
    before, after = verdict(case), verdict(larger)
    if before.kind == VerdictKind.NO_PARASITE_SEEN:
        assert after.kind == VerdictKind.NO_PARASITE_SEEN
        assert (after.detection_limit_per_ul or 0) < (before.detection_limit_per_ul or 0)
