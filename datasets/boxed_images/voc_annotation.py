"""Annotation files in the XML of Pascal VOC, with the line of each object."""

from dataclasses import dataclass, field
from pathlib import Path
from xml import sax
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import AttributesImpl, Locator

from datasets.boxed_images.boxed_image import BoxedImageError, Problem

CORNERS = ("xmin", "ymin", "xmax", "ymax")


@dataclass
class VocObject:
    """One object: the line that it starts on, its class, and its corners as written (those that are)."""

    line: int
    name: str = ""
    corners: dict[str, str] = field(default_factory=dict)

    @property
    def values(self) -> tuple[str, str, str, str]:
        """First column, first row, last column, last row; empty where there is none."""
        x0, y0, x1, y1 = (self.corners.get(corner, "") for corner in CORNERS)
        return x0, y0, x1, y1


@dataclass(frozen=True)
class VocAnnotation:
    """What a file says: width and height of the image in pixels, if it does, and the objects."""

    size_px: tuple[int, int] | None
    objects: list[VocObject]


def voc_annotation(path: Path) -> VocAnnotation:
    """Read a file; raises `BoxedImageError` naming it, and the line that is no XML."""
    reader = _Reader()
    try:
        with path.open("rb") as file:  # by its name, sax would look for a missing file in the network
            sax.parse(file, reader)  # noqa: S317  (a local set; expat stops expanding entities)
    except sax.SAXParseException as error:
        fault = f"no XML ({error.getMessage()})"
        problem = Problem(path, error.getLineNumber(), fault, "unpack the annotations anew")
        raise BoxedImageError(problem) from error
    except OSError as error:
        problem = Problem(path, None, f"cannot be read ({error.strerror})", "unpack the annotations anew")
        raise BoxedImageError(problem) from error
    width, height = (reader.size.get(side, "") for side in ("width", "height"))
    stated = (int(width), int(height)) if width.isdecimal() and height.isdecimal() else None
    return VocAnnotation(stated, reader.objects)


class _Reader(ContentHandler):
    def __init__(self) -> None:
        super().__init__()
        self.objects: list[VocObject] = []
        self.size: dict[str, str] = {}
        self._open: list[str] = []
        self._text = ""
        self._locator: Locator

    def setDocumentLocator(self, locator: Locator) -> None:  # noqa: N802  (the library's name)
        self._locator = locator

    def startElement(self, name: str, attrs: AttributesImpl) -> None:  # noqa: N802
        self._open.append(name)
        self._text = ""
        if self._open[1:] == ["object"]:
            self.objects.append(VocObject(self._locator.getLineNumber() or 0))

    def characters(self, content: str) -> None:
        self._text += content

    def endElement(self, name: str) -> None:  # noqa: N802
        inside, text = self._open[1:-1], self._text.strip()
        if inside == ["object"] and name == "name":
            self.objects[-1].name = text
        elif inside == ["object", "bndbox"]:
            self.objects[-1].corners[name] = text
        elif inside == ["size"]:
            self.size[name] = text
        self._open.pop()
        self._text = ""
