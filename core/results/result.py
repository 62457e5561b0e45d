"""The result of a slide: what `result.json` holds. Its schema is `result.schema.json`, made from here."""

import json
from functools import cache
from pathlib import Path
from typing import Any, Literal

import jsonschema
from pydantic import BaseModel, ConfigDict, Field, model_validator

from core.files import write_bytes
from core.results.format_1 import from_format_1
from core.tally import Evidence, Verdict
from core.wording import RESEARCH_USE_ONLY

SCHEMA_PATH = Path(__file__).with_name("result.schema.json")


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class UnreadableField(_Record):
    """A field that could not be read."""

    field: str
    reason: str


class OverlappingFields(_Record):
    """Two fields that show a part of the slide both."""

    first: str
    second: str
    objects: int = Field(description="Located objects that lie on both.")


class FieldCounts(_Record):
    """The slide's fields."""

    found: int = Field(description="Fields of the slide, readable or not.")
    counted: int = Field(description="Fields whose cells count.")
    excluded: dict[str, int] = Field(description="Fields left out, by reason.")
    unreadable: tuple[UnreadableField, ...] = Field(description="Fields that could not be read, and why.")
    overlapping: tuple[OverlappingFields, ...] = Field(
        default=(), description="Pairs of fields that share a part of the slide; none where not looked for."
    )


class CellCounts(_Record):
    """The slide's objects. `evaluable` is n; `looked_at` is the length of the list."""

    located: int = Field(description="Rows of cells.parquet.")
    looked_at: int = Field(description="Located objects that have a score and a rank, evaluable or not.")
    evaluable: int = Field(description="Unique red cells examined: whole, in focus, counted once.")
    not_evaluable: dict[str, int] = Field(description="Located cells that do not count, by reason.")
    listed: int = Field(description="How many of the list, from rank 1 on, are in candidates/.")


class Options(_Record):
    """What the user asked for, beyond `evidence.assumptions`."""

    um_per_pixel: float | None = Field(description="Given by the user; null: taken from files or estimated.")
    review_budget: int = Field(description="How many of the list, from rank 1 on, are laid before readers.")


class CellReference(_Record):
    """The slide's own red cells."""

    cell_diameter_px: float = Field(description="Mean side of a cell's box, in pixels of the field images.")
    cell_colour: tuple[float, float, float] = Field(description="Median red, green, blue of the cells.")
    seen_diameter_px: float | None = Field(
        default=None,
        description="The same side as it is seen, where it speaks against the scale that the user gave; else "
        "null.",
    )


class ModelReference(_Record):
    """Which networks scored the slide."""

    name: str
    identity: str = Field(description="Name and hash: equal only for the same weights and card.")


class SlideResult(_Record):
    """All that is said of a slide, in `result.json`.

    Same fields, same model, same options, same machine and libraries: the same bytes.
    """

    format: Literal[2] = 2
    notice: str = RESEARCH_USE_ONLY
    slide: str
    fields: FieldCounts
    cells: CellCounts
    evidence: Evidence = Field(description="What the verdict is based on.")
    verdict: Verdict
    reference: CellReference
    options: Options
    model: ModelReference
    versions: dict[str, str]

    @model_validator(mode="before")
    @classmethod
    def _of_format_1(cls, given: Any) -> Any:  # noqa: ANN401 - whatever a document holds
        """Read what earlier versions wrote."""
        match given:
            case {"format": 1}:
                return from_format_1(given)
        return given


def result_schema() -> dict[str, Any]:
    """JSON schema of `result.json`, from the types of `SlideResult`."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **SlideResult.model_json_schema(mode="serialization"),
    }


def write_result(path: Path, result: SlideResult) -> None:
    """Write `result.json` in one step.

    Raises
    ------
    jsonschema.ValidationError
        Where the result does not fit the published schema.
    core.files.OutputError
        Where it cannot be written.
    """
    document = result.model_dump(mode="json")
    _validator().validate(document)
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
    write_bytes(path, text.encode() + b"\n")


def read_result(path: Path) -> SlideResult:
    """Read what `write_result` wrote.

    Raises
    ------
    pydantic.ValidationError
        Where the file is no result of this version or one that it can read.
    """
    return SlideResult.model_validate_json(path.read_bytes())


@cache
def _validator() -> jsonschema.protocols.Validator:
    return jsonschema.Draft202012Validator(json.loads(SCHEMA_PATH.read_text(encoding="utf-8")))
