"""What `sources:` of a configuration lists: published sets by name, a laboratory's own annotated fields."""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationInfo,
    field_validator,
)

from core.errors import SmearscopeError
from datasets.field_sets import READERS
from datasets.fields import AnnotatedField
from datasets.interchange.formats import AnnotationFormat
from datasets.interchange.labelled import CellClass
from datasets.interchange.own_fields import OwnFields, slide_pattern
from datasets.provenance import PROVENANCE, Provenance

Stage = Literal["ring", "trophozoite", "schizont", "gametocyte"]
NAMED, OWN = "named", "own"
"""Kinds of an entry; they are no keys of a configuration."""


class SourceError(SmearscopeError):
    """A source that cannot be what the configuration lists it as."""


class OwnSource(BaseModel):
    """A laboratory's own annotated fields, as an entry of `sources:`.

    Attributes
    ----------
    name
        What results call it.
    path
        File or folder of the annotations; relative to the file of the configuration.
    format, classes, in_part, slide_from
        As in `datasets.interchange.own_fields.OwnFields`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")
    path: Path
    format: AnnotationFormat
    classes: dict[str, CellClass | Stage | Literal["ignore"]] = Field(default_factory=dict)
    in_part: bool = False
    slide_from: str = ""

    @field_validator("name")
    @classmethod
    def _free(cls, name: str) -> str:
        if name in PROVENANCE:
            raise ValueError(f"{name!r} is the name of a published set; give another")
        return name

    @field_validator("path")
    @classmethod
    def _from_configuration(cls, path: Path, info: ValidationInfo) -> Path:
        folder: Path = info.context or Path()
        return (folder / path).absolute()

    @field_validator("slide_from")
    @classmethod
    def _pattern(cls, slide_from: str) -> str:
        if slide_from:
            slide_pattern(slide_from)
        return slide_from

    @property
    def own(self) -> OwnFields:
        """What it describes."""
        return OwnFields(
            self.name,
            self.path,
            self.format,
            classes=self.classes,
            in_part=self.in_part,
            slide_from=self.slide_from,
        )


def _kind(entry: object) -> str:
    return OWN if isinstance(entry, Mapping | OwnSource) else NAMED


Source = Annotated[
    Annotated[str, Field(min_length=1), Tag(NAMED)] | Annotated[OwnSource, Tag(OWN)],
    Discriminator(_kind),
]
Sources = tuple[Source, ...]


def among(known: Collection[str]) -> AfterValidator:
    """Refuse names of sets that there is no reader for, and two own sources of one name."""

    def checked(sources: Sources) -> Sources:
        own = [source.name for source in sources if isinstance(source, OwnSource)]
        for source in sources:
            if isinstance(source, str) and source not in known:
                raise ValueError(
                    f"no set {source!r}; choose one of {', '.join(known)}, or give name, path and format of "
                    "your own fields (docs/OWN_SLIDES.md)"
                )
            if own.count(name_of(source)) > 1:
                raise ValueError(f"{name_of(source)!r} is the name of {own.count(name_of(source))} sources")
        return sources

    return AfterValidator(checked)


def name_of(source: str | OwnSource) -> str:
    """What results call a source."""
    return source if isinstance(source, str) else source.name


def names_of(sources: Sources) -> tuple[str, ...]:
    """The same of several."""
    return tuple(map(name_of, sources))


def has_fields(source: str | OwnSource) -> bool:
    """Whether a source is made of fields, not of single cells."""
    return isinstance(source, OwnSource) or source in READERS


def fields_of(source: str | OwnSource, data: Path) -> list[AnnotatedField]:
    """The annotated fields of a source; those of a published set from its folder below `data`."""
    return source.own.annotated() if isinstance(source, OwnSource) else READERS[source](data / source)


def malaria_fields_of(source: str | OwnSource, data: Path) -> list[AnnotatedField]:
    """The same of a source that must hold parasites."""
    fields = fields_of(source, data)
    if isinstance(source, OwnSource) and not any(field.infected.any() for field in fields):
        raise SourceError(
            f"{source.path}: no infected cell is marked on the {len(fields)} fields of {source.name}; say in "
            "classes what is infected, or list it under malaria_free"
        )
    return fields


def malaria_free_fields_of(source: str | OwnSource, data: Path) -> list[AnnotatedField]:
    """The same of a source that must hold none."""
    fields = fields_of(source, data)
    if isinstance(source, OwnSource) and (infected := sum(int(field.infected.sum()) for field in fields)):
        raise SourceError(
            f"{source.path}: {infected} infected cells are marked in {source.name}, which is listed under "
            "malaria_free; list it under sources"
        )
    return fields


def own_states(sources: Iterable[str | OwnSource]) -> list[str]:
    """A digest of the files of each own source, by which a later run tells whether they were changed."""
    states = []
    for source in sources:
        if isinstance(source, OwnSource):
            digest = hashlib.sha256()
            for path in sorted(source.own.folder.rglob("*")):
                found = path.stat()
                digest.update(f"{path} {found.st_size} {found.st_mtime_ns}\n".encode())
            states.append(f"{source.name} {digest.hexdigest()}")
    return states


def provenance_of(source: str | OwnSource) -> Provenance:
    """Where a source comes from, and what it can say of weights trained on it."""
    if isinstance(source, str):
        return PROVENANCE[source]
    marked = ", marked in part" if source.in_part else ""
    return Provenance(
        f"the laboratory's own annotated fields, {source.name} ({source.format}{marked})",
        "that of the laboratory's slides",
        species=(f"those of the slides of {source.name}",),
        by_patient=True,
        measures=not source.in_part,
    )
