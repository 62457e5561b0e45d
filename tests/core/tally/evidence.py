"""Evidence to begin from: a clean slide of enough cells, read and unread."""

from dataclasses import replace

from core.tally import Evidence, Performance, RankCurve, Readings, SlideConditions, SlideCount

CURVE = RankCurve(rates=(1e-5, 1e-4, 1e-3, 1e-2, 1e-1), found=(400, 930, 960, 980, 990), parasites=1000)
PERFORMANCE = Performance("smear-1", "site B", CURVE)
GOOD = SlideConditions(outside_validity=(), fields_failed=3, failed_share_limit=0.2)
ENOUGH = SlideCount(cells=230_000, fields=500, looked_at=250_000, to_read=200, read_to=200, unread=0)
"""Read to 1 in 1 250: to where 930 of 1 000 are found."""
CLEAN = Evidence(ENOUGH, GOOD, PERFORMANCE, readings=Readings())
SCORED = replace(CLEAN, count=replace(ENOUGH, read_to=0, unread=200), readings=None)


def read(**groups: int) -> Evidence:
    """Of all that two accepted and that is no gametocyte, everything counts."""
    counted = groups.get("accepted_by_both", 0) - groups.get("gametocytes", 0)
    return replace(CLEAN, readings=Readings(**{"counted": counted, **groups}))  # type: ignore[arg-type] # counts
