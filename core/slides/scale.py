"""Micrometres a pixel, believed only where a light microscope could have made them."""

import math


def credible_um_per_pixel(value: float | None) -> float | None:
    """`value` where it lies between 0.01 and 2 µm a pixel, else None.

    Camera and scanner pixels on a blood smear cover 0.03 to 0.6 µm. What lies far outside is the
    resolution of a printed page (72 dpi is 353 µm), a default or a slip of units.
    """
    if value is None or not math.isfinite(value) or not 0.01 <= value <= 2:
        return None
    return value
