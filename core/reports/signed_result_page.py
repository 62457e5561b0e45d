"""A signed result on one printed page, in each language."""

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

from core.reports.candidates import cell_and_map
from core.reports.drawing import INK, PALE_INK, RED, Colour, blank, one_line, text_width, write
from core.review import SignedResult
from core.review.decisions import ACCEPTED
from core.review.signed_result import SignedCell
from core.store import Call
from core.tally import CONFIDENCE, VerdictKind, reach_of, reasons_in, verdict_facts
from core.tally.wording import excluded_in
from core.wording import in_language, sentence, term

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


def signed_result_pdf(
    signed: SignedResult,
    sha256: str,
    patient: str | None,
    pictures: Mapping[int, bytes],
    language: str = "en",
) -> bytes:
    """Draw a signed result on one A4 page; the same result gives the same bytes.

    Parameters
    ----------
    signed, sha256
        The document, and its hash as it was signed.
    patient
        As entered; None where it was erased.
    pictures
        PNG files of accepted cells, by number of the candidate, as `Store.signatures.pictures` gives them.
        As many as there is room for are shown, and how many there are is said.
    language
        One of `core.wording.LANGUAGES`.
    """
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=A4, invariant=True, lang=language)
    canvas.setTitle(f"{one_line(signed.slide)}, version {signed.signature.version}")
    page = _Page(canvas, language)
    _head(page, signed, patient)
    _verdict(page, signed)
    _facts(page, signed)
    _cells(page, signed, pictures)
    _foot(page, signed, sha256)
    canvas.showPage()
    canvas.save()
    return file.getvalue()


@dataclass
class _Page:
    """The page, its language, and how far down it is filled (in points from below)."""

    canvas: Canvas
    language: str
    top: float = _HEIGHT - _EDGE

    def say(self, code: str, /, **values: int | float | str) -> str:
        """A text of the page."""
        return in_language(sentence(f"page.{code}", **values), self.language)

    def term(self, group: str, value: str) -> str:
        """The word for a value of a group."""
        return term(group, value, self.language)

    @property
    def notice(self) -> str:
        """What goes with every result."""
        return in_language(sentence("notice"), self.language)

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
    under, say = signed.signature, page.say
    page.text(_EDGE, page.notice.upper(), _ROOM, 9, RED)
    page.text(_EDGE, say("title"), _ROOM, 14)
    page.rule()
    page.labelled(say("patient"), say("erased") if patient is None else patient or say("not_entered"))
    page.labelled(say("slide"), signed.slide)
    when = f"{under.at.strftime('%Y-%m-%d %H:%M')} UTC"
    page.labelled(say("signed"), say("signature", version=under.version, by=under.by, when=when))
    if under.amendment is not None:
        page.labelled(say("amended"), under.amendment)
    page.rule()


def _verdict(page: _Page, signed: SignedResult) -> None:
    judged = signed.verdict
    serious = judged.kind in (VerdictKind.POSITIVE, VerdictKind.SUSPICIOUS)
    page.text(_EDGE, page.term("kind", judged.kind).upper(), _ROOM, 15, RED if serious else INK)
    for reason in reasons_in(judged, page.language):
        page.text(_EDGE, reason, _ROOM, 9)
    if page.language != "en" and not judged.sentences:
        page.text(_EDGE, page.say("reasons_as_signed"), _ROOM, _SIZE, PALE_INK)
    page.rule()


def _facts(page: _Page, signed: SignedResult) -> None:
    """All that a verdict is printed with, in the words of the tally; the limit of detection; the readers."""
    say = page.say
    for fact in verdict_facts(signed.evidence, signed.verdict, page.language):
        texts = fact.texts
        if fact.code == "counted":
            page.labelled(say("detection_limit"), _limit(page, signed))
            left_out = "; ".join(excluded_in(signed.evidence, page.language))
            texts = (*texts[:2], *([say("left_out", what=left_out)] if left_out else []))
        page.labelled(fact.label, *texts)
    page.labelled(say("model_card"), signed.model.identity)
    page.labelled(say("readers"), _readers(page, signed))
    if signed.agreement is not None:
        agreed, cells, kappa = signed.agreement.agreed, signed.agreement.cells, signed.agreement.kappa
        shown = say("no_kappa") if kappa is None else say("kappa", kappa=kappa)
        page.labelled(say("agreement"), say("alike", agreed=agreed, cells=cells, kappa=shown))
    if signed.fields_to_photograph_again:
        fields = ", ".join(flag.field for flag in signed.fields_to_photograph_again)
        page.labelled(say("photograph_again"), fields)
    page.rule()


