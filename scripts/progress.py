"""Progress of a scoring run on the terminal, and as a line now and then where there is none."""

import sys
import time
from types import TracebackType
from typing import Self

from tqdm import tqdm

from core.files import shown_path
from core.tally import grouped

SECONDS_BETWEEN_LINES = 30.0


class ScoringBars:
    """Two bars on stderr, over slides and over the fields of the present one, with cells/s and time left.

    A `core.scoring.slide_run.ScoringObserver`. Where stderr is no terminal, it writes a line every half
    minute instead.
    """

    def __init__(self, slides: int) -> None:
        self._terminal = sys.stderr.isatty()
        self._slides = tqdm(
            total=slides, unit="slide", desc="slides", disable=not self._terminal or slides == 1, leave=False
        )
        self._fields = self._field_bar("", 0, 0)
        self._name = ""
        self._cells = 0
        self._done, self._total = 0, 0
        self._began = self._last_line = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._fields.close()
        self._slides.close()

    def slide_begins(self, name: str, fields: int, fields_done: int) -> None:
        """Start the bar of a slide; what an earlier run has scored stands there at once."""
        self._fields.close()
        self._name = shown_path(name)
        self._fields = self._field_bar(self._name, fields, fields_done)
        self._cells, self._done, self._total = 0, fields_done, fields
        self._began = time.monotonic()
        if fields_done:
            self.remark(
                f"{self._name}: {grouped(fields_done)} of {grouped(fields)} fields are scored already"
            )

    def field_done(self, cells: int) -> None:
        """Move the bar of the slide on."""
        self._cells += cells
        self._done += 1
        self._fields.set_postfix_str(f"{grouped(self._cells_per_second())} cells/s", refresh=False)
        self._fields.update()
        now = time.monotonic()
        if not self._terminal and now - self._last_line >= SECONDS_BETWEEN_LINES:
            self._last_line = now
            self.remark(
                f"{self._name}: {grouped(self._done)} of {grouped(self._total)} fields, "
                f"{grouped(self._cells_per_second())} cells/s"
            )

    def slide_ends(self) -> None:
        """Move the bar of slides on."""
        self._slides.update()

    def remark(self, line: str) -> None:
        """Write a line without breaking the bars."""
        tqdm.write(line, file=sys.stderr)

    def _cells_per_second(self) -> float:
        return self._cells / max(time.monotonic() - self._began, 1e-3)

    def _field_bar(self, name: str, fields: int, fields_done: int) -> "tqdm[None]":
        return tqdm(
            total=fields,
            initial=fields_done,
            unit="field",
            desc=name,
            disable=not self._terminal or not fields,
            leave=False,
            dynamic_ncols=True,
        )
