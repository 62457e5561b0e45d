"""Where the cells of a field lie: apart where there is room, some against or over one another."""

import numpy as np
from numpy.typing import NDArray

_TRIES = 8
# A centre may lie this far outside the image, in radii: the edge cuts cells, and some of each is seen.
_OUTSIDE = 0.25


def place_among(
    rng: np.random.Generator,
    width_px: int,
    height_px: int,
    radii_px: NDArray[np.float64],
    *,
    clumping: NDArray[np.float64],
) -> tuple[list[int], list[int]]:
    """Pixels for the centres of cells of given radii, one after the other.

    Parameters
    ----------
    rng
        Source of chance.
    width_px, height_px
        Size of the field.
    radii_px
        (N,) radius of each cell.
    clumping
        (N,) chance of each cell to be laid against an earlier one, on any side, from deep overlap to a
        narrow gap. Otherwise it takes the first of a few places that is free, or else the least crowded.

    Returns
    -------
    x and y, N whole pixels each.
    """
    count = len(radii_px)
    placed_x, placed_y = np.zeros(count), np.zeros(count)
    anywhere = rng.random((count, 2, _TRIES))
    against = rng.random(count) < clumping
    for i, radius in enumerate(radii_px):
        margin = _OUTSIDE * radius
        last_x, last_y = width_px - 1 + margin, height_px - 1 + margin
        clumped = bool(against[i]) and i > 0
        if clumped:
            neighbour = rng.integers(i)
            distance = rng.triangular(0.55, 0.95, 1.12) * (radius + radii_px[neighbour])
            turn = 2 * np.pi * anywhere[i, 0]
            x = np.clip(placed_x[neighbour] + distance * np.cos(turn), -margin, last_x)
            y = np.clip(placed_y[neighbour] + distance * np.sin(turn), -margin, last_y)
        else:
            x = anywhere[i, 0] * (last_x + margin) - margin
            y = anywhere[i, 1] * (last_y + margin) - margin
        x, y = np.rint(x), np.rint(y)
        across, down = x[:, None] - placed_x[:i], y[:, None] - placed_y[:i]
        gaps = np.min(np.sqrt(across**2 + down**2) - radii_px[:i], axis=1, initial=np.inf) - radius
        first_free = int(np.argmax(gaps > 0))
        chosen = first_free if gaps[first_free] > 0 and not clumped else int(np.argmax(gaps))
        placed_x[i], placed_y[i] = x[chosen], y[chosen]
    return [int(x) for x in placed_x], [int(y) for y in placed_y]
