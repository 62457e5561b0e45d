"""A verdict as it is printed."""

from dataclasses import replace

import pytest

from core.tally import (
    Assumptions,
    Evidence,
    Excluded,
    FalseAccepts,
    FieldReading,
    RankCurve,
    Readings,
    verdict,
    verdict_facts,
    verdict_text,
    why_corrected,
)
from core.tally.records import SEEN_ELSEWHERE
from tests.core.tally.evidence import CLEAN, ENOUGH, GOOD, PERFORMANCE, SCORED


def test_text_of_a_positive_slide_reads_as_printed() -> None:
    case = Evidence(
        replace(ENOUGH, cells=138_800, excluded=(Excluded(3120, "cells", "edge"),)),
        GOOD,
        PERFORMANCE,
        readings=Readings(accepted_by_both=70, gametocytes=1, counted=69),
    )
    assert verdict_text("Slide 7\nbis", case, verdict(case)) == (
        "Slide 7 bis: POSITIVE\n"
        "  - Two readers agree on 70 parasites.\n"
        "  - 1 of them is a gametocyte, not counted in the density.\n"
        "  - The list is read to rank 200 of 250 000, so the raw fraction is a lower bound.\n"
        "  Density    2 673 parasites/µL, 2 079 to 3 386 at 95 %\n"
        "  Fraction   raw 0.0497 % (0.0387 % to 0.0629 %), a lower bound: 69 of 138 800 cells\n"
        "             corrected 0.0535 % (0.0416 % to 0.0677 %)\n"
        "             The two differ because the list was read to rank 200, where validation found 93 % of "
        "the parasites: corrected = 69 / (138 800 × 93 %).\n"
        "  Counted    138 800 evaluable red cells, 500 fields\n"
        "             list of 250 000: first 200 laid before readers, 0 unread\n"
        "             left out: 3 120 cells, edge\n"
        "  Model      smear-1, validated on site B\n"
        "             the first 200 of 250 000 hold 93 % of the parasites "
        "(930 of 1 000; at least 91.5 % at 95 %)\n"
        "  Given      5 000 000 red cells/µL (assumed)\n"
        "             review accepts 100 % of the infected cells it sees (assumed)\n"
        "             review lets no healthy cell through (assumed)\n"
        "             clustering of fields 1.00 (assumed)\n"
        "  research use only, not for diagnosis"
    )


def test_text_of_an_unread_slide_shows_the_known_target_and_the_models_own() -> None:
    text = verdict_text("s", SCORED, verdict(SCORED))
    assert "200 000 cells; 214 872 with this sensitivity for 75 parasites/µL" in text
    assert "If readers accept no cell, more than 71 parasites/µL are excluded at 95 %." in text
    assert "Density" not in text


def test_what_was_measured_is_said_to_be() -> None:
    measured = Assumptions(4_000_000, red_cells_measured=True, false_accepts=FalseAccepts(8, 2_000_000))
    fields = (FieldReading(1000, 5), FieldReading(1000, 0), FieldReading(1000, 1))
    # 2 expected in each of three fields: (9 + 4 + 1) / 2 / 2
    readings = Readings(accepted_by_both=70, counted=70, fields_read_whole=fields)
    case = replace(CLEAN, assumptions=measured, readings=readings)
    facts = {fact.code: fact.texts for fact in verdict_facts(case, verdict(case), "en")}
    assert list(facts) == ["density", "fraction", "counted", "model", "given"]
    assert facts["given"] == (
        "4 000 000 red cells/µL (measured)",
        "review accepts 100 % of the infected cells it sees (assumed)",
        "review lets 8 of 2 000 000 healthy cells through (measured)",
        "clustering of fields 3.50 (measured on this slide)",
    )


def test_fields_read_whole_are_printed_beside_the_list_with_what_they_rest_on() -> None:
    fields = (FieldReading(1000, 5), FieldReading(1000, 0), FieldReading(1000, 1))
    readings = Readings(accepted_by_both=70, counted=70, fields_looked_through=fields)
    case = replace(CLEAN, readings=readings)
    facts = {fact.code: fact.texts for fact in verdict_facts(case, verdict(case), "en")}
    assert list(facts) == ["density", "fraction", "whole_fields", "counted", "model", "given"]
    # Clustering 3.5 times (4.303 / 1.960)^2, of t with 2 degrees of freedom.
    assert facts["whole_fields"][1:] == (
        "raw 0.2 % (0.0000127 % to 2.45 %): 6 of 3 000 cells on 3 fields that both readers read whole",
        "holds if these fields were drawn at random or taken in order, without a look at the list",
        "machine and readers miss no parasite on them (assumed)",
        "clustering of these fields 16.87 (measured on them)",
    )


