"""Documents of format 1, as version 0.1.0 wrote them, made into documents of today's format.

They spoke of a threshold: the cells that scored above it were laid before readers, and validation counts of
detection and of classification at that threshold stood beside them. That is one point of a rank curve.
"""

import math
from typing import Any

from core.tally import CONFIDENCE

Document = dict[str, Any]


def from_format_1(given: Document) -> Document:
    """The same result as a document of format 2; what is said in it stays as it was written, in English.

    Raises
    ------
    ValueError
        Where it is no whole document of format 1.
    """
    kept = {name: value for name, value in given.items() if name != "machine_figures"}
    try:
        return {
            **kept,
            "format": 2,
            "cells": _cells(given["cells"]),
            "evidence": _evidence(given["evidence"]),
            # Codes of its sentences may be gone; without them the reasons are shown as they stand.
            "verdict": {**given["verdict"], "sentences": []},
        }
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"no whole document of format 1 ({error}); score the slide again") from error


def _cells(cells: Document) -> Document:
    kept = ("located", "evaluable", "not_evaluable")
    return {
        **{name: cells[name] for name in kept},
        "looked_at": cells["evaluable"],
        "listed": cells["candidates_written"],
    }


def _evidence(evidence: Document) -> Document:
    count = evidence["count"]
    readings = _readings(evidence["readings"], count)
    return {
        **evidence,
        "count": _count(count),
        "conditions": {**evidence["conditions"], "outside": []},
        "performance": _performance(evidence["performance"], count, (readings or {}).get("counted", 0)),
        "assumptions": _assumptions(evidence["assumptions"]),
        "readings": readings,
    }


def _count(count: Document) -> Document:
    """All that was above the threshold is what was to be read; which of it was unread is not told."""
    return {
        "cells": count["cells"],
        "fields": count["fields"],
        "looked_at": count["cells"],
        "to_read": count["candidates"],
        "read_to": 0 if count["candidates_unread"] else count["candidates"],
        "unread": count["candidates_unread"],
        "excluded": count["excluded"],
    }


def _performance(performance: Document, count: Document, counted: int) -> Document:
    """The product of the steps, over the smallest of their totals, at the rate of the slide's own calls.

    As everywhere, the parasites counted are none of the healthy cells that the rate is of.
    """
    totals = [step["found"] + step["missed"] for step in performance["steps"]]
    share = math.prod(step["found"] for step in performance["steps"]) / math.prod(totals)
    healthy = count["cells"] - counted
    curve = {
        "rates": [(count["candidates"] - counted) / healthy if healthy else 0.0],
        "found": [math.floor(min(totals) * share)],
        "parasites": min(totals),
    }
    kept = ("model", "validation_set", "dispersion")
    return {**{name: performance[name] for name in kept}, "curve": curve}


def _assumptions(assumptions: Document) -> Document:
    """The confidence stood among them; ours is the only one that was ever written."""
    if assumptions.get("confidence") == CONFIDENCE:
        return {name: value for name, value in assumptions.items() if name != "confidence"}
    return assumptions


def _readings(readings: Document | None, count: Document) -> Document | None:
    """What entered the density did so only where all was read."""
    if readings is None:
        return None
    kept = {name: value for name, value in readings.items() if name != "fields_drawn_at_random"}
    if count["candidates_unread"]:
        return {**kept, "fields_read_whole": []}
    return {**kept, "counted": readings["accepted_by_both"] - readings["gametocytes"]}
