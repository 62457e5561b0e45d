"""A slide in perfect light and focus, and what its pixels show of one red cell."""

import numpy as np
from numpy.typing import NDArray

from datasets.synthetic import FieldTruth, SmearStyle, Species, render_field

# A slide in perfect light and focus with nothing on it but red cells.
PLAIN = SmearStyle(
    background=(240.0, 240.0, 240.0),
    haemoglobin=(0.2, 0.5, 0.3),
    chromatin=(0.6, 1.6, 0.6),
    cytoplasm=(0.5, 0.4, 0.15),
    pigment=(0.45, 0.8, 1.3),
    pallor=0.0,
    size_spread=0.06,
    irregularity=0.02,
    oval=0.0,
    burr=0.0,
    target=0.0,
    tear_drop=0.0,
    clumping=0.0,
    overlap_density=1.0,
    species=Species.FALCIPARUM,
    white_cells_per_1000_cells=0.0,
    platelets_per_100_cells=0.0,
    debris_per_field=0.0,
    vignetting=0.0,
    light_tilt=0.0,
    blur=0.0,
    halo=0.0,
    noise_sd=0.0,
    jpeg_quality=95,
    scale_bar=False,
)


def one_cell(
    style: SmearStyle, index: int, *, parasitaemia: float = 0.0
) -> tuple[NDArray[np.uint8], FieldTruth]:
    """A field of 200 x 200 px with one red cell of about 60 px."""
    return render_field(
        style,
        seed=5,
        index=index,
        width_px=200,
        height_px=200,
        cell_diameter_px=60,
        cells=1,
        parasitaemia=parasitaemia,
    )


def darkened(image: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Pixels darker in green than the empty slide, which is the brightest colour of a plain field."""
    green = image[..., 1]
    dark: NDArray[np.bool_] = green < green.max()
    return dark


def dark_box(image: NDArray[np.uint8]) -> tuple[int, int, int, int]:
    """Left, top, right, bottom edges of the darkened pixels."""
    rows, columns = np.flatnonzero(darkened(image).any(axis=1)), np.flatnonzero(darkened(image).any(axis=0))
    return columns[0], rows[0], columns[-1] + 1, rows[-1] + 1


def assert_box_encloses_closely(
    box: NDArray[np.float32], dark: tuple[int, int, int, int], *, at_most_larger_px: float
) -> None:
    """No darkened pixel's centre lies outside the box; it is larger only by what fades out at the rim."""
    x, y, width, height = (float(value) for value in box)
    larger = np.array((dark[0] - x, dark[1] - y, x + width - dark[2], y + height - dark[3]))
    # Outlines are kept in steps of a degree: a third of a pixel on such a cell.
    assert larger.min() >= -0.5 - 0.33
    assert larger.max() <= at_most_larger_px


def purple(image: NDArray[np.uint8]) -> float:
    """How far the most purple pixel's green lies below its red and blue."""
    red, green, blue = (image[..., channel].astype(int) for channel in range(3))
    return float((np.minimum(red, blue) - green).max())
