"""How a run reads the files of each image format: found, opened, decoded and scored."""

from functools import cache
from itertools import islice
from pathlib import Path

from core.cells.reference import SlideReference, slide_reference
from core.cells.scored_field import score_image
from core.errors import SmearscopeError
from core.scoring.changed_fields import file_states
from core.slides import find_slides, open_slide
from core.slides.field import Field, Rectangle
from core.slides.slide import open_overview
from tests.coloured_cells import load_models
from tests.damaged_reading import Readable
from tests.every_format import FIELD, every_format

MODELS = load_models()
_FIELDS = 6


@cache
def _reference() -> SlideReference:
    height_px, width_px = FIELD.shape[:2]
    field = Field("a", FIELD, None, 0, 0, Rectangle(0, 0, width_px, height_px))
    return slide_reference([field], MODELS.detector, MODELS.classifier, MODELS.second_look, None)


def read_slides(folder: Path) -> None:
    """Do to the slides of a folder what a run and the view of a whole slide do."""
    found = find_slides([folder])
    for one in found.slides:
        slide = open_slide(one.path, name=one.name)
        file_states(slide)
        for name in islice(slide.field_names(), _FIELDS):
            field = slide.read_field(name)
            height_px, width_px, channels = field.image.shape
            assert channels == 3
            assert field.owned.right <= width_px
            assert field.owned.bottom <= height_px
            score_image(MODELS, field, _reference(), 1.0)
        overview = open_overview(one.path)
        if overview is not None:
            overview.read(0, 0, 64, 64, max(1, overview.width_px // 64))
    for problem in found.problems:
        raise SmearscopeError(problem.reason)


IMAGES = {kind: Readable(files, read_slides) for kind, files in every_format().items()}
