"""From the decoded samples of a TIFF page to RGB, by what its tags say of them."""

from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray
from tifffile import COMPRESSION, PHOTOMETRIC, TiffPage

from core.slides.pixels import Samples, bits_in_use, cmyk_to_rgb, to_rgb

COLOUR_IN_JPEG = (COMPRESSION.JPEG, COMPRESSION.OJPEG, COMPRESSION.ALT_JPEG)
"""Whose decoder gives RGB, whatever the page says."""
_SAVE_AS_RGB = "save it as RGB of 8 or 16 bits"


class NotDecodedError(ValueError):
    """A whole picture of a kind that is not decoded here; the message says of what kind, and what to do."""


def page_to_rgb(page: TiffPage, pixels: NDArray[np.generic], bits: int | None) -> NDArray[np.uint8]:
    """RGB of decoded samples (H, W, samples) by the page's photometric interpretation.

    Raises
    ------
    NotDecodedError
        Colours or samples of another kind.
    """
    samples = _unsigned(pixels)
    photometric = page.photometric
    if bits is None and page.bitspersample not in (1, 8, 16, 32, 64):
        bits = page.bitspersample  # packed samples of 2, 4, 10, 12 or 14 bits state their depth
    if photometric == PHOTOMETRIC.YCBCR and page.compression in COLOUR_IN_JPEG:
        photometric = PHOTOMETRIC.RGB
    match photometric:
        case PHOTOMETRIC.RGB | PHOTOMETRIC.MINISBLACK:
            colour_count = 3 if photometric == PHOTOMETRIC.RGB else 1
            alpha = page.extrasamples[0] if page.extrasamples else 0
            shown = samples[..., : colour_count + 1] if alpha in (1, 2) else samples[..., :colour_count]
            return to_rgb(shown, bits=bits, premultiplied=alpha == 1)
        case PHOTOMETRIC.MINISWHITE:
            return 255 - to_rgb(samples[..., :1], bits=bits)
        case PHOTOMETRIC.PALETTE if page.colormap is not None:
            return to_rgb(page.colormap.T[samples[..., 0]], bits=bits_in_use(int(page.colormap.max())))
        case PHOTOMETRIC.SEPARATED if samples.dtype == np.uint8 and samples.shape[2] >= 4:
            return cmyk_to_rgb(samples[..., :4].astype(np.uint8, copy=False))
        case PHOTOMETRIC.YCBCR if samples.dtype == np.uint8 and samples.shape[2] == 3:
            return _from_ycbcr(samples.astype(np.uint8, copy=False))
    raise NotDecodedError(f"its colours are stored as {PHOTOMETRIC(photometric).name}; {_SAVE_AS_RGB}")


def channels_last(page: TiffPage, pixels: NDArray[np.generic], plane: int) -> NDArray[np.generic]:
    """(H, W, samples) of a decoded page, or of one plane of a page that holds several."""
    match page.axes:
        case "YX":
            return pixels[..., np.newaxis]
        case "YXS":
            return pixels
        case "SYX":
            return np.moveaxis(pixels, 0, -1)
        case "ZYX":
            return pixels[plane, ..., np.newaxis]
        case "ZYXS":
            return np.asarray(pixels[plane])
        case "SZYX":
            return np.moveaxis(pixels[:, plane], 0, -1)
    raise NotDecodedError(f"its axes are {page.axes}; save each plane as a picture")


def _unsigned(pixels: NDArray[np.generic]) -> Samples:
    """Samples that `to_rgb` takes: floating-point ones are scaled from 0 to 1, or are levels already."""
    if pixels.dtype.kind == "f":
        values = np.asarray(pixels, np.float32)
        lowest, highest = float(values.min(initial=0)), float(values.max(initial=0))
        # A value that is no number fails each comparison.
        if not (lowest >= 0 and highest <= 65535):
            raise NotDecodedError(f"floating-point samples from {lowest:g} to {highest:g}; {_SAVE_AS_RGB}")
        return np.rint(values * 65535 if highest <= 1 else values).astype(np.uint16)
    if pixels.dtype.kind in "ui" and pixels.dtype.itemsize > 1 and pixels.dtype != np.uint16:
        lowest_level, highest_level = int(pixels.min(initial=0)), int(pixels.max(initial=0))
        if lowest_level < 0 or highest_level > 65535:
            raise NotDecodedError(f"samples from {lowest_level} to {highest_level}; {_SAVE_AS_RGB}")
        return pixels.astype(np.uint16)
    if pixels.dtype not in (np.bool_, np.uint8, np.uint16):
        raise NotDecodedError(f"samples of type {pixels.dtype}; {_SAVE_AS_RGB}")
    return cast(Samples, pixels)


def _from_ycbcr(samples: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """RGB of full-range Y, Cb, Cr after ITU-R BT.601."""
    ordered = np.ascontiguousarray(samples[..., [0, 2, 1]])
    return np.asarray(cv2.cvtColor(ordered, cv2.COLOR_YCrCb2RGB), np.uint8)
