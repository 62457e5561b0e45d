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
    FalseAccepts,
    RankCurve,
    Readings,
    SlideConditions,
    SlideCount,
    Verdict,
    VerdictKind,
    reach_of,
    verdict,
    verdict_text,
)
from core.wording import RESEARCH_USE_ONLY, sentence
from tests.core.tally.evidence import CLEAN, ENOUGH, GOOD, PERFORMANCE, SCORED, read

EMPTY = SlideCount(cells=0, fields=0, looked_at=0, to_read=0, read_to=0, unread=0)
NO_FIGURE = (
    "The model was not validated on slides like this one, so no figure is given. "
    "Its list is worth reading all the same."
)


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


@pytest.mark.parametrize(
    "case", [CLEAN, SCORED, replace(CLEAN, count=replace(ENOUGH, cells=9_000, fields=20))]
)
def test_a_verdict_asks_once_how_far_the_count_reaches(
    case: Evidence, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Mock(wraps=reach_of)
    monkeypatch.setattr("core.tally.verdicts.reach_of", asked)
    verdict(case)
    asked.assert_called_once_with(case)


@pytest.mark.parametrize(
    "groups",
    [{"accepted_by_one": 1}, {"disputed": 1}, {"unsure": 1}, {"marked_by_one": 1}, {"marked_unsure": 1}],
)
def test_what_two_readers_do_not_agree_on_is_suspicious(groups: dict[str, int]) -> None:
    judged = verdict(read(**groups))
    assert judged.kind == VerdictKind.SUSPICIOUS
    assert judged.figures is None
    assert judged.detection_limit_per_ul is None


@pytest.mark.parametrize(("number", "cells", "were"), [(1, "1 cell", "was"), (3, "3 cells", "were")])
def test_doubt_over_marked_cells_is_said_beside_that_over_the_list(
    number: int, cells: str, were: str
) -> None:
    assert verdict(read(unsure=2, marked_unsure=number)).reasons == (
        "Readers are unsure of 2 cells of the list.",
        f"Readers are unsure of {cells} that {were} drawn at random or marked by hand.",
    )
    agreed = verdict(read(accepted_by_both=70, marked_unsure=number))
    assert f"On {number} more cell" in reasons(agreed)
    with pytest.raises(ValueError, match="marked_unsure"):
        Readings(marked_unsure=-1)


def test_a_count_reaches_equally_far_whatever_was_found_in_it() -> None:
    clean, positive = reach_of(CLEAN), reach_of(read(accepted_by_both=70))
    assert clean == positive
    assert clean.limit_per_ul == verdict(CLEAN).detection_limit_per_ul
    assert reach_of(replace(SCORED, count=EMPTY)).limit_per_ul is None


def test_fewer_parasites_than_false_accepts_can_make_are_suspicious() -> None:
    # 230 000 cells at 8 false accepts in 2 million: .92 expected, P(N >= 3) = .066, P(N >= 4) = .015
    noisy = Assumptions(false_accepts=FalseAccepts(8, 2_000_000))
    few, enough = (verdict(replace(read(accepted_by_both=number), assumptions=noisy)) for number in (3, 4))
    assert few.kind == VerdictKind.SUSPICIOUS
    assert "Two readers agree on 3 parasites, but 4 are needed" in reasons(few)
    assert enough.kind == VerdictKind.POSITIVE


PALE = SlideConditions(("The stain is too pale.",), fields_failed=0, failed_share_limit=0.2)


def test_slide_outside_the_models_validity_gets_no_figure_but_its_list_is_to_be_read() -> None:
    for evidence in (CLEAN, SCORED, replace(SCORED, count=EMPTY)):
        judged = verdict(replace(evidence, conditions=PALE))
        assert judged.kind == VerdictKind.NOT_VALID
        assert judged.reasons[:2] == ("The stain is too pale.", NO_FIGURE)
        assert judged.reasons[2:] == (
            ("200 candidates are unread (of the first 200 of the list).",) if evidence is SCORED else ()
        )
        figures = (judged.figures, judged.detection_limit_per_ul, judged.cells_needed, judged.cells_missing)
        assert figures == (None, None, None, None)


@pytest.mark.parametrize(
    ("groups", "kind"),
    [
        ({"accepted_by_both": 70}, VerdictKind.POSITIVE),
        ({"accepted_outside_count": 1}, VerdictKind.POSITIVE),
        ({"marked_by_both": 1}, VerdictKind.POSITIVE),
        ({"accepted_by_one": 1}, VerdictKind.SUSPICIOUS),
        ({"unsure": 1}, VerdictKind.SUSPICIOUS),
    ],
)
def test_what_readers_found_stands_where_the_model_is_not_valid_and_that_is_said_beside_it(
    groups: dict[str, int], kind: VerdictKind
) -> None:
    judged = verdict(replace(read(**groups), conditions=PALE))
    assert judged.kind == kind
    assert judged.reasons[-2:] == ("The stain is too pale.", NO_FIGURE)
    assert judged.figures is None


def test_an_unread_list_awaits_review_and_the_limit_of_a_clean_one_is_told() -> None:
    for evidence in (SCORED, replace(CLEAN, count=replace(ENOUGH, read_to=199, unread=1))):
        judged = verdict(evidence)
        assert judged.kind == VerdictKind.AWAITING_REVIEW
        assert judged.detection_limit_per_ul == verdict(CLEAN).detection_limit_per_ul
        assert "The count is adequate for 75 parasites/µL." in judged.reasons


def test_an_unread_list_of_too_few_cells_awaits_review_and_the_missing_cells_are_told() -> None:
    judged = verdict(replace(SCORED, count=replace(SCORED.count, cells=138_800)))
    assert judged.kind == VerdictKind.AWAITING_REVIEW
    assert judged.cells_needed is not None
    assert judged.cells_missing == judged.cells_needed - 138_800
    assert "76 072 more cells are missing: 138 800 are counted, and 214 872 are needed" in reasons(judged)


def test_empty_count_is_inadequate_and_says_nothing_of_parasites() -> None:
    for readings in (None, Readings()):
        judged = verdict(Evidence(EMPTY, GOOD, PERFORMANCE, readings=readings))
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
    perfect = replace(PERFORMANCE, curve=RankCurve((1e-4,), (10_000_000,), 10_000_000))
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


LISTED = ("accepted_by_both", "accepted_outside_count", "accepted_by_one", "disputed", "unsure")
MARKED = ("marked_by_both", "marked_by_one", "marked_unsure")


@st.composite
def evidence(draw: st.DrawFn) -> Evidence:
    """Any consistent evidence, with readings or without."""
    number = st.integers(0, 3)
    groups = draw(st.fixed_dictionaries(dict.fromkeys(LISTED, number)))
    by_hand = draw(st.fixed_dictionaries(dict.fromkeys(MARKED, number)))
    accepted = groups["accepted_by_both"]
    unread, gap = draw(st.integers(0, 5)), draw(st.integers(0, 3))
    to_read = sum(groups.values()) + gap + unread
    read_to = draw(st.integers(accepted, to_read - unread)) if unread else to_read
    counted = draw(st.integers(0, accepted))
    read_in_part = Readings(**groups, **by_hand, counted=counted)  # type: ignore[arg-type] # counts only
    readings = draw(st.sampled_from([None, read_in_part]))
    cells = draw(st.integers(accepted, 400_000))
    looked_at = max(cells, to_read) + draw(st.integers(0, 40_000))
    if readings is None:
        read_to, unread = 0, to_read
    return Evidence(
        SlideCount(cells, draw(st.integers(0, 900)), looked_at, to_read, read_to, unread),
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
    if judged.figures is not None and judged.figures.density_per_ul is not None:
        numbers += [*asdict(judged.figures.density_per_ul).values()]
    assert all(math.isfinite(value) for value in numbers)


@given(evidence())
def test_nothing_is_withheld_where_the_model_is_not_valid_but_figures(case: Evidence) -> None:
    valid = verdict(replace(case, conditions=replace(case.conditions, outside_validity=())))
    pale = verdict(replace(case, conditions=replace(case.conditions, outside_validity=("Pale.",))))
    assert "Pale." in pale.reasons
    assert NO_FIGURE in pale.reasons
    assert (pale.figures, pale.detection_limit_per_ul, pale.cells_needed) == (None, None, None)
    found = (VerdictKind.POSITIVE, VerdictKind.SUSPICIOUS)
    assert pale.kind == (valid.kind if valid.kind in found else VerdictKind.NOT_VALID)


@given(evidence())
def test_scoring_alone_never_finds_nor_excludes_a_parasite(case: Evidence) -> None:
    if case.readings is None:
        assert verdict(case).kind in {
            VerdictKind.AWAITING_REVIEW,
            VerdictKind.NOT_VALID,
            VerdictKind.INADEQUATE,
        }


@given(evidence(), st.integers(1, 100_000))
def test_more_cells_on_a_list_as_long_never_lose_an_adequate_count(case: Evidence, more: int) -> None:
    fewer = replace(case.count, looked_at=case.count.looked_at + more)
    before = verdict(replace(case, count=fewer))
    after = verdict(replace(case, count=replace(fewer, cells=fewer.cells + more)))
    if before.kind == VerdictKind.NO_PARASITE_SEEN:
        assert after.kind == VerdictKind.NO_PARASITE_SEEN
        assert (after.detection_limit_per_ul or 0) < (before.detection_limit_per_ul or 0)


def test_a_list_that_grows_must_be_read_further() -> None:
    # 200 of 2 100 000 stand above 1 in 10 500: there the curve has 400 of 1 000, and not 930 any more.
    grown = replace(ENOUGH, cells=2_000_000, looked_at=2_100_000)
    judged = verdict(replace(CLEAN, count=grown))
    read_on = verdict(replace(CLEAN, count=replace(grown, to_read=210, read_to=210)))
    assert judged.cells_needed == pytest.approx(-math.log(0.05) / 0.4 * 5e6 / 75, rel=0.02)
    assert read_on.cells_needed == verdict(CLEAN).cells_needed


def test_fields_on_which_no_parasite_could_be_seen_are_said_whatever_the_verdict() -> None:
    said = sentence("left_out.little_detail", fields=3)
    left_out = replace(GOOD, left_out=(said,))
    plain, judged = verdict(replace(CLEAN, conditions=GOOD)), verdict(replace(CLEAN, conditions=left_out))
    assert judged.sentences == (*plain.sentences, said)
    assert judged.reasons == (*plain.reasons, str(said))
    assert replace(judged, sentences=plain.sentences, reasons=plain.reasons) == plain


def test_where_nothing_counts_for_that_reason_it_is_said_first() -> None:
    said = sentence("left_out.little_detail", fields=3)
    empty = replace(CLEAN, count=replace(CLEAN.count, cells=0), conditions=replace(GOOD, left_out=(said,)))
    assert verdict(empty).sentences[0] == said
    assert verdict(empty).reasons[0] == str(said)


def test_but_not_before_a_parasite_that_was_found() -> None:
    said = sentence("left_out.little_detail", fields=3)
    seen = replace(read(accepted_outside_count=1), conditions=replace(GOOD, left_out=(said,)))
    judged = verdict(replace(seen, count=replace(seen.count, cells=0)))
    assert judged.kind == VerdictKind.POSITIVE
    assert judged.sentences[-1] == said
