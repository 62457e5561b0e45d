"""How one photograph lies on another."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Placement:
    """A turn, a shift and a change of scale, of a picture or of its mirror image.

    Attributes
    ----------
    turn, shift
        A point z = x + iy of the first lies at ``turn * z + shift`` on the second, each in cell widths of its
        own photograph; of a mirrored one the conjugate of z does.
    is_mirrored
        Whether one of them is a mirror image of the other.
    """

    turn: complex
    shift: complex
    is_mirrored: bool = False

    def of(self, points: NDArray[np.complex128]) -> NDArray[np.complex128]:
        """Where points of the first lie on the second."""
        return self.turn * (points.conj() if self.is_mirrored else points) + self.shift

    def of_upside_down(self, height: float) -> Self:
        """The same for a photograph that was turned upside down (y to height - y) before it was laid so."""
        down = self.turn * complex(0, -height if self.is_mirrored else height)
        return type(self)(self.turn, self.shift + down, not self.is_mirrored)

    def then(self, later: "Placement") -> "Placement":
        """How the first lies on a third on which the second lies so."""
        turn, shift = self.turn, self.shift
        if later.is_mirrored:
            turn, shift = turn.conjugate(), shift.conjugate()
        return Placement(
            later.turn * turn, later.turn * shift + later.shift, self.is_mirrored != later.is_mirrored
        )

    @property
    def backwards(self) -> "Placement":
        """How the second lies on the first."""
        turn, shift = 1 / self.turn, -self.shift / self.turn
        if self.is_mirrored:
            turn, shift = turn.conjugate(), shift.conjugate()
        return Placement(turn, shift, self.is_mirrored)