def test_a_list_full_of_parasites_says_nothing_of_the_share_it_holds() -> None:
    full = replace(CLEAN, readings=Readings(accepted_by_both=150, counted=150))
    facts = {fact.code: fact.texts for fact in verdict_facts(full, verdict(full), "en")}
    assert list(facts) == ["fraction", "counted", "model", "given"]
    assert facts["fraction"] == ("raw 0.0652 % (0.0552 % to 0.0765 %), a lower bound: 150 of 230 000 cells",)
    assert facts["model"] == ("smear-1, validated on site B",)


def test_where_the_model_is_not_valid_nothing_is_said_of_what_it_finds() -> None:
    outside = replace(CLEAN, conditions=replace(GOOD, outside_validity=("The stain is too pale.",)))
    facts = {fact.code: fact.texts for fact in verdict_facts(outside, verdict(outside), "en")}
    assert list(facts) == ["counted", "model", "given"]
    assert facts["model"] == ("smear-1, validated on site B",)


def test_each_thing_left_out_is_a_text() -> None:
    left_out = (Excluded(3120, "cells", "edge"), Excluded(2, "fields", "out of focus"))
    case = replace(CLEAN, count=replace(ENOUGH, excluded=left_out))
    facts = {fact.code: fact.texts for fact in verdict_facts(case, verdict(case), "en")}
    assert facts["counted"][2:] == ("left out: 3 120 cells, edge", "left out: 2 fields, out of focus")


def test_one_thing_that_is_left_out_is_said_in_the_singular() -> None:
    case = replace(
        CLEAN, count=replace(ENOUGH, excluded=(Excluded(1, "cells", "edge"), Excluded(1, "fields", "edge")))
    )
    for language, said in (
        ("en", ("left out: 1 cell, edge", "left out: 1 field, edge")),
        ("fr", ("non compté : 1 hématie (au bord)", "non compté : 1 champ (au bord)")),
    ):
        facts = {fact.code: fact.texts for fact in verdict_facts(case, verdict(case), language)}
        assert facts["counted"][2:] == said


def test_what_lies_on_another_photograph_too_is_not_said_to_be_left_out() -> None:
    seen = (Excluded(312, "cells", SEEN_ELSEWHERE), Excluded(1, "fields", SEEN_ELSEWHERE))
    case = replace(CLEAN, count=replace(ENOUGH, excluded=seen))
    for language, said in (
        (
            "en",
            (
                "312 objects lie on another photograph too; each is looked at once and counts once at most",
                "1 photograph shows only what others show; it adds nothing to the count",
            ),
        ),
        (
            "fr",
            (
                "312 objets figurent aussi sur une autre photo ; "
                "chacun est examiné une fois et compte au plus une fois",
                "1 photo ne montre que ce que d'autres montrent ; elle n'ajoute rien au compte",
            ),
        ),
    ):
        facts = {fact.code: fact.texts for fact in verdict_facts(case, verdict(case), language)}
        assert facts["counted"][2:] == said


def test_the_sentence_on_raw_and_corrected_gives_the_corrected_fraction() -> None:
    case = replace(
        CLEAN,
        assumptions=Assumptions(review_sensitivity=0.5),
        readings=Readings(accepted_by_both=69, counted=69),
    )
    figures = verdict(case).figures
    assert figures is not None
    assert figures.corrected_fraction is not None
    (said,) = why_corrected(case, figures)
    values = {name: value for name, value in said.values.items() if not isinstance(value, str)}
    # Validation found 930 of 1 000 so far down, and readers accept half of what they see.
    assert values["recall"] == 0.93
    assert values["sensitivity"] == 0.465
    assert figures.corrected_fraction.value == pytest.approx(
        values["infected"] / (values["cells"] * values["sensitivity"])
    )


def test_where_validation_found_every_parasite_there_is_no_difference_to_explain() -> None:
    perfect = replace(PERFORMANCE, curve=RankCurve((1e-5,), (1000,), 1000))
    case = replace(CLEAN, performance=perfect, readings=Readings(accepted_by_both=69, counted=69))
    figures = verdict(case).figures
    assert figures is not None
    assert figures.density_per_ul is not None
    assert why_corrected(case, figures) == ()


def test_where_false_accepts_were_measured_the_sentence_says_that_they_are_taken_off() -> None:
    measured = Assumptions(false_accepts=FalseAccepts(8, 2_000_000))
    case = replace(CLEAN, assumptions=measured, readings=Readings(accepted_by_both=70, counted=70))
    facts = {fact.code: fact.texts for fact in verdict_facts(case, verdict(case), "en")}
    assert facts["fraction"][2] == (
        "The two differ because the list was read to rank 200, where validation found 93 % of the parasites, "
        "and because readers accept some healthy cells by mistake, which are taken off."
    )
