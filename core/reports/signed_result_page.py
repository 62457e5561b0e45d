"""A signed result in print, in each language: what was found, room to sign, and all accepted cells."""

import io
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
from PIL import Image
from reportlab.lib.units import mm

from core.reports.candidates import cell_and_map
from core.reports.drawing import INK, PALE_INK, RED
from core.reports.printed_pages import EDGE, ROOM, HeadAndFoot, PrintedPages, printed
from core.review import SignedResult, parasite_totals, totals_in
from core.review.decisions import ACCEPTED
from core.review.notes import note_text
from core.review.signed_result import SignedCell, SignedReading
from core.slides.pixels import resized
from core.store import Role
from core.tally import CONFIDENCE, VerdictKind, can_be_translated, reasons_in, verdict_facts
from core.wording import in_language, sentence, term

_ACROSS, _DOWN = 4, 4
_PITCH = (ROOM + 4 * mm) / _ACROSS
_PICTURE = 36 * mm
_ROW = 60 * mm
_CAPTION_LINE = 10.8
_FEWEST_PX = 400
"""Side of a picture in print; what is smaller is enlarged smoothly, what is larger stays as it is."""
_NOTES_LINES = 4


@dataclass(frozen=True)
class Letterhead:
    """What is printed as of now, because the signed document does not hold it.

    Attributes
    ----------
    patient
        As entered; None where it was erased.
    laboratory
        Its name; None where the settings of the data folder give none.
    laboratory_number
        That the laboratory gave the sample; None where there is none, or it was erased with the patient.
    sampled_on
        Day on which the sample was taken, where it was told.
    """

    patient: str | None
    laboratory: str | None = None
    laboratory_number: str | None = None
    sampled_on: date | None = None


def signed_result_pdf(
    signed: SignedResult,
    sha256: str,
    letterhead: Letterhead,
    pictures: Mapping[int, bytes],
    language: str = "en",
) -> bytes:
    """Print a signed result on A4 pages; the same result gives the same bytes.

    Parameters
    ----------
    signed, sha256
        The document, and its hash as it was signed.
    pictures
        PNG files of accepted cells, by number of the candidate, as `Store.signatures.pictures` gives them.
    language
        One of `core.wording.LANGUAGES`.
    """
    print_of = _Print(signed, letterhead, pictures, language)
    title = f"{signed.slide}, version {signed.signature.version}"
    return printed(title, language, print_of.head_and_foot(sha256), print_of.draw)


