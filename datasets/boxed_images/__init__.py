"""Published sets of images with a box around each object of their class, to one sample type."""

from datasets.boxed_images.box_table import box_table, write_box_table
from datasets.boxed_images.boxed_image import BoxedImage, BoxedImageError, Problem, of_classes, region_of
from datasets.boxed_images.imagenette import IMAGENETTE, imagenette_boxed
from datasets.boxed_images.layouts import LAYOUTS, Examined, Layout, boxed_images, examined, layout_of
from datasets.boxed_images.tiny_imagenet import classes_in_14, tiny_imagenet

__all__ = [
    "IMAGENETTE",
    "LAYOUTS",
    "BoxedImage",
    "BoxedImageError",
    "Examined",
    "Layout",
    "Problem",
    "box_table",
    "boxed_images",
    "classes_in_14",
    "examined",
    "imagenette_boxed",
    "layout_of",
    "of_classes",
    "region_of",
    "tiny_imagenet",
    "write_box_table",
]
