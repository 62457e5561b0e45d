"""The result of a slide: what `result.json` holds. Its schema is `result.schema.json`, made from here."""

import json
from functools import cache
from pathlib import Path
from typing import Any, Literal

import jsonschema
from pydantic import BaseModel, ConfigDict, Field, model_validator

from core.files import write_bytes
from core.tally import CONFIDENCE, Evidence, Figures, Verdict
from core.wording import RESEARCH_USE_ONLY

SCHEMA_PATH = Path(__file__).with_name("result.schema.json")


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class UnreadableField(_Record):
    """A field that could not be read."""

    field: str
    reason: str


class FieldCounts(_Record):
    """The slide's fields."""

    found: int = Field(description="Fields of the slide, readable or not.")
    counted: int = Field(description="Fields whose cells count.")
    excluded: dict[str, int] = Field(description="Fields left out, by reason.")
    unreadable: tuple[UnreadableField, ...] = Field(description="Fields that could not be read, and why.")


class CellCounts(_Record):
    """The slide's cells. `evaluable` is n; `called_infected` is x of the machine, before any review."""

    located: int = Field(description="Rows of cells.parquet.")
    evaluable: int = Field(description="Unique red cells examined: whole, in focus, counted once.")
    not_evaluable: dict[str, int] = Field(description="Located cells that do not count, by reason.")
    called_infected: int = Field(description="Evaluable cells that score at or above the threshold.")
    candidates_written: int = Field(description="How many of them, highest score first, are in candidates/.")


class Options(_Record):
    """What the user asked for, beyond `evidence.assumptions`."""

    um_per_pixel: float | None = Field(description="Given by the user; null: taken from files or estimated.")
    review_budget: int = Field(description="At most this many candidates to review.")


class CellReference(_Record):
    """The slide's own red cells."""

    cell_diameter_px: float = Field(description="Mean side of a cell's box, in pixels of the field images.")
    cell_colour: tuple[float, float, float] = Field(description="Median red, green, blue of the cells.")


class ModelReference(_Record):
    """Which networks scored the slide."""

    name: str
    identity: str = Field(description="Name and hash: equal only for the same weights and card.")


class SlideResult(_Record):
    """All that is said of a slide, in `result.json`.

    Same fields, same model, same options, same machine and libraries: the same bytes.
    """

    format: Literal[1] = 1
    notice: str = RESEARCH_USE_ONLY
    slide: str
    fields: FieldCounts
    cells: CellCounts
    evidence: Evidence = Field(description="What the verdict is based on.")
    verdict: Verdict
    machine_figures: Figures | None = Field(
        description="Fraction and density from the machine's calls before any review, its false calls "
        "subtracted at the rate found in validation; null if the model is not valid for the slide, no cell "
        "was counted, or its false calls hide everything. The verdict's own figures need readings."
    )
    reference: CellReference
    options: Options
    model: ModelReference
    versions: dict[str, str]

    @model_validator(mode="before")
    @classmethod
    def _of_version_0_1_0(cls, given: Any) -> Any:  # noqa: ANN401 - whatever a document holds
        """Read what 0.1.0 wrote: it held the confidence among the assumptions, which was always ours."""
        match given:
            case {"evidence": {"assumptions": {"confidence": confidence, **assumptions}, **evidence}}:
                if confidence == CONFIDENCE:
                    return {**given, "evidence": {**evidence, "assumptions": assumptions}}
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
        Where the file is not a result of this version.
    """
    return SlideResult.model_validate_json(path.read_bytes())


@cache
def _validator() -> jsonschema.protocols.Validator:
    return jsonschema.Draft202012Validator(json.loads(SCHEMA_PATH.read_text(encoding="utf-8")))
