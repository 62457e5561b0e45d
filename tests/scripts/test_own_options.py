"""Options that describe own annotated fields: what they come to, and how a wrong one is named."""

from pathlib import Path

import pytest

from datasets.fields import AnnotationError
from datasets.interchange.formats import AnnotationFormat
from datasets.interchange.own_fields import OwnFields
from scripts.own_options import own_fields


def test_options_come_to_what_a_configuration_would_say() -> None:
    given = own_fields(
        Path("lab"), "voc", ["ring=infected", "a=b=healthy"], in_part=True, slide_from="{slide}_*"
    )
    assert given == OwnFields(
        "lab",
        Path("lab"),
        AnnotationFormat.VOC,
        classes={"ring": "infected", "a=b": "healthy"},
        in_part=True,
        slide_from="{slide}_*",
    )


@pytest.mark.parametrize(
    ("format_name", "classes", "slide_from", "said"),
    [
        ("xlsx", [], "", "--format xlsx: choose one of coco"),
        ("coco", ["ring"], "", "--class ring: give NAME=CLASS"),
        ("coco", [], "*", r"--slide-from '\*' must hold {slide} once"),
    ],
)
def test_a_wrong_option_is_named(format_name: str, classes: list[str], slide_from: str, said: str) -> None:
    with pytest.raises(AnnotationError, match=said):
        own_fields(Path("lab"), format_name, classes, in_part=False, slide_from=slide_from)
