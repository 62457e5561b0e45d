"""The synthetic smear: fields of red cells, parasites, white cells, platelets and debris, with the truth."""

from datasets.synthetic.field import FieldTruth, ImpossibleSmearError, render_field
from datasets.synthetic.parasites import Stage
from datasets.synthetic.patch import Shape
from datasets.synthetic.slide import RenderedSlide, render_slide, truth_path
from datasets.synthetic.style import SmearStyle, Species, random_style

__all__ = [
    "FieldTruth",
    "ImpossibleSmearError",
    "RenderedSlide",
    "Shape",
    "SmearStyle",
    "Species",
    "Stage",
    "random_style",
    "render_field",
    "render_slide",
    "truth_path",
]
