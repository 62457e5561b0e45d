"""The numbers by which pages and addresses name cells: before a blind reader, none that tell a rank."""

import hashlib
from dataclasses import dataclass

_HALF_BITS, _ROUNDS = 24, 4
_HALF = (1 << _HALF_BITS) - 1


@dataclass(frozen=True)
class CellNumbers:
    """How a page names the cells of a slide to a reader.

    Candidates are numbered as they were offered, most suspected first: their own numbers would tell a second
    reader the rank that the page withholds. They are given others instead, mixed by a key that the browser
    does not have (a Feistel network, so that each can be turned back without a list).

    Attributes
    ----------
    key
        Mixes the numbers; None shows cells by their own.
    """

    key: bytes | None

    @classmethod
    def of(cls, secret: bytes, slide_id: int, reader: str, *, blind: bool) -> "CellNumbers":
        """Those of one reader on one slide."""
        if not blind:
            return cls(None)
        return cls(hashlib.blake2b(f"{slide_id} {reader}".encode(), key=secret[:64]).digest())

    def shown(self, own: int) -> int:
        """The number that a page shows of a candidate; below 2**48, which a script counts exactly."""
        if self.key is None:
            return own
        left, right = own >> _HALF_BITS & _HALF, own & _HALF
        for turn in range(_ROUNDS):
            left, right = right, left ^ self._mixed(turn, right)
        return left << _HALF_BITS | right

    def own(self, shown: int) -> int:
        """The candidate that a page has shown by a number; another number gives that of no candidate."""
        if self.key is None:
            return shown
        left, right = shown >> _HALF_BITS & _HALF, shown & _HALF
        for turn in reversed(range(_ROUNDS)):
            left, right = right ^ self._mixed(turn, left), left
        return left << _HALF_BITS | right

    def _mixed(self, turn: int, half: int) -> int:
        text = turn.to_bytes(1) + half.to_bytes(_HALF_BITS // 8)
        return int.from_bytes(hashlib.blake2b(text, key=self.key or b"", digest_size=3).digest())
