"""Every use of albumentations: what may vary between microscopes, stains and hands, as random transforms.

The library asks the network for a newer version on import unless told not to, hence the first lines.
"""

import os

os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")

from dataclasses import dataclass
from typing import Any

import albumentations as A  # noqa: N812  (the library's own alias)
import cv2
import numpy as np
from numpy.typing import NDArray

from core.cells.crops import GREY, LEVELS_PER_DENSITY


@dataclass(frozen=True)
class Stain:
    """A change of stain and light, in optical density, where they add (Beer-Lambert).

    Acts on normalised crops (`core.cells.crops.normalise`), whose levels are densities about `GREY`.

    Attributes
    ----------
    matrix
        (3, 3) float32: densities of red, green, blue become these mixtures of them. Rows are alike in sum.
    shift
        (3,) float32: levels added to each channel.
    """

    matrix: NDArray[np.float32]
    shift: NDArray[np.float32]

    def apply(self, crop: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Change an (S, S, 3) RGB crop."""
        changed = (crop.astype(np.float32) - GREY) @ self.matrix.T + self.shift
        return np.asarray(np.clip(changed + (GREY + 0.5), 0, 255), np.uint8)


def random_stain(draw: np.random.Generator, mixing: float, strength: float, shift: float) -> Stain:
    """Draw a change of stain.

    Parameters
    ----------
    mixing
        Standard deviation of the exchange between channels (the hue of the dyes); what is grey stays grey.
    strength
        Densities are scaled by a factor drawn log-uniformly from [1 / strength, strength].
    shift
        Standard deviation of the density added to each channel (light, tint).
    """
    exchange = draw.normal(0, mixing, (3, 3))
    np.fill_diagonal(exchange, 0)
    matrix = np.eye(3) + exchange - np.diag(exchange.sum(axis=1))
    return Stain(
        matrix=(matrix * strength ** draw.uniform(-1, 1)).astype(np.float32),
        shift=(draw.normal(0, shift, 3) * LEVELS_PER_DENSITY).astype(np.float32),
    )


class CellStain(A.ImageOnlyTransform):
    """What differs in stain between the cells of one slide: a little of everything, and much of the pallor.

    Parameters
    ----------
    mixing, strength, shift
        As of `random_stain`.
    pallor
        Largest density taken from or added to a soft spot near the cell's middle.
    """

    def __init__(self, mixing: float, strength: float, shift: float, pallor: float, p: float = 1.0) -> None:
        super().__init__(p=p)
        self.mixing = mixing
        self.strength = strength
        self.shift = shift
        self.pallor = pallor

    def get_params(self) -> dict[str, Any]:
        """Draw from the transform's own generator, so that a seed fixes every change."""
        draw = self.random_generator
        return {
            "stain": random_stain(draw, self.mixing, self.strength, self.shift),
            "centre": draw.normal(0.5, 0.06, 2).astype(np.float32),
            "width": np.float32(draw.uniform(0.1, 0.3)),
            "depth": np.float32(draw.uniform(-self.pallor, self.pallor)),
        }

    def apply(
        self,
        img: NDArray[np.uint8],
        stain: Stain,
        centre: NDArray[np.float32],
        width: np.float32,
        depth: np.float32,
        **_: Any,  # noqa: ANN401  (the library passes its own extras)
    ) -> NDArray[np.uint8]:
        """Transform an (S, S, 3) RGB crop."""
        side = np.arange(img.shape[0], dtype=np.float32) / img.shape[0]
        across = np.exp(-((side - centre[0]) ** 2) / (2 * width**2))
        down = np.exp(-((side - centre[1]) ** 2) / (2 * width**2))
        spot = (np.float32(LEVELS_PER_DENSITY) * depth * down[:, None] * across)[..., None]
        changed = (img.astype(np.float32) - GREY) @ stain.matrix.T + stain.shift + spot
        return np.asarray(np.clip(changed + (GREY + 0.5), 0, 255), np.uint8)

    def get_transform_init_args_names(self) -> tuple[str, ...]:
        """Names of the constructor's arguments."""
        return ("mixing", "strength", "shift", "pallor")


def field_augmentation(seed: int) -> A.Compose:
    """Colour, light, focus and noise of whole fields, for training the detector; geometry is the tiler's."""
    return A.Compose(
        [
            A.HueSaturationValue(hue_shift_limit=25, sat_shift_limit=50, val_shift_limit=25, p=0.7),
            A.RandomBrightnessContrast(brightness_limit=0.2, contrast_limit=0.35, p=0.7),
            A.RandomGamma(gamma_limit=(65, 150), p=0.4),
            A.RGBShift(r_shift_limit=25, g_shift_limit=25, b_shift_limit=25, p=0.5),
            A.ToGray(p=0.05),
            A.OneOf([A.GaussianBlur(blur_limit=(3, 5)), A.Sharpen(alpha=(0.1, 0.4))], p=0.35),
            A.GaussNoise(std_range=(0.01, 0.05), p=0.3),
        ],
        seed=seed,
    )


def cell_augmentation(crop_size_px: int, seed: int) -> A.Compose:
    """What may differ between the normalised cells of a slide: pose, pallor, focus, noise, a little stain."""
    return A.Compose(
        [
            A.Affine(
                scale=(0.85, 1.18),
                rotate=(-180, 180),
                translate_percent=(-0.04, 0.04),
                shear=(-6, 6),
                fill=GREY,
                p=1.0,
            ),
            A.CenterCrop(crop_size_px, crop_size_px),
            A.HorizontalFlip(p=0.5),
            CellStain(mixing=0.04, strength=1.15, shift=0.04, pallor=0.35),
            A.OneOf(
                [
                    A.GaussianBlur(blur_limit=0, sigma_limit=(0.4, 1.4)),
                    A.Downscale(scale_range=(0.5, 0.9)),
                    A.Sharpen(alpha=(0.1, 0.5)),
                ],
                p=0.5,
            ),
            A.GaussNoise(std_range=(0.005, 0.035), p=0.4),
        ],
        seed=seed,
    )


LEAST_VISIBLE = 0.25
"""Share of a box that a crop must show for the box to stay."""


@dataclass(frozen=True, eq=False)
class TransformedImage:
    """An image after a transform, and where its objects are now.

    Attributes
    ----------
    image
        (S, S, 3) uint8, RGB.
    boxes
        (M, 4) int64: first column, first row, last column, last row, both ends included. M is 0 where a crop
        left less than `LEAST_VISIBLE` of every box.
    """

    image: NDArray[np.uint8]
    boxes: NDArray[np.int64]


class BoxedTransform:
    """A transform that takes the boxes of an image along.

    Parameters
    ----------
    transforms
        That flip, crop, resize or change colours: what keeps the sides of a box upright.
    """

    def __init__(self, transforms: list[A.BasicTransform]) -> None:
        self._compose = A.Compose(
            transforms,
            bbox_params=A.BboxParams(
                format="pascal_voc", min_visibility=LEAST_VISIBLE, check_each_transform=False
            ),
        )

    def __call__(self, image: NDArray[np.uint8], boxes: NDArray[np.int64], seed: int) -> TransformedImage:
        """Transform an image (H, W, 3) and its boxes (M, 4); the seed fixes every choice."""
        self._compose.set_random_seed(seed)
        # The library's boxes end where the next pixel begins.
        edges = boxes + np.array([0.0, 0.0, 1.0, 1.0])
        result = self._compose(image=image, bboxes=edges)
        height_px, width_px = result["image"].shape[:2]
        moved = np.asarray(result["bboxes"], np.float64).reshape(-1, 4)
        return TransformedImage(result["image"], _whole_pixels(moved, height_px, width_px))


def _whole_pixels(edges: NDArray[np.float64], height_px: int, width_px: int) -> NDArray[np.int64]:
    """Pixels whose centres are between the edges or on one; if none is, the one that the middle is in."""
    limits = np.array([width_px, height_px])
    starts, ends = edges[:, :2], edges[:, 2:]
    # The library computes in single precision: a thousandth of a pixel off an edge is on it.
    first = np.ceil(starts - 0.5 - 1e-3)
    last = np.floor(ends - 0.5 + 1e-3)
    middle = np.floor((starts + ends) / 2)
    empty = last < first
    whole = np.concatenate([np.where(empty, middle, first), np.where(empty, middle, last)], axis=1)
    return np.asarray(np.clip(whole, 0, np.tile(limits - 1, 2)), np.int64)


def boxed_evaluation(size_px: int) -> BoxedTransform:
    """The whole image, squashed to a square: no box is lost."""
    return BoxedTransform([A.Resize(size_px, size_px, area_for_downscale="image")])


def boxed_training(size_px: int) -> BoxedTransform:
    """A part of the image, at least half of it, flipped or not, in other light and colour."""
    return BoxedTransform(
        [
            A.RandomResizedCrop(
                (size_px, size_px), scale=(0.5, 1.0), ratio=(0.75, 4 / 3), area_for_downscale="image"
            ),
            A.HorizontalFlip(p=0.5),
            A.ColorJitter(
                brightness=(0.7, 1.3), contrast=(0.7, 1.3), saturation=(0.7, 1.3), hue=(-0.03, 0.03), p=0.8
            ),
        ]
    )


class RegionTransform:
    """A transform that takes a region of an image along, whatever its shape.

    Parameters
    ----------
    transforms
        Of geometry, which act on both, and of colour, which act on the image alone.
    """

    def __init__(self, transforms: list[A.BasicTransform]) -> None:
        self._compose = A.Compose(transforms)

    def __call__(
        self, image: NDArray[np.uint8], region: NDArray[np.bool_], seed: int
    ) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """Transform an image (H, W, 3) and its region (H, W); the seed fixes every choice."""
        self._compose.set_random_seed(seed)
        result = self._compose(image=image, mask=region.astype(np.uint8))
        return result["image"], result["mask"] > 0


def region_evaluation(size_px: int) -> RegionTransform:
    """The whole image, squashed to a square."""
    return RegionTransform([A.Resize(size_px, size_px, area_for_downscale="image")])


def region_training(size_px: int) -> RegionTransform:
    """A cell in any of the eight poses of a square, a little moved and scaled, in other light and colour."""
    return RegionTransform(
        [
            A.SquareSymmetry(),
            A.Affine(scale=(0.9, 1.1), translate_percent=(-0.05, 0.05), border_mode=cv2.BORDER_REPLICATE),
            A.Resize(size_px, size_px, area_for_downscale="image"),
            A.ColorJitter(
                brightness=(0.8, 1.2), contrast=(0.8, 1.2), saturation=(0.7, 1.3), hue=(-0.03, 0.03), p=0.8
            ),
        ]
    )
