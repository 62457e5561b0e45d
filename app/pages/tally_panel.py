"""The running tally and verdict of a slide: beside its cells while they are read, above its signature."""

import streamlit as st

from app.pages.links import escaped
from app.wording import Words
from core.review import ReviewProgress, Tally, evidence_of, progress, tally_of
from core.store import SlideRecord, StoredSlide, TakenIn
from core.tally import (
    TARGET_CELLS,
    Estimate,
    VerdictKind,
    grouped_up,
    percent,
    raw_fraction,
    reasons_in,
    verdict,
)

_LOOKS = {
    VerdictKind.POSITIVE: (":material/coronavirus:", "red"),
    VerdictKind.SUSPICIOUS: (":material/help:", "orange"),
    VerdictKind.NOT_VALID: (":material/block:", "gray"),
    VerdictKind.AWAITING_REVIEW: (":material/visibility:", "blue"),
    VerdictKind.INADEQUATE: (":material/hourglass_bottom:", "orange"),
    VerdictKind.NO_PARASITE_SEEN: (":material/check_circle:", "green"),
}


def tally_panel(record: SlideRecord, taken_in: TakenIn, say: Words) -> None:
    """Show verdict, cells examined, what is missing, what was decided, and the figures."""
    tally, left = tally_of(record), progress(record)
    icon, colour = _LOOKS[tally.verdict.kind]
    st.markdown(f"##### :{colour}[{icon} {say(f'verdict.{tally.verdict.kind}')}]")
    cells_examined(record.slide, taken_in, say)
    if tally.verdict.detection_limit_per_ul is not None:
        st.caption(say("tally.limit", limit=grouped_up(tally.verdict.detection_limit_per_ul)))
    _decided(left, say)
    _figures(tally, left, say)
    with st.expander(say("tally.reasons"), expanded=True):
        for reason in reasons_in(tally.verdict, say.language):
            st.caption(escaped(reason))
    st.caption(f"**{say('notice')}**")


def cells_examined(slide: StoredSlide, taken_in: TakenIn, say: Words) -> None:
    """A bar of the cells examined of those that are needed."""
    cells = taken_in.result.evidence.count.cells
    needed = taken_in.result.verdict.cells_needed
    if slide.red_cells_per_ul is not None:
        needed = verdict(evidence_of(slide, taken_in)).cells_needed
    of = needed or TARGET_CELLS
    st.progress(min(1.0, cells / of), text=say("tally.cells_of_needed", cells=cells, needed=of))
    if needed is not None:
        wanted = taken_in.result.evidence.assumptions.detection_limit_per_ul
        st.caption(say("tally.target", target=TARGET_CELLS, needed=needed, limit=wanted))
    if cells < of:
        st.caption(say("tally.missing", count=of - cells))


def _decided(left: ReviewProgress, say: Words) -> None:
    accepted = left.agreed + left.accepted_alone + left.disputed
    st.markdown(
        f"**{left.first_left}** {say('tally.left', of=left.to_read)} · **{accepted}** {say('tally.accepted')}"
    )
    agreed = [
        say("tally.agreed", count=left.agreed),
        say("tally.alone", count=left.accepted_alone),
        say("tally.disputed", count=left.disputed),
        say("tally.unsure", count=left.unsure),
    ]
    st.caption(" · ".join(agreed))


def _figures(tally: Tally, left: ReviewProgress, say: Words) -> None:
    figures = tally.verdict.figures
    if figures is not None:
        colon = say("board.colon")
        if figures.density_per_ul is not None:
            st.markdown(f"**{say('tally.density')}**{colon}{_per_ul(figures.density_per_ul, say)}")
        count = tally.evidence.count
        fraction = "tally.fraction" if count.read_to == count.looked_at else "tally.fraction_at_least"
        st.markdown(f"**{say(fraction)}**{colon}{_share(figures.raw_fraction, say)}")
        if figures.corrected_fraction is not None:
            st.caption(f"{say('tally.corrected')}{colon}{_share(figures.corrected_fraction, say)}")
        return
    accepted = left.agreed + left.accepted_alone
    cells = tally.evidence.count.cells
    fraction = raw_fraction(accepted, cells) if accepted <= cells else None
    if accepted and fraction is not None:
        st.caption(say("tally.provisional", count=accepted, fraction=_share(fraction, say)))


def _per_ul(density: Estimate, say: Words) -> str:
    return say("tally.per_ul", value=density.value, low=density.low, high=density.high)


def _share(fraction: Estimate, say: Words) -> str:
    value, low, high = (
        say.decimal(percent(share)).replace(" ", "\N{NO-BREAK SPACE}")
        for share in (fraction.value, fraction.low, fraction.high)
    )
    return say("tally.between", value=value, low=low, high=high)
