"""A4 pages of text and pictures, as many as it takes, with the same head and foot on each."""

import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader, simpleSplit
from reportlab.pdfgen.canvas import Canvas

from core.reports.drawing import INK, PALE_INK, RED, Colour, blank, one_line, text_width, write

SIZE = 9.0
"""Points of the smallest type: what is smaller cannot be read on paper by everybody."""
WIDTH, HEIGHT = A4
EDGE = 15 * mm
ROOM = WIDTH - 2 * EDGE
TOP = HEIGHT - 25 * mm
"""Where the body of a page begins, below its head; points from below, as all heights here."""
FOOT = 21 * mm
"""Where it ends."""
_LABELS = 36 * mm
_LEADING = 1.3
_FONT = "Helvetica"


@dataclass(frozen=True)
class HeadAndFoot:
    """What stands on each page.

    Attributes
    ----------
    notice, subject
        The two lines of the head.
    foot
        The two lines of the foot.
    number
        Says which page it is, of how many.
    """

    notice: str
    subject: str
    foot: tuple[str, str]
    number: Callable[[int, int], str]


def printed(
    title: str, language: str, each_page: HeadAndFoot, draw: Callable[["PrintedPages"], None]
) -> bytes:
    """Print what `draw` draws; the same drawing gives the same bytes.

    Parameters
    ----------
    title
        Of the PDF file.
    draw
        Called twice: how many pages there are is known only after the first time.
    """
    pages = 0
    for _ in range(2):
        file = io.BytesIO()
        canvas = Canvas(file, pagesize=A4, invariant=True, lang=language)
        canvas.setTitle(one_line(title))
        paper = PrintedPages(canvas, each_page, pages)
        draw(paper)
        canvas.showPage()
        canvas.save()
        pages = paper.page
    return file.getvalue()


class PrintedPages:
    """The page that is being filled from its top down, and those before it.

    Parameters
    ----------
    canvas
        Of the file.
    each_page
        What stands on each page.
    pages
        How many there will be; 0 while they are counted.
    """

    def __init__(self, canvas: Canvas, each_page: HeadAndFoot, pages: int) -> None:
        self._canvas, self._each_page, self._pages = canvas, each_page, pages
        self.page, self.top = 1, TOP
        self._head_and_foot()

    def next_page(self) -> None:
        """End the page and begin another."""
        self._canvas.showPage()
        self.page, self.top = self.page + 1, TOP
        self._head_and_foot()

    def keep_together(self, height: float) -> None:
        """Begin another page where less than a height is left on this one."""
        if self.top - height < FOOT:
            self.next_page()

    def text(
        self, text: str, *, left: float = EDGE, room: float = ROOM, size: float = SIZE, colour: Colour = INK
    ) -> None:
        """Write a text on as many lines as it takes, and go down below it."""
        for line in simpleSplit(one_line(text), _FONT, size, room) or [""]:
            self.keep_together(size * _LEADING)
            self.top -= size * _LEADING
            self.line(left, self.top, line, size=size, colour=colour, room=room)

    def labelled(self, label: str, *texts: str) -> None:
        """Write texts below each other, with a label left of the first."""
        self.keep_together(SIZE * _LEADING)
        self.line(EDGE, self.top - SIZE * _LEADING, label, colour=PALE_INK, room=_LABELS)
        for text in texts:
            self.text(text, left=EDGE + _LABELS, room=ROOM - _LABELS)

    def rule(self) -> None:
        """Draw a line across, with room above and below."""
        self.top -= 2.2 * mm
        self.ruled(EDGE, self.top, ROOM)
        self.top -= 0.8 * mm

    def ruled(self, left: float, below: float, width: float) -> None:
        """Draw a thin line from a place to the right."""
        self._pale_pen()
        self._canvas.line(left, below, left + width, below)

    def picture(self, image: NDArray[np.uint8], left: float, below: float, side: float) -> None:
        """Draw a square RGB picture, framed: backgrounds can be as white as the paper."""
        if not self._pages:
            return  # the pages are only being counted, and a picture takes most of the time
        self._canvas.drawImage(_reader(image, "JPEG"), left, below, side, side)
        self._pale_pen()
        self._canvas.rect(left, below, side, side)

    def line(
        self,
        left: float,
        below: float,
        text: str,
        *,
        size: float = SIZE,
        colour: Colour = INK,
        room: float = ROOM,
    ) -> None:
        """Write one line, shortened to a width in its middle; what the PDF's typeface lacks is drawn."""
        text = one_line(text)
        try:
            text.encode("cp1252")
        except UnicodeEncodeError:
            self._drawn_line(left, below, text, size, colour, room)
            return
        canvas, kept = self._canvas, len(text)
        shown = text
        while canvas.stringWidth(shown, _FONT, size) > room:
            kept -= 1
            # Two letters of the end for each of the beginning: names of fields differ at the end.
            shown = text[: kept // 3] + "…" + text[len(text) - (kept - kept // 3) :]
        canvas.setFont(_FONT, size)
        canvas.setFillColorRGB(*(level / 255 for level in colour))
        canvas.drawString(left, below, shown)

    def _drawn_line(
        self, left: float, below: float, text: str, size: float, colour: Colour, room: float
    ) -> None:
        pixels = 64
        scale = size / pixels
        width = min(text_width(text, pixels) + 8, round(room / scale))
        image = blank(round(pixels * 1.5), width)
        image[:] = 255
        write(image, 0, 0, text, pixels, width, colour)
        height = image.shape[0]
        self._canvas.drawImage(
            _reader(image, "PNG"), left, below - (height - pixels) * scale, width * scale, height * scale
        )

    def _pale_pen(self) -> None:
        self._canvas.setStrokeColorRGB(*(level / 255 for level in PALE_INK))
        self._canvas.setLineWidth(0.4)

    def _head_and_foot(self) -> None:
        each = self._each_page
        self.line(EDGE, HEIGHT - 13 * mm, each.notice, colour=RED)
        self.line(EDGE, HEIGHT - 18 * mm, each.subject)
        self.ruled(EDGE, HEIGHT - 20 * mm, ROOM)
        self.ruled(EDGE, FOOT - 4 * mm, ROOM)
        first, second = each.foot
        self.line(EDGE, FOOT - 8.5 * mm, first)
        self.line(EDGE, FOOT - 13 * mm, second, colour=PALE_INK, room=ROOM - 32 * mm)
        number = each.number(self.page, self._pages)
        wide = self._canvas.stringWidth(number, _FONT, SIZE)
        self.line(WIDTH - EDGE - wide, FOOT - 13 * mm, number)


def _reader(image: NDArray[np.uint8], kind: str) -> ImageReader:
    file = io.BytesIO()
    # Colours at the full resolution: a parasite is red beside blue, a few pixels wide.
    Image.fromarray(np.ascontiguousarray(image)).save(file, kind, quality=92, subsampling=0)
    return ImageReader(file)
