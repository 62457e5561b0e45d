"""The running tally and verdict of a slide: beside its cells while they are read, above its signature."""

import streamlit as st

from app.pages.links import escaped
from app.wording import Words
from core.review import ReviewProgress, Tally, progress, tally_of
from core.store import SlideRecord
from core.tally import (
    TARGET_CELLS,
    Estimate,
    VerdictKind,
    grouped_up,
    of_whole_fields,
    percent,
    reach_of,
    reading_on,
    reasons_in,
    why_corrected,
)
from core.wording import Sentence

MOST_NAMED = 5
"""Images that are named in a sentence."""
_LOOKS = {
    VerdictKind.POSITIVE: (":material/coronavirus:", "red"),
    VerdictKind.SUSPICIOUS: (":material/help:", "orange"),
    VerdictKind.NOT_VALID: (":material/block:", "gray"),
    VerdictKind.AWAITING_REVIEW: (":material/visibility:", "blue"),
    VerdictKind.INADEQUATE: (":material/hourglass_bottom:", "orange"),
    VerdictKind.NO_PARASITE_SEEN: (":material/check_circle:", "green"),
}


def tally_panel(record: SlideRecord, say: Words) -> None:
    """Show verdict, cells examined, what is missing, what was decided, and the figures."""
    tally, left = tally_of(record), progress(record)
    icon, colour = _LOOKS[tally.verdict.kind]
    st.markdown(f"##### :{colour}[{icon} {say(f'verdict.{tally.verdict.kind}')}]")
    cells_examined(tally, say)
    unreadable_images(record, say)
    for said in _next_step(tally):
        st.caption(say.text(said))
    if tally.verdict.detection_limit_per_ul is not None:
        st.caption(say("tally.limit", limit=grouped_up(tally.verdict.detection_limit_per_ul)))
    _decided(left, say)
    _figures(tally, left, say)
    with st.expander(say("tally.reasons"), expanded=True):
        for reason in reasons_in(tally.verdict, say.language):
            st.caption(escaped(reason))
    st.caption(f"**{say('notice')}**")


def cells_examined(tally: Tally, say: Words) -> None:
    """A bar of the cells examined of the 200,000 that people know; below it what this slide takes."""
    evidence, cells = tally.evidence, tally.evidence.count.cells
    words = say("tally.cells_of_target", cells=cells, target=TARGET_CELLS)
    st.progress(min(1.0, cells / TARGET_CELLS), text=words)
    if not _still_looked_for(tally):
        return
    needed, limit = reach_of(evidence).needed, evidence.assumptions.detection_limit_per_ul
    st.caption(say("tally.needed", needed=needed, limit=limit))
    if cells < needed:
        st.caption(say("tally.missing", count=needed - cells))


def unreadable_images(record: SlideRecord, say: Words) -> None:
    """Name the images of a slide that could not be read, where there are any."""
    unreadable = () if record.taken_in is None else record.taken_in.result.fields.unreadable
    if unreadable:
        shown = "; ".join(escaped(f"{one.field}: {one.reason}") for one in unreadable[:MOST_NAMED])
        more = " …" if len(unreadable) > MOST_NAMED else ""
        st.warning(say("tally.unreadable", count=len(unreadable), images=shown + more))


def _still_looked_for(tally: Tally) -> bool:
    """Whether a number of cells without a parasite would say something of this slide."""
    return tally.verdict.kind != VerdictKind.POSITIVE and not tally.evidence.conditions.outside_validity


def _next_step(tally: Tally) -> tuple[Sentence, ...]:
    """What reading on would spare, where parasites are still looked for."""
    return reading_on(reach_of(tally.evidence).read_on) if _still_looked_for(tally) else ()


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
    colon, whole = say("board.colon"), tally.verdict.whole_fields
    if whole is not None:
        st.markdown(
            f"**{say('tally.whole_fields', count=whole.fields)}**{colon}{_per_ul(whole.density_per_ul, say)}"
        )
        for said in of_whole_fields(whole)[1:]:
            st.caption(escaped(say.text(said)))
    if figures is not None:
        if figures.density_per_ul is not None:
            st.markdown(f"**{say('tally.density')}**{colon}{_per_ul(figures.density_per_ul, say)}")
        count = tally.evidence.count
        label = "tally.fraction" if count.read_to == count.looked_at else "tally.fraction_at_least"
        raw, cells = _share(figures.raw_fraction, say), figures.cells
        st.markdown(
            f"**{say(label)}**{colon}"
            + say("tally.fraction_of", fraction=raw, infected=figures.infected, cells=cells)
        )
        if figures.corrected_fraction is not None:
            st.caption(f"{say('tally.corrected')}{colon}{_share(figures.corrected_fraction, say)}")
        for said in why_corrected(tally.evidence, figures):
            st.caption(escaped(say.text(said)))
        return
    accepted, outside = left.agreed + left.accepted_alone, tally.evidence.conditions.outside_validity
    if accepted and tally.verdict.kind == VerdictKind.SUSPICIOUS and not outside:
        st.caption(say("tally.provisional", count=accepted))


def _per_ul(density: Estimate, say: Words) -> str:
    return say("tally.per_ul", value=density.value, low=density.low, high=density.high)


def _share(fraction: Estimate, say: Words) -> str:
    value, low, high = (
        say.decimal(percent(share)).replace(" ", "\N{NO-BREAK SPACE}")
        for share in (fraction.value, fraction.low, fraction.high)
    )
    return say("tally.between", value=value, low=low, high=high)
