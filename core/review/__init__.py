"""What the readings of a slide come to: progress, tally, agreement, and what is signed."""

from core.review.agreement import PairAgreement, agreement, cohen_kappa
from core.review.decisions import Decision, ReadCell, decision_of, read_cells, standing
from core.review.parasite_totals import ParasiteTotals, parasite_totals, totals_in
from core.review.progress import (
    ReviewProgress,
    SlideState,
    cells_for,
    is_anothers,
    progress,
    second_order,
    slide_state,
)
from core.review.signed_result import SignedResult, read_document, violations
from core.review.signing import blocks_signing, sign
from core.review.tallying import Tally, tally_of

__all__ = [
    "Decision",
    "PairAgreement",
    "ParasiteTotals",
    "ReadCell",
    "ReviewProgress",
    "SignedResult",
    "SlideState",
    "Tally",
    "agreement",
    "blocks_signing",
    "cells_for",
    "cohen_kappa",
    "decision_of",
    "is_anothers",
    "parasite_totals",
    "progress",
    "read_cells",
    "read_document",
    "second_order",
    "sign",
    "slide_state",
    "standing",
    "tally_of",
    "totals_in",
    "violations",
]
