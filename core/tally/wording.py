"""A verdict as lines of plain text, for terminals and reports."""

from core.tally.bounds import rate_upper_limit
from core.tally.density import Estimate, Figures, sensitivity_lower_limit
from core.tally.grouping import grouped, percent
from core.tally.records import Evidence
from core.tally.verdicts import Verdict, assumed_dispersion


def verdict_text(slide_name: str, evidence: Evidence, verdict: Verdict) -> str:
    """Give the verdict, its reasons and all it rests on, as lines without a trailing newline.

    Line breaks in the slide's name become spaces. The last line is the research-use notice.
    """
    lines = [f"{' '.join(slide_name.split())}: {verdict.kind.upper()}"]
    lines += [f"  - {reason}" for reason in verdict.reasons]
    if verdict.figures is not None:
        lines += _figures(evidence, verdict.figures)
    lines += _counted(evidence)
    if verdict.cells_needed is not None:
        lines += _target(evidence, verdict.target_cells, verdict.cells_needed)
    lines += _model(evidence)
    lines += _assumed(evidence, verdict.figures)
    return "\n".join([*lines, f"  {verdict.notice}"])


def _labelled(label: str, *texts: str) -> list[str]:
    """One line for each text, the first with the label before it."""
    return [f"  {label if position == 0 else '':<11}{text}" for position, text in enumerate(texts)]


def _figures(evidence: Evidence, figures: Figures) -> list[str]:
    density, confidence = figures.density_per_ul, percent(evidence.assumptions.confidence)
    corrected = (
        "with false accepts taken out" if evidence.assumptions.false_accepts else "raw over sensitivity"
    )
    return [
        *_labelled(
            "Density",
            f"{grouped(density.value)} parasites/µL, {grouped(density.low)} to {grouped(density.high)} "
            f"at {confidence}",
        ),
        *_labelled(
            "Fraction",
            f"raw {_fraction(figures.raw_fraction)}: "
            f"{grouped(figures.infected)} of {grouped(figures.cells)} cells",
            f"corrected {_fraction(figures.corrected_fraction)}: {corrected}",
        ),
    ]


def _fraction(estimate: Estimate) -> str:
    return f"{percent(estimate.value)} ({percent(estimate.low)} to {percent(estimate.high)})"


def _counted(evidence: Evidence) -> list[str]:
    count = evidence.count
    return _labelled(
        "Counted",
        f"{grouped(count.cells)} evaluable red cells, {grouped(count.fields)} fields, "
        f"{grouped(count.candidates)} candidates, {grouped(count.candidates_unread)} unread",
        *(f"left out: {grouped(item.count)} {item.what}, {item.why}" for item in count.excluded),
    )


def _target(evidence: Evidence, target: int, needed: int) -> list[str]:
    limit = evidence.assumptions.detection_limit_per_ul
    return _labelled(
        "Target",
        f"{grouped(target)} cells; {grouped(needed)} with this sensitivity for {grouped(limit)} parasites/µL",
    )


def _model(evidence: Evidence) -> list[str]:
    performance, confidence = evidence.performance, evidence.assumptions.confidence
    lower = sensitivity_lower_limit(performance.steps, confidence=confidence)
    false_calls = performance.false_calls
    upper = rate_upper_limit(false_calls.count, false_calls.healthy_cells, confidence=confidence)
    steps = " × ".join(
        f"{grouped(step.found)} of {grouped(step.found + step.missed)}" for step in performance.steps
    )
    return _labelled(
        "Model",
        f"{performance.model}, threshold {performance.threshold:.4g}, "
        f"validated on {performance.validation_set}",
        f"finds {percent(performance.sensitivity)} of infected cells ({steps}; "
        f"at least {percent(lower)} at {percent(confidence)})",
        f"calls {percent(false_calls.rate)} of healthy cells ({grouped(false_calls.count)} of "
        f"{grouped(false_calls.healthy_cells)}; at most {percent(upper)})",
    )


def _assumed(evidence: Evidence, figures: Figures | None) -> list[str]:
    assumptions = evidence.assumptions
    red_cells = f"{grouped(assumptions.red_cells_per_ul)} red cells/µL"
    if assumptions.false_accepts is None:
        accepts = "review lets no healthy cell through (assumed)"
    else:
        accepts = (
            f"review lets {grouped(assumptions.false_accepts.count)} of "
            f"{grouped(assumptions.false_accepts.healthy_cells)} healthy cells through (measured)"
        )
    return _labelled(
        "Given",
        f"{red_cells} ({'measured' if assumptions.red_cells_measured else 'assumed'})",
        f"review accepts {percent(assumptions.review_sensitivity)} of infected candidates (assumed)",
        accepts,
        _clustering(evidence, figures),
    )


def _clustering(evidence: Evidence, figures: Figures | None) -> str:
    if figures is not None and figures.dispersion_measured:
        return f"clustering of fields {figures.dispersion:.2f} (measured on this slide)"
    source = "assumed" if evidence.performance.dispersion is None else "from the model's card"
    return f"clustering of fields {assumed_dispersion(evidence.performance):.2f} ({source})"
