"""Text for XML files, and XML files read piece by piece."""

import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

from core.files import shown_path
from datasets.fields import AnnotationError

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_KEPT = {"\r": "&#13;", "\n": "&#10;", "\t": "&#9;"}
"""A reader of XML would make a line feed or a space of them."""


def content(value: object) -> str:
    """A value as the content of an element; what XML has no character for is a replacement character."""
    return escape(_NOT_IN_XML.sub("\ufffd", str(value)), _KEPT)


def quoted(value: object) -> str:
    """A value as that of an XML attribute, in quotation marks."""
    return quoteattr(_NOT_IN_XML.sub("\ufffd", str(value)), _KEPT)


def elements(path: Path, *tags: str) -> Iterator[tuple[ElementTree.Element, ElementTree.Element]]:
    """The outermost element of a file with each element of these names, at its end; it is emptied after.

    Raises
    ------
    AnnotationError
        Where the file cannot be read or is not XML.
    """
    root: ElementTree.Element | None = None
    try:
        with path.open("rb") as file:
            # A file from another program: expat loads nothing from outside and stops expanding entities.
            for event, element in ElementTree.iterparse(file, ("start", "end")):  # noqa: S314
                if root is None:
                    root = element
                if event == "end" and element.tag in tags:
                    yield root, element
                    element.clear()
    except OSError as error:
        raise AnnotationError(
            f"{shown_path(path)}: cannot be read ({error.strerror}); give the file that was exported"
        ) from error
    except ElementTree.ParseError as error:
        raise AnnotationError(f"{shown_path(path)}: is not XML ({error}); export it anew") from error
