"""What a count of cells lets one say: bounds, densities and the verdict, all pure functions.

Formulas and the meaning of every printed number are in ``docs/TALLY.md``.
"""

from core.tally.bounds import (
    cells_for_limit,
    detection_limit_per_ul,
    effective_cells,
    excluded_infected_cells_averaged,
    rate_upper_limit,
    smallest_count_beyond_noise,
    zero_count_bound,
)
from core.tally.density import (
    Estimate,
    Figures,
    corrected_fraction,
    density_figures,
    dispersion,
    infected_limits,
    raw_fraction,
    rogan_gladen,
    sensitivity_lower_limit,
)
from core.tally.performance import FalseAccepts, Performance, RankCurve, Recall
from core.tally.reach import Reach, ReadOn, cells_needed, next_step, reach_of, reading_on
from core.tally.records import (
    CONFIDENCE,
    TARGET_CELLS,
    TARGET_FIELDS,
    Assumptions,
    Evidence,
    Excluded,
    FieldReading,
    Readings,
    SlideConditions,
    SlideCount,
)
from core.tally.verdicts import Verdict, VerdictKind, can_be_translated, reasons_in, verdict
from core.tally.wording import Fact, verdict_facts, verdict_text, why_corrected
from core.wording import grouped, grouped_up, percent

__all__ = [
    "CONFIDENCE",
    "TARGET_CELLS",
    "TARGET_FIELDS",
    "Assumptions",
    "Estimate",
    "Evidence",
    "Excluded",
    "Fact",
    "FalseAccepts",
    "FieldReading",
    "Figures",
    "Performance",
    "RankCurve",
    "Reach",
    "ReadOn",
    "Readings",
    "Recall",
    "SlideConditions",
    "SlideCount",
    "Verdict",
    "VerdictKind",
    "can_be_translated",
    "cells_for_limit",
    "cells_needed",
    "corrected_fraction",
    "density_figures",
    "detection_limit_per_ul",
    "dispersion",
    "effective_cells",
    "excluded_infected_cells_averaged",
    "grouped",
    "grouped_up",
    "infected_limits",
    "next_step",
    "percent",
    "rate_upper_limit",
    "raw_fraction",
    "reach_of",
    "reading_on",
    "reasons_in",
    "rogan_gladen",
    "sensitivity_lower_limit",
    "smallest_count_beyond_noise",
    "verdict",
    "verdict_facts",
    "verdict_text",
    "why_corrected",
    "zero_count_bound",
]
