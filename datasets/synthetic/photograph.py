"""The microscope and its camera: from amounts of stain to a picture."""

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.synthetic.style import SmearStyle

# A red cell is about 7.5 µm wide.
_CELL_UM = 7.5
# Standard deviation of the mean of four independent bytes.
_SD_OF_MEAN_OF_FOUR_BYTES = 255 / np.sqrt(12) / 2


def photograph(
    rng: np.random.Generator, amounts: NDArray[np.float32], style: SmearStyle, *, cell_diameter_px: float
) -> NDArray[np.uint8]:
    """A picture of a field.

    Light falls off by the Beer-Lambert law: densities of what lies over one another add up.

    Parameters
    ----------
    rng
        Source of chance.
    amounts
        (4, H, W) float32 units of stain, layers as in `datasets.synthetic.patch`.
    style
        Densities of the stains; light, focus and noise.
    cell_diameter_px
        Mean width of a red cell: focus and scale bar are measured in it.

    Returns
    -------
    (H, W, 3) uint8 RGB.
    """
    _, height, width = amounts.shape
    log_light = cv2.resize(_log_light(rng, style, height / width), (width, height))
    densities = (style.haemoglobin, style.chromatin, style.cytoplasm, style.pigment)
    exponent = np.empty_like(log_light)
    channels = []
    # Channel by channel: contiguous planes are several times faster than interleaved colours.
    for background, of_channel in zip(style.background, zip(*densities, strict=True), strict=True):
        np.copyto(exponent, log_light)
        for layer, density in zip(amounts, of_channel, strict=True):
            cv2.scaleAdd(layer, -density, exponent, dst=exponent)
        cv2.exp(exponent, dst=exponent)
        channels.append(cv2.convertScaleAbs(exponent, alpha=background))
    image = np.asarray(cv2.merge(channels), np.uint8)
    if style.blur > 0:
        cv2.GaussianBlur(image, (0, 0), max(0.3, style.blur * cell_diameter_px), dst=image)
    if style.halo > 0:
        around = cv2.GaussianBlur(image, (0, 0), 0.045 * cell_diameter_px)
        cv2.addWeighted(image, 1 + style.halo, around, -style.halo, 0, dst=image)
    if style.noise_sd > 0:
        # The mean of four neighbours is nearly normal, and neighbours are alike as a camera's are.
        grain = cv2.blur(np.frombuffer(rng.bytes(image.size), np.uint8).reshape(image.shape), (2, 2))
        scale = style.noise_sd / _SD_OF_MEAN_OF_FOUR_BYTES
        cv2.addWeighted(image, 1, grain, scale, -127.5 * scale, dst=image)
    if style.scale_bar:
        _burn_scale_bar(image, cell_diameter_px)
    return image


def _log_light(rng: np.random.Generator, style: SmearStyle, ratio: float) -> NDArray[np.float32]:
    """A coarse (48, 64) map of the logarithm of the light: darker corners, one side brighter."""
    x, y = np.meshgrid(np.linspace(-1, 1, 64), np.linspace(-1, 1, 48))
    off_x, off_y = rng.normal(0, 0.12, 2)
    from_axis = ((x - off_x) ** 2 + ratio**2 * (y - off_y) ** 2) / (1 + ratio**2)
    turn = rng.uniform(0, 2 * np.pi)
    gain = 1 - style.vignetting * from_axis + style.light_tilt * (x * np.cos(turn) + y * np.sin(turn))
    log_gain: NDArray[np.float32] = np.log(np.clip(gain, 0.05, None)).astype(np.float32)
    return log_gain


def _burn_scale_bar(image: NDArray[np.uint8], cell_diameter_px: float) -> None:
    """Draw a bar of 20 µm with its length under it into the bottom right corner."""
    height, width = image.shape[:2]
    length = round(20 * cell_diameter_px / _CELL_UM)
    unit = max(1, round(cell_diameter_px / 33))
    right, y = width - 6 * unit, height - 26 * unit
    left, tick, black = right - length, 5 * unit, (0, 0, 0)
    cv2.line(image, (left, y), (right, y), black, unit)
    for end in (left, right):
        cv2.line(image, (end, y - tick), (end, y + tick), black, unit)
    cv2.putText(
        image,
        "20 um",
        (left + length // 2 - 22 * unit, y + 20 * unit),
        cv2.FONT_HERSHEY_SIMPLEX,
        0.42 * unit,
        black,
        unit,
        cv2.LINE_AA,
    )
