"""What stands on the pages of a PDF, and where."""

import re
import zlib
from base64 import a85decode
from contextlib import suppress


def drawn_on_pages(pdf: bytes) -> list[str]:
    """Each page's stream of drawing commands."""
    pages = []
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL):
        with suppress(zlib.error):
            content = zlib.decompress(a85decode(b"<~" + stream.strip(), adobe=True))
            if b" Tj" in content:
                pages.append(content.decode("cp1252"))
    return pages


def page_texts(pdf: bytes) -> list[str]:
    """What is written on each page, in the order in which it was drawn, lines apart by blanks."""
    texts = []
    for drawn in drawn_on_pages(pdf):
        text = " ".join(re.findall(r"\((.*?)(?<!\\)\) Tj", drawn))
        text = re.sub(r"\\(\d{3})", lambda code: bytes([int(code[1], 8)]).decode("cp1252"), text)
        texts.append(re.sub(r"\\([()\\])", r"\1", text))
    return texts


def sizes_of_type(pdf: bytes) -> set[float]:
    """Points of all type."""
    return {float(size) for drawn in drawn_on_pages(pdf) for size in re.findall(r"/F\d+ ([\d.]+) Tf", drawn)}


def heights(drawn: str) -> list[float]:
    """How high above the foot of the page its lines of text stand."""
    return [float(y) for y in re.findall(r"1 0 0 1 [\d.]+ (-?[\d.]+) Tm", drawn)]
