"""JSON files read member by member, so that a file of any length takes the memory of its largest member."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from core.files import shown_path
from datasets.fields import AnnotationError

_CHUNK = 1 << 20
_WHITE = " \t\r\n"
_BEHIND_A_VALUE = tuple(f"{_WHITE},:]}}")


def members(path: Path) -> Iterator[tuple[str, Any]]:
    """Names and values of the outermost object of a file, in its order.

    A member that is a list comes as its elements, each under the name of the list; the elements of an
    outermost list come under the empty name.

    Raises
    ------
    AnnotationError
        Where the file cannot be read or is not JSON.
    """
    try:
        with path.open(encoding="utf-8-sig") as file:
            yield from _Reader(file).outermost()
    except OSError as error:
        raise AnnotationError(
            f"{shown_path(path)}: cannot be read ({error.strerror}); give the file that was exported"
        ) from error
    except (ValueError, RecursionError) as error:
        raise AnnotationError(
            f"{shown_path(path)}: is not JSON ({error}); export it anew, or name its format"
        ) from error


class _Reader:
    def __init__(self, file: TextIO) -> None:
        self._file, self._text, self._at, self._ended = file, "", 0, False
        self._decoder = json.JSONDecoder(parse_constant=_unknown)

    def outermost(self) -> Iterator[tuple[str, Any]]:
        opening = self._next()
        if opening == "[":
            yield from (("", element) for element in self._elements())
        elif opening == "{":
            yield from self._members()
        else:
            raise ValueError(f"it begins with {opening!r}")
        if self._next() != "":
            raise ValueError("something follows its end")

    def _members(self) -> Iterator[tuple[str, Any]]:
        self._take()
        while self._next() != "}":
            name = self._value()
            self._expect(":")
            if self._next() == "[":
                yield from ((name, element) for element in self._elements())
            else:
                yield name, self._value()
            if self._next() != "}":
                self._expect(",")
        self._take()

    def _elements(self) -> Iterator[Any]:
        self._take()
        while self._next() != "]":
            yield self._value()
            if self._next() != "]":
                self._expect(",")
        self._take()

    def _next(self) -> str:
        """The next character that is not white, not taken; empty at the end."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in _WHITE:
                self._at += 1
            if self._at < len(self._text):
                return self._text[self._at]
            if self._ended:
                return ""
            self._read_on()

    def _take(self) -> None:
        self._at += 1

    def _expect(self, character: str) -> None:
        if self._next() != character:
            raise ValueError(f"{character!r} is missing")
        self._take()

    def _value(self) -> Any:  # noqa: ANN401 - whatever a file holds
        self._next()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
            except json.JSONDecodeError:
                if self._ended:
                    raise
            else:
                # Else a number may go on in what is not read yet.
                if self._text[end : end + 1] in _BEHIND_A_VALUE or self._ended:
                    self._at = end
                    return value
            self._read_on()

    def _read_on(self) -> None:
        """Read more, as much as there is already, so that a long member is not tried too often."""
        kept = self._text[self._at :]
        more = self._file.read(max(_CHUNK, len(kept)))
        self._text, self._at, self._ended = kept + more, 0, not more


def _unknown(_: str) -> None:
    """NaN and Infinity, which QuPath writes where it could not measure: JSON has no such numbers."""
