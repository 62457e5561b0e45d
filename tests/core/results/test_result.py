import json
from pathlib import Path

import jsonschema
import pytest
from pydantic import ValidationError

from core.results.result import SCHEMA_PATH, SlideResult, read_result, result_schema, write_result
from core.scoring.slide_run import score_slide
from core.scoring.workers import LocalWorkers
from core.slides import open_slide
from tests.coloured_cells import DotCard, NoProgress, load_models, options, save_slide


@pytest.fixture
def result(tmp_path: Path) -> SlideResult:
    slide = open_slide(save_slide(tmp_path / "slide", fields=2))
    with LocalWorkers(load_models, 1) as workers:
        return score_slide(slide, tmp_path / "out", DotCard(), workers, options(), NoProgress())


def test_the_published_schema_is_that_of_the_program() -> None:
    published = json.loads(SCHEMA_PATH.read_text(encoding="utf-8"))
    assert published == result_schema(), "write result_schema() to core/results/result.schema.json"
    jsonschema.Draft202012Validator.check_schema(published)


def test_a_written_result_says_research_use_only_and_fits_the_schema(
    result: SlideResult, tmp_path: Path
) -> None:
    write_result(tmp_path / "result.json", result)
    document = json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))
    assert document["notice"] == "research use only, not for diagnosis"
    jsonschema.validate(document, json.loads(SCHEMA_PATH.read_text(encoding="utf-8")))


def test_what_does_not_fit_the_schema_is_not_written(result: SlideResult, tmp_path: Path) -> None:
    broken = result.model_copy(update={"slide": 7})
    with pytest.raises(jsonschema.ValidationError), pytest.warns(UserWarning, match="Expected `str`"):
        write_result(tmp_path / "broken.json", broken)
    assert not (tmp_path / "broken.json").exists()


def test_what_is_no_result_of_ours_is_refused(result: SlideResult, tmp_path: Path) -> None:
    for change in ({"format": 3}, {"unheard_of": 1}):
        document = result.model_dump(mode="json") | change
        (tmp_path / "other.json").write_text(json.dumps(document), encoding="utf-8")
        with pytest.raises(ValidationError):
            read_result(tmp_path / "other.json")
