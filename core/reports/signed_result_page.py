"""A signed result on one printed page."""

import io
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader, simpleSplit
from reportlab.pdfgen.canvas import Canvas

from core.notice import RESEARCH_USE_ONLY
from core.reports.candidates import cell_and_map
from core.reports.drawing import INK, PALE_INK, SUSPECT, Colour, blank, one_line, text_width, write
from core.review import SignedResult
from core.review.decisions import ACCEPTED
from core.review.signed_result import SignedCell
from core.store import Call, Kind
from core.tally import VerdictKind, grouped, grouped_up, percent, reach_of, verdict_text

_WIDTH, _HEIGHT = A4
_EDGE = 15 * mm
_ROOM = _WIDTH - 2 * _EDGE
_LABELS = 30 * mm
_SIZE, _LINE = 8.0, 10.4
_FOOT = 20 * mm
_PAIR, _PAIRS = 21 * mm, 4
_PITCH = (_ROOM + 3 * mm) / _PAIRS
_PICTURE_ROW = _PAIR + 10 * mm
_MOST_LINES = 4
"""Lines that one text may take; what is longer is cut, so that all stays on one page."""
_INDENT = 13
"""Where the texts begin in the lines of `core.tally.verdict_text`."""

_KINDS = {
    Kind.FURTHER: "below threshold",
    Kind.SAMPLE: "random sample",
    Kind.MARKED: "marked by hand",
}


def signed_result_pdf(
    signed: SignedResult, sha256: str, patient: str | None, pictures: Mapping[int, bytes]
) -> bytes:
    """Draw a signed result on one A4 page; the same result gives the same bytes.

    Parameters
    ----------
    signed, sha256
        The document, and its hash as it was signed.
    patient
        As entered; None where it was erased.
    pictures
        PNG files of accepted cells, by number of the candidate; as `core.store.Store.signed_pictures` gives
        them. As many as there is room for are shown, and how many there are is said.
    """
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=A4, invariant=True)
    canvas.setTitle(f"{one_line(signed.slide)}, version {signed.signature.version}")
    page = _Page(canvas)
    _head(page, signed, patient)
    _verdict(page, signed)
    _facts(page, signed)
    _cells(page, signed, pictures)
    _foot(canvas, signed, sha256)
    canvas.showPage()
    canvas.save()
    return file.getvalue()


@dataclass
class _Page:
    """The page, and how far down it is filled (in points from below)."""

    canvas: Canvas
    top: float = _HEIGHT - _EDGE

    def text(self, left: float, text: str, room: float, size: float = _SIZE, colour: Colour = INK) -> None:
        """Write a text on as many lines as it takes, and go down below it."""
        lines = simpleSplit(one_line(text), "Helvetica", size, room) or [""]
        if len(lines) > _MOST_LINES:
            lines = [*lines[: _MOST_LINES - 1], f"{lines[_MOST_LINES - 1]} …"]
        for line in lines:
            self.top -= size * 1.3
            _line(self.canvas, left, self.top, line, size, colour, room=room)

    def labelled(self, label: str, *texts: str) -> None:
        """Write texts below each other, with a label left of the first."""
        _line(self.canvas, _EDGE, self.top - _LINE, label, _SIZE, PALE_INK)
        for text in texts:
            self.text(_EDGE + _LABELS, text, _ROOM - _LABELS)

    def rule(self) -> None:
        """Draw a line across, with room above and below."""
        self.top -= 2.2 * mm
        self.canvas.setStrokeColorRGB(*(level / 255 for level in PALE_INK))
        self.canvas.setLineWidth(0.4)
        self.canvas.line(_EDGE, self.top, _WIDTH - _EDGE, self.top)
        self.top -= 0.8 * mm


def _head(page: _Page, signed: SignedResult, patient: str | None) -> None:
    under = signed.signature
    page.text(_EDGE, "Thin blood smear: signed result", _ROOM / 2, 14)
    _line(page.canvas, _WIDTH - _EDGE, page.top, RESEARCH_USE_ONLY.upper(), 9, SUSPECT, right=True)
    page.rule()
    page.labelled("Patient", "erased" if patient is None else patient or "not entered")
    page.labelled("Slide", signed.slide)
    page.labelled(
        "Signed", f"version {under.version}, by {under.by}, {under.at.strftime('%Y-%m-%d %H:%M')} UTC"
    )
    if under.amendment is not None:
        page.labelled("Amended because", under.amendment)
    page.rule()


def _verdict(page: _Page, signed: SignedResult) -> None:
    serious = signed.verdict.kind in (VerdictKind.POSITIVE, VerdictKind.SUSPICIOUS)
    page.text(_EDGE, signed.verdict.kind.upper(), _ROOM, 15, SUSPECT if serious else INK)
    for reason in signed.verdict.reasons:
        page.text(_EDGE, reason, _ROOM, 9)
    page.rule()


def _facts(page: _Page, signed: SignedResult) -> None:
    """All that a verdict is printed with, in the words of the tally; the limit of detection; the readers."""
    lines = verdict_text(signed.slide, signed.evidence, signed.verdict).splitlines()[1:-1]
    rows: list[tuple[str, list[str]]] = []
    for line in (line for line in lines if not line.startswith("  - ")):
        label, text = line[:_INDENT].strip(), line[_INDENT:]
        if label:
            rows.append((label, [text]))
        else:
            rows[-1][1].append(text)
    for label, texts in rows:
        if label == "Counted":
            page.labelled("Detection limit", _limit(signed))
            left_out = "; ".join(text.removeprefix("left out: ") for text in texts[1:])
            texts = [texts[0], *([f"left out: {left_out}"] if left_out else [])]
        page.labelled(label, *texts)
    page.labelled("Model card", signed.model.identity)
    page.labelled("Readers", _readers(signed))
    if signed.agreement is not None:
        kappa = signed.agreement.kappa
        page.labelled(
            "Agreement",
            f"{grouped(signed.agreement.agreed)} of {grouped(signed.agreement.cells)} cells called alike by "
            f"first and second reader; Cohen's kappa {'not defined' if kappa is None else f'{kappa:.2f}'}",
        )
    if signed.fields_to_photograph_again:
        fields = ", ".join(flag.field for flag in signed.fields_to_photograph_again)
        page.labelled("Photograph again", fields)
    page.rule()