@dataclass(frozen=True)
class _Print:
    """One signed result in one language."""

    signed: SignedResult
    letterhead: Letterhead
    pictures: Mapping[int, bytes]
    language: str

    def draw(self, paper: PrintedPages) -> None:
        """Draw all pages."""
        self._identity(paper)
        self._verdict(paper)
        self._facts(paper)
        self._room_to_sign(paper)
        self._cells(paper)

    def head_and_foot(self, sha256: str) -> HeadAndFoot:
        """The notice, whose result it is, and which document was signed."""
        notice = in_language(sentence("notice"), self.language)
        return HeadAndFoot(
            notice=notice.upper(),
            subject=self._say("sent", patient=self._patient, slide=self.signed.slide),
            foot=(self._say("foot", version=self.signed.versions["smearscope"]), sha256),
            number=lambda page, pages: self._say("number", page=page, pages=pages),
        )

    @property
    def _patient(self) -> str:
        patient = self.letterhead.patient
        return self._say("erased") if patient is None else patient or self._say("not_entered")

    def _details(self, code: str) -> str:
        return in_language(sentence(f"details.{code}"), self.language)

    def _say(self, code: str, /, **values: int | float | str) -> str:
        return in_language(sentence(f"page.{code}", **values), self.language)

    def _term(self, group: str, value: str) -> str:
        return term(group, value, self.language)

    def _identity(self, paper: PrintedPages) -> None:
        say, under = self._say, self.signed.signature
        paper.text(say("title"), size=15)
        paper.rule()
        if self.letterhead.laboratory is not None:
            paper.labelled(say("laboratory"), self.letterhead.laboratory)
        paper.labelled(say("patient"), self._patient)
        if self.letterhead.laboratory_number:
            paper.labelled(self._details("laboratory_number"), self.letterhead.laboratory_number)
        paper.labelled(say("slide"), self.signed.slide)
        if self.letterhead.sampled_on is not None:
            paper.labelled(self._details("sampled_on"), self.letterhead.sampled_on.isoformat())
        when = f"{under.at.strftime('%Y-%m-%d %H:%M')} UTC"
        paper.labelled(say("signed"), say("signature", version=under.version, by=under.by, when=when))
        if under.amendment is not None:
            paper.labelled(say("amended"), under.amendment)
        paper.rule()

    def _verdict(self, paper: PrintedPages) -> None:
        """The verdict; that the model is not valid for the slide, whatever was found; and the reasons."""
        judged = self.signed.verdict
        serious = judged.kind in (VerdictKind.POSITIVE, VerdictKind.SUSPICIOUS)
        paper.text(self._term("kind", judged.kind).upper(), size=16, colour=RED if serious else INK)
        if self._outside and judged.kind != VerdictKind.NOT_VALID:
            paper.text(in_language(sentence("slide.not_valid"), self.language), size=10, colour=RED)
        for reason in reasons_in(judged, self.language):
            paper.text(reason, size=10)
        if self.language != "en" and not can_be_translated(judged):
            paper.text(self._say("reasons_as_signed"), colour=PALE_INK)
        paper.rule()

    @property
    def _outside(self) -> bool:
        return bool(self.signed.evidence.conditions.outside_validity)

    def _facts(self, paper: PrintedPages) -> None:
        """What the verdict is printed with, in the words of the tally; the parasites by kind; the readers."""
        say, signed = self._say, self.signed
        totals = totals_in(parasite_totals(signed.readings), self.language)
        for fact in verdict_facts(signed.evidence, signed.verdict, self.language):
            if fact.code == "counted":
                for total in totals:
                    paper.labelled(total.label, *total.texts)
                if signed.verdict.detection_limit_per_ul is not None:
                    limit = signed.verdict.detection_limit_per_ul
                    paper.labelled(
                        say("detection_limit"), say("excluded", limit=limit, confidence=CONFIDENCE)
                    )
            paper.labelled(fact.label, *fact.texts)
        if not self._outside:
            paper.labelled(say("validity"), say("valid"))
        paper.labelled(say("model_card"), signed.model.identity)
        paper.labelled(say("readers"), self._readers())
        if signed.agreement is not None:
            agreed, cells, kappa = signed.agreement.agreed, signed.agreement.cells, signed.agreement.kappa
            shown = say("no_kappa") if kappa is None else say("kappa", kappa=kappa)
            paper.labelled(say("agreement"), say("alike", agreed=agreed, cells=cells, kappa=shown))
        if signed.fields_to_photograph_again:
            fields = ", ".join(flag.field for flag in signed.fields_to_photograph_again)
            paper.labelled(say("photograph_again"), fields)
        if not self._accepted:
            paper.text(say("none_accepted"))
        paper.rule()

    def _readers(self) -> str:
        """Who read as what, and how many cells; capitals make no other person."""
        names: dict[tuple[str, str], str] = {}
        read: Counter[tuple[str, str]] = Counter()
        for cell in self.signed.readings:
            for reading in cell.readings:
                key = (reading.reader.casefold(), reading.role)
                names.setdefault(key, reading.reader)
                read[key] += 1
        readers = [
            self._say("reader", name=names[key], role=key[1], cells=cells) for key, cells in read.items()
        ]
        return "; ".join(readers) or self._say("nobody_read")

    def _room_to_sign(self, paper: PrintedPages) -> None:
        """The notes that were signed, lines for more by hand, and for a name, a date and a signature."""
        paper.text(self._say("notes"), colour=PALE_INK)
        for note in self.signed.notes:
            paper.text(note_text(note, self.language))
        apart = 8 * mm
        paper.keep_together((_NOTES_LINES + 3) * apart)
        for _ in range(_NOTES_LINES):
            paper.top -= apart
            paper.ruled(EDGE, paper.top, ROOM)
        paper.top -= 2 * apart
        left, gap = EDGE, 6 * mm
        widths = (65 * mm, 35 * mm, ROOM - 100 * mm - 2 * gap)
        for code, width in zip(("signed_name", "signed_date", "signed_here"), widths, strict=True):
            paper.ruled(left, paper.top, width)
            paper.line(left, paper.top - 4 * mm, self._say(code), colour=PALE_INK, room=width)
            left += width + gap
        paper.top -= apart

    @property
    def _accepted(self) -> int:
        return sum(cell.decision in ACCEPTED for cell in self.signed.readings)

    def _cells(self, paper: PrintedPages) -> None:
        """Pages of the accepted cells. Earlier versions kept the pictures of the first 16 of them."""
        by_number = {cell.candidate: cell for cell in self.signed.readings}
        kept = [by_number[picture.candidate] for picture in self.signed.pictures]
        if len(kept) == self._accepted:
            title = self._say("accepted", accepted=self._accepted)
        else:
            title = self._say("accepted_shown", accepted=self._accepted, shown=len(kept))
        for first in range(0, len(kept), _ACROSS * _DOWN):
            paper.next_page()
            paper.text(title, size=11)
            paper.top -= 2 * mm
            for position, cell in enumerate(kept[first : first + _ACROSS * _DOWN]):
                row, column = divmod(position, _ACROSS)
                self._cell(paper, EDGE + column * _PITCH, paper.top - row * _ROW, cell)

    def _cell(self, paper: PrintedPages, left: float, top: float, cell: SignedCell) -> None:
        """One accepted cell: its picture, its place, and what each reader called it."""
        image = np.asarray(Image.open(io.BytesIO(self.pictures[cell.candidate])).convert("RGB"))
        parts = cell_and_map(image)
        room = _PITCH - 4 * mm
        side = min(_PICTURE, room / len(parts))
        for number, part in enumerate(parts):
            shown = resized(part, _FEWEST_PX) if part.shape[0] < _FEWEST_PX else part
            paper.picture(shown, left + number * side, top - side, side)
        for number, text in enumerate(self._caption(cell), start=1):
            paper.line(left, top - side - number * _CAPTION_LINE, text, room=room)

    def _caption(self, cell: SignedCell) -> list[str]:
        place = self._term("place", cell.kind) if cell.rank is None else self._say("rank", rank=cell.rank)
        score = [] if cell.infected_score is None else [self._say("score", score=cell.infected_score)]
        readings = sorted(cell.readings, key=lambda reading: list(Role).index(reading.role))
        return [
            ", ".join([place, *score]),
            cell.field,
            self._term("decision", cell.decision),
            *map(self._called, readings),
        ]

    def _called(self, reading: SignedReading) -> str:
        if reading.stage is None:
            return self._say("called", role=reading.role, call=reading.call)
        return self._say("called_stage", role=reading.role, call=reading.call, stage=reading.stage)
