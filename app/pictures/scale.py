"""How large a pixel of a slide is, for scale bars."""

from functools import lru_cache

from core.errors import SmearscopeError
from core.slides import open_slide
from core.store import StoredSlide


def um_per_pixel_of(slide: StoredSlide) -> float | None:
    """Scale of a slide: as entered, else as its first field has it; None where that cannot be read by now."""
    if slide.um_per_pixel is not None:
        return slide.um_per_pixel
    try:
        return _of_first_field(slide)
    except SmearscopeError:
        return None  # a picture without a bar; the next is tried anew


@lru_cache(maxsize=64)
def _of_first_field(slide: StoredSlide) -> float | None:
    opened = open_slide(slide.folder)
    return opened.read_field(opened.field_names()[0]).um_per_pixel