def _limit(page: _Page, signed: SignedResult) -> str:
    """What a count of this size excludes where no parasite is found in it."""
    limit = reach_of(signed.evidence).limit_per_ul
    if limit is None or signed.evidence.conditions.outside_validity:
        return page.say("no_limit")
    nothing_found = signed.verdict.kind == VerdictKind.NO_PARASITE_SEEN
    code = "excluded" if nothing_found else "would_be_excluded"
    return page.say(code, limit=limit, confidence=CONFIDENCE)


def _readers(page: _Page, signed: SignedResult) -> str:
    """Who read as what, and how many cells; capitals make no other person."""
    names: dict[tuple[str, str], str] = {}
    read: Counter[tuple[str, str]] = Counter()
    for cell in signed.readings:
        for reading in cell.readings:
            key = (reading.reader.casefold(), reading.role)
            names.setdefault(key, reading.reader)
            read[key] += 1
    readers = [page.say("reader", name=names[key], role=key[1], cells=cells) for key, cells in read.items()]
    return "; ".join(readers) or page.say("nobody_read")


def _cells(page: _Page, signed: SignedResult, pictures: Mapping[int, bytes]) -> None:
    by_number = {cell.candidate: cell for cell in signed.readings}
    kept = [by_number[picture.candidate] for picture in signed.pictures]
    accepted = sum(cell.decision in ACCEPTED for cell in signed.readings)
    rows = max(0, int((page.top - _FOOT - 6 * mm) // _PICTURE_ROW))
    shown = kept[: rows * _PAIRS]
    if not accepted:
        page.text(_EDGE, page.say("none_accepted"), _ROOM, 9)
        return
    page.text(_EDGE, page.say("accepted", shown=len(shown), accepted=accepted), _ROOM, 9)
    page.top -= 2 * mm
    for position, cell in enumerate(shown):
        row, column = divmod(position, _PAIRS)
        left, below = _EDGE + column * _PITCH, page.top - row * _PICTURE_ROW - _PAIR
        _draw_cell(page, left, below, cell, pictures[cell.candidate])


def _draw_cell(page: _Page, left: float, below: float, cell: SignedCell, png: bytes) -> None:
    image = np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))
    parts, canvas = cell_and_map(image), page.canvas
    for number, part in enumerate(parts):
        canvas.drawImage(_reader(part), left + number * (_PAIR + 0.5 * mm), below, _PAIR, _PAIR)
    room = _PITCH - 3 * mm
    place = page.term("place", cell.kind) if cell.rank is None else page.say("rank", rank=cell.rank)
    score = [] if cell.infected_score is None else [page.say("score", score=cell.infected_score)]
    _line(canvas, left, below - 7, ", ".join([place, *score]), 6.5, INK, room=room)
    stages = {reading.stage for reading in cell.readings if reading.call == Call.PARASITE and reading.stage}
    words = [page.term("decision", cell.decision), *(page.term("stage", stage) for stage in sorted(stages))]
    _line(canvas, left, below - 14, ", ".join(words), 6.5, INK, room=room)
    _line(canvas, left, below - 21, cell.field, 6.5, PALE_INK, room=room)


def _foot(page: _Page, signed: SignedResult, sha256: str) -> None:
    foot = page.say("foot", notice=page.notice, version=signed.versions["smearscope"])
    for number, line in enumerate((foot, sha256)):
        _line(page.canvas, _EDGE, 12 * mm - number * 9, line, 7, PALE_INK)


def _line(
    canvas: Canvas,
    left: float,
    below: float,
    text: str,
    size: float,
    colour: Colour,
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
    canvas.drawString(left, below, text)


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
