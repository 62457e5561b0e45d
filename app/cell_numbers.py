"""The numbers by which pages and addresses name cells: before a blind reader, none that tell a rank."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from core.store import SlideRecord, StoreError
from core.wording import sentence

_BYTES = 6
"""Of a number before the blind: a script counts exactly below 2**53."""


@dataclass(frozen=True)
class CellNumbers:
    """How a page names the cells of a slide to a reader.

    Candidates are numbered as they were offered, highest score first: their own numbers would tell a second
    reader the rank that the page withholds. They are given others instead, hashed with a key that the browser
    does not have.

    Attributes
    ----------
    slide_id
        The slide.
    of_candidates
        The number that a page shows, by the candidate's own; None shows cells by their own.
    """

    slide_id: int
    of_candidates: Mapping[int, int] | None

    @classmethod
    def of(cls, secret: bytes, record: SlideRecord, reader: str, *, blind: bool) -> "CellNumbers":
        """Those of one reader on one slide; a number stays when cells are added."""
        if not blind:
            return cls(record.slide.id, None)
        key = hashlib.blake2b(f"{record.slide.id} {reader.casefold()}".encode(), key=secret[:64]).digest()
        own_of: dict[int, int] = {}
        # Those added later come last, so that of two equal hashes the earlier candidate keeps its number.
        for own in sorted(candidate.id for candidate in record.candidates):
            text = f"{own}"
            while (number := _hashed(text, key)) in own_of:
                text += "+"
            own_of[number] = own
        return cls(record.slide.id, {own: number for number, own in own_of.items()})

    def shown(self, own: int) -> int:
        """The number that a page shows of a candidate; raises `StoreError` where the slide has none such."""
        if self.of_candidates is None:
            return own
        if own not in self.of_candidates:
            raise self._unknown(own)
        return self.of_candidates[own]

    def own(self, shown: int) -> int:
        """The candidate that a page has shown by a number; raises `StoreError` where it has shown none."""
        if self.of_candidates is None:
            return shown
        for own, number in self.of_candidates.items():
            if number == shown:
                return own
        raise self._unknown(shown)

    def _unknown(self, number: int) -> StoreError:
        return StoreError(sentence("store.no_candidate", slide=str(self.slide_id), candidate=str(number)))


def _hashed(text: str, key: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), key=key, digest_size=_BYTES).digest())