def _limit(signed: SignedResult) -> str:
    """What a count of this size excludes where no parasite is found in it."""
    kind, limit = signed.verdict.kind, reach_of(signed.evidence).limit_per_ul
    if limit is None or kind == VerdictKind.NOT_VALID:
        return "none: the count allows no figure"
    reached = "excluded" if kind == VerdictKind.NO_PARASITE_SEEN else "would be excluded by a clean count"
    confidence = percent(signed.evidence.assumptions.confidence)
    return f"more than {grouped_up(limit)} parasites/µL {reached} at {confidence}"


def _readers(signed: SignedResult) -> str:
    """Who read as what, and how many cells; capitals make no other person."""
    names: dict[tuple[str, str], str] = {}
    read: Counter[tuple[str, str]] = Counter()
    for cell in signed.readings:
        for reading in cell.readings:
            key = (reading.reader.casefold(), reading.role)
            names.setdefault(key, reading.reader)
            read[key] += 1
    readers = [
        f"{names[key]} ({key[1]}, {grouped(cells)} {'cell' if cells == 1 else 'cells'})"
        for key, cells in read.items()
    ]
    return "; ".join(readers) or "nobody has read"


def _cells(page: _Page, signed: SignedResult, pictures: Mapping[int, bytes]) -> None:
    by_number = {cell.candidate: cell for cell in signed.readings}
    kept = [by_number[picture.candidate] for picture in signed.pictures]
    accepted = sum(cell.decision in ACCEPTED for cell in signed.readings)
    rows = max(0, int((page.top - _FOOT - 6 * mm) // _PICTURE_ROW))
    shown = kept[: rows * _PAIRS]
    if not accepted:
        page.text(_EDGE, "No cell was accepted as infected.", _ROOM, 9)
        return
    page.text(
        _EDGE,
        f"Accepted cells, each with what its score rests on: {grouped(len(shown))} of {grouped(accepted)}",
        _ROOM,
        9,
    )
    page.top -= 2 * mm
    for position, cell in enumerate(shown):
        row, column = divmod(position, _PAIRS)
        left, below = _EDGE + column * _PITCH, page.top - row * _PICTURE_ROW - _PAIR
        _draw_cell(page.canvas, left, below, cell, pictures[cell.candidate])


def _draw_cell(canvas: Canvas, left: float, below: float, cell: SignedCell, png: bytes) -> None:
    image = np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))
    parts = cell_and_map(image)
    for number, part in enumerate(parts):
        canvas.drawImage(_reader(part), left + number * (_PAIR + 0.5 * mm), below, _PAIR, _PAIR)
    room = _PITCH - 3 * mm
    score = "" if cell.infected_score is None else f", score {cell.infected_score:.3f}"
    place = _KINDS[cell.kind] if cell.rank is None else f"rank {cell.rank}"
    _line(canvas, left, below - 7, f"{place}{score}", 6.5, INK, room=room)
    stages = {reading.stage for reading in cell.readings if reading.call == Call.PARASITE and reading.stage}
    _line(canvas, left, below - 14, ", ".join([cell.decision, *sorted(stages)]), 6.5, INK, room=room)
    _line(canvas, left, below - 21, cell.field, 6.5, PALE_INK, room=room)


def _foot(canvas: Canvas, signed: SignedResult, sha256: str) -> None:
    version = signed.versions["smearscope"]
    lines = (
        f"{RESEARCH_USE_ONLY}. Smearscope {version}. What was signed is the JSON document with this SHA-256:",
        sha256,
    )
    for number, line in enumerate(lines):
        _line(canvas, _EDGE, 12 * mm - number * 9, line, 7, PALE_INK)


def _line(
    canvas: Canvas,
    left: float,
    below: float,
    text: str,
    size: float,
    colour: Colour,
    *,
    right: bool = False,
    room: float = _ROOM,
) -> None:
    """Write one line, shortened to a width; what the PDF's own typeface lacks is drawn as a picture."""
    try:
        text.encode("cp1252")
    except UnicodeEncodeError:
        _drawn_line(canvas, left, below, text, size, colour, room)
        return
    while canvas.stringWidth(text, "Helvetica", size) > room:
        text = text.removesuffix("…")[:-1] + "…"
    canvas.setFont("Helvetica", size)
    canvas.setFillColorRGB(*(level / 255 for level in colour))
    (canvas.drawRightString if right else canvas.drawString)(left, below, text)


def _drawn_line(
    canvas: Canvas, left: float, below: float, text: str, size: float, colour: Colour, room: float
) -> None:
    pixels = 64
    scale = size / pixels
    width = min(text_width(text, pixels) + 8, round(room / scale))
    image = blank(round(pixels * 1.5), width)
    image[:] = 255
    write(image, 0, 0, text, pixels, width, colour)
    height = image.shape[0]
    canvas.drawImage(
        _reader(image, "PNG"), left, below - (height - pixels) * scale, width * scale, height * scale
    )


def _reader(image: NDArray[np.uint8], kind: str = "JPEG") -> ImageReader:
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(image)).save(file, kind, quality=90)
    return ImageReader(file)
