"""What the readings of a slide come to: progress, tally, agreement, what is signed, and what to read next."""

from core.review.agreement import PairAgreement, agreement, cohen_kappa
from core.review.decisions import Decision, ReadCell, decision_of, read_cells, standing
from core.review.learned_list import (
    LearnedList,
    keeps_features,
    learned_list,
    not_offered,
    ranks_like,
)
from core.review.learned_ranking import LearnedRanking, learned_ranking
from core.review.parasite_totals import ParasiteTotals, parasite_totals, totals_in
from core.review.progress import (
    ReviewProgress,
    SlideState,
    cells_for,
    is_anothers,
    progress,
    second_order,
    settled_disputes,
    slide_state,
)
from core.review.signed_result import SignedResult, read_document, violations
from core.review.signing import blocks_signing, sign
from core.review.stage_suggestion import StageHead, SuggestedStage, stages_for, suggested_stages
from core.review.stopping import SampleRead, WhatIsLeft, sample_bound, sample_read, what_is_left
from core.review.tallying import Tally, tally_of

__all__ = [
    "Decision",
    "LearnedList",
    "LearnedRanking",
    "PairAgreement",
    "ParasiteTotals",
    "ReadCell",
    "ReviewProgress",
    "SampleRead",
    "SignedResult",
    "SlideState",
    "StageHead",
    "SuggestedStage",
    "Tally",
    "WhatIsLeft",
    "agreement",
    "blocks_signing",
    "cells_for",
    "cohen_kappa",
    "decision_of",
    "is_anothers",
    "keeps_features",
    "learned_list",
    "learned_ranking",
    "not_offered",
    "parasite_totals",
    "progress",
    "ranks_like",
    "read_cells",
    "read_document",
    "sample_bound",
    "sample_read",
    "second_order",
    "settled_disputes",
    "sign",
    "slide_state",
    "stages_for",
    "standing",
    "suggested_stages",
    "tally_of",
    "totals_in",
    "violations",
    "what_is_left",
]
