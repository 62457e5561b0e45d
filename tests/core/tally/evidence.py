"""Evidence to begin from: a clean slide of enough cells, read and unread."""

from dataclasses import replace

from core.tally import Evidence, FalseCalls, Performance, Readings, Recall, SlideConditions, SlideCount

PERFORMANCE = Performance("smear-1", "site B", 0.83, (Recall(930, 70),), FalseCalls(20, 200_000))
GOOD = SlideConditions(outside_validity=(), fields_failed=3, failed_share_limit=0.2)
ENOUGH = SlideCount(cells=230_000, fields=500, candidates=100, candidates_unread=0)
CLEAN = Evidence(ENOUGH, GOOD, PERFORMANCE, readings=Readings())
SCORED = replace(CLEAN, count=replace(ENOUGH, candidates_unread=100), readings=None)


def read(**groups: int) -> Evidence:
    return replace(CLEAN, readings=Readings(**groups))  # type: ignore[arg-type] # counts only
