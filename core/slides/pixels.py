"""From whatever pixels a file holds to 8-bit RGB and back, and the mark by which a picture is known again."""

import hashlib
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Canvas: TypeAlias = NDArray[np.uint8]
"""(H, W, 3) RGB."""
Samples: TypeAlias = NDArray[np.uint8] | NDArray[np.uint16] | NDArray[np.bool_]

_DEPTHS_IN_USE = (8, 10, 12, 14, 16)


def to_rgb(
    pixels: Samples,
    *,
    bits: int | None = None,
    premultiplied: bool = False,
) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 RGB of grey or colour pixels, transparent ones laid on white.

    Depth: a picture of `bits` a sample is scaled so that the largest value these bits can hold becomes
    255. Cameras of 10, 12 and 14 bits write 16-bit files without saying so; scaled by 65535 a 12-bit
    picture turns nearly black. Stretching each picture to its own brightest pixel would make fields of
    one slide differ. So where `bits` is not given, 16-bit pixels are taken to have the smallest of 8,
    10, 12, 14 and 16 bits that holds their maximum: the white background of a smear brings every
    properly exposed field of a slide to the same depth.

    Parameters
    ----------
    pixels
        (H, W) or (H, W, 1) grey, (H, W, 2) grey and alpha, (H, W, 3) RGB or (H, W, 4) RGB and alpha.
    bits
        Bits in use a sample, where the file says it; values beyond them become 255.
    premultiplied
        Whether colours were already multiplied by alpha.

    Raises
    ------
    ValueError
        Samples that are not unsigned integers of at most 16 bits, or another number of channels.
    """
    if pixels.dtype not in (np.bool_, np.uint8, np.uint16):
        raise ValueError(f"samples of type {pixels.dtype}, where unsigned 8 or 16-bit ones are expected")
    channels = pixels if pixels.ndim == 3 else pixels[..., np.newaxis]
    count = channels.shape[2]
    if count not in (1, 2, 3, 4):
        raise ValueError(f"{count} channels, where 1 (grey) to 4 (RGB and alpha) are expected")
    colour_count = 1 if count < 3 else 3
    colour = _to_8_bits(channels[..., :colour_count], bits)
    if count > colour_count:
        opacity = _to_8_bits(channels[..., colour_count:], bits)
        colour = _on_white(colour, opacity, premultiplied=premultiplied)
    if colour_count == 1:
        colour = np.repeat(colour, 3, axis=2)
    return np.ascontiguousarray(colour)


def cmyk_to_rgb(ink: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(H, W, 3) RGB of (H, W, 4) CMYK, 255 being full ink: R = (255 - C)(255 - K) / 255."""
    light = 255 - ink.astype(np.uint16)
    return ((light[..., :3] * light[..., 3:] + 127) // 255).astype(np.uint8)


def bits_in_use(maximum: int) -> int:
    """Smallest of 8, 10, 12, 14 and 16 bits that holds `maximum` (0 to 65535)."""
    return next(bits for bits in _DEPTHS_IN_USE if maximum < 2**bits)


def content_hash(image: NDArray[np.uint8]) -> str:
    """32 hex characters that are equal exactly where two images have the same shape and pixels.

    BLAKE2b with a digest of 16 bytes: the same picture under another name, or saved in another lossless
    format, is recognised.
    """
    digest = hashlib.blake2b(repr(image.shape).encode(), digest_size=16)
    digest.update(np.ascontiguousarray(image).data)
    return digest.hexdigest()


def resized(image: Canvas, side_px: int) -> Canvas:
    """Scale a square RGB image to a side; smooth in both directions."""
    interpolation = cv2.INTER_AREA if image.shape[0] > side_px else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, (side_px, side_px), interpolation=interpolation), np.uint8)


def encoded(image: Canvas, ending: str) -> bytes:
    """An RGB image as the bytes of a file, of the kind of its name's ending: ".png", ".jpg".

    Raises
    ------
    ValueError
        Where such a file cannot hold the image.
    """
    worked, file = cv2.imencode(ending, cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    if not worked:
        raise ValueError(f"cannot encode an image of shape {image.shape} as {ending}")
    return file.tobytes()


def _to_8_bits(samples: Samples, bits: int | None) -> NDArray[np.uint8]:
    if samples.dtype == np.bool_:
        return samples.astype(np.uint8) * np.uint8(255)
    if bits is None:
        bits = 8 if samples.dtype == np.uint8 else bits_in_use(int(samples.max(initial=0)))
    if samples.dtype == np.uint8 and bits == 8:
        return samples.astype(np.uint8, copy=False)
    white = 2**bits - 1
    values = np.arange(256 if samples.dtype == np.uint8 else 65536)
    table: NDArray[np.uint8] = np.minimum((values * 255 + white // 2) // white, 255).astype(np.uint8)
    eight_bit: NDArray[np.uint8] = table[samples]
    return eight_bit


def _on_white(
    colour: NDArray[np.uint8], opacity: NDArray[np.uint8], *, premultiplied: bool
) -> NDArray[np.uint8]:
    if int(opacity.min(initial=255)) == 255:
        return colour
    if int(opacity.max(initial=0)) == 0:  # what was not scanned, of a scan
        return np.full_like(colour, 255)
    alpha = opacity.astype(np.uint32)
    own = colour.astype(np.uint32) * (255 if premultiplied else alpha)
    blended: NDArray[np.uint8] = np.minimum((own + (255 - alpha) * 255 + 127) // 255, 255).astype(np.uint8)
    return blended
