"""Options that say how a laboratory's own annotated fields are read."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from datasets.interchange.own_fields import OwnFields

Format = Annotated[
    str | None,
    typer.Option("--format", metavar="FORMAT", help="Format of the annotations; see docs/OWN_SLIDES.md."),
]
Classes = Annotated[
    list[str] | None,
    typer.Option(
        "--class",
        metavar="NAME=CLASS",
        help="What a name in the file stands for: infected, healthy, unsure, red_cell, white_cell, platelet, "
        "not_a_red_cell, or a stage. Once for each name.",
    ),
]
InPart = Annotated[
    bool,
    typer.Option("--in-part", help="Only some cells are marked: an unmarked one is unknown, not healthy."),
]
SlideFrom = Annotated[
    str,
    typer.Option(
        metavar="PATTERN",
        help="Where the slide or patient stands in the names of images, such as '{slide}_*'; if not given, "
        "it is what the annotations say, or the folder.",
    ),
]


def own_fields(
    path: Path, format_name: str, classes: list[str] | None, *, in_part: bool, slide_from: str
) -> "OwnFields":
    """The annotated fields that the options describe; raises `AnnotationError` naming the option."""
    from datasets.fields import AnnotationError
    from datasets.interchange.formats import AnnotationFormat
    from datasets.interchange.own_fields import OwnFields, slide_pattern

    if format_name not in list(AnnotationFormat):
        raise AnnotationError(f"--format {format_name}: choose one of {', '.join(AnnotationFormat)}")
    names = {}
    for given in classes or []:
        name, equals, stands_for = given.rpartition("=")
        if not equals:
            raise AnnotationError(f"--class {given}: give NAME=CLASS, such as ring=infected")
        names[name] = stands_for
    if slide_from:
        try:
            slide_pattern(slide_from)
        except ValueError as error:
            raise AnnotationError(f"--slide-from {error}") from error
    return OwnFields(
        path.name,
        path,
        AnnotationFormat(format_name),
        classes=names,
        in_part=in_part,
        slide_from=slide_from,
    )
