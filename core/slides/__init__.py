"""Slides in every format the project reads, as lists of fields that are decoded one by one."""

from core.slides.discovery import Discovery, FoundSlide, SlideProblem, find_slides
from core.slides.field import Field, Rectangle, Slide
from core.slides.formats import MINIMUM_SIDE_PX, PIXEL_LIMIT, natural_key
from core.slides.pixels import content_hash
from core.slides.placing import PlacedField, is_region, large_image_of, place_fields
from core.slides.single_images import SingleImage, find_images
from core.slides.slide import open_overview, open_slide
from core.slides.whole_slide import ScanOverview

__all__ = [
    "MINIMUM_SIDE_PX",
    "PIXEL_LIMIT",
    "Discovery",
    "Field",
    "FoundSlide",
    "PlacedField",
    "Rectangle",
    "ScanOverview",
    "SingleImage",
    "Slide",
    "SlideProblem",
    "content_hash",
    "find_images",
    "find_slides",
    "is_region",
    "large_image_of",
    "natural_key",
    "open_overview",
    "open_slide",
    "place_fields",
]
