"""A slide of drawn discs, scored: the tables hold the truth, and nothing but the slide decides them."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from core.cells import second_look
from core.results.result import SlideResult, read_result
from core.results.tables import read_candidates_list
from core.scoring.field_tasks import measure_reference, slide_in_work
from core.scoring.ledger import Ledger, LedgerError
from core.scoring.slide_run import NoReadableFieldError, score_slide
from core.scoring.workers import LocalWorkers
from core.slides import open_slide
from core.tally import Assumptions, VerdictKind
from core.wording import sentence
from tests.coloured_cells import (
    DotCard,
    DotClassifier,
    NoProgress,
    draw_field,
    load_models,
    options,
    save,
    save_slide,
)

RESULT_FILES = (
    *("cells.parquet", "features.parquet", "fields.parquet", "fields.csv"),
    *("result.json", "candidates/candidates.csv"),
)


def score(
    slide: Path, out: Path, *, count: int = 1, card: DotCard | None = None, **changed: object
) -> SlideResult:
    with LocalWorkers(load_models, count) as workers:
        return score_slide(
            open_slide(slide), out, card or DotCard(), workers, options(**changed), NoProgress()
        )


def scored_fields(slide: Path, out: Path) -> int:
    """How many fields a further run scores."""
    progress = NoProgress()
    with LocalWorkers(load_models, 1) as workers:
        score_slide(open_slide(slide), out, DotCard(), workers, options(), progress)
    return len(progress.cells)


def files(out: Path) -> dict[str, bytes]:
    return {name: (out / name).read_bytes() for name in RESULT_FILES}


def suspected(out: Path) -> int:
    """How many cells score as those with a dot do."""
    return int((pq.read_table(out / "cells.parquet")["infected_score"].to_numpy() > 0.05).sum())


def why_excluded(out: Path) -> dict[str, str]:
    table = pq.read_table(out / "fields.parquet").to_pydict()
    return dict(zip(table["field"], table["why_excluded"], strict=True))


def test_cells_parquet_has_one_row_a_cell_in_the_order_of_fields_with_its_rank(tmp_path: Path) -> None:
    slide = save_slide(tmp_path / "slide", fields=11)
    score(slide, tmp_path / "out")
    table = pq.read_table(tmp_path / "out" / "cells.parquet")
    assert table.column_names == [
        "field",
        "x",
        "y",
        "width",
        "height",
        "detection_score",
        "infected_score",
        "second_score",
        "evaluable",
        "why_not",
        "rank",
    ]
    cells = table.to_pylist()
    assert len(cells) == 11 * 30
    assert list(dict.fromkeys(cell["field"] for cell in cells)) == [f"field{n}.png" for n in range(1, 12)]
    assert sorted(cell["rank"] for cell in cells) == list(range(1, 331))
    infected = [cell for cell in cells if cell["rank"] <= 8]
    assert [cell["field"] for cell in infected] == [
        name for name in ("field1.png", "field4.png", "field7.png", "field10.png") for _ in range(2)
    ]
    # Discs 7 and 8 of a field stand in its second row, second and third column, 40 px apart.
    centres = [(cell["x"] + cell["width"] / 2, cell["y"] + cell["height"] / 2) for cell in infected[:2]]
    assert centres == [pytest.approx((60, 60), abs=1.5), pytest.approx((100, 60), abs=1.5)]
    assert all(26 < cell["width"] < 32 for cell in cells)


def test_a_parasite_in_a_cell_that_is_cut_by_the_edge_leads_the_list_and_is_not_counted(
    tmp_path: Path,
) -> None:
    cut = draw_field(infected=(2,))[16:, 16:]  # through the first row and column; the parasite stays in
    result = score(save(tmp_path / "slide" / "a.png", cut).parent, tmp_path / "out")
    cells = pq.read_table(tmp_path / "out" / "cells.parquet").to_pylist()
    assert [cell["why_not"] for cell in cells if not cell["evaluable"]] == ["edge"] * 10
    (first,) = (cell for cell in cells if cell["rank"] == 1)
    assert first["why_not"] == "edge"
    assert first["x"] + first["width"] / 2 == pytest.approx(100 - 16, abs=1.5)
    assert result.cells.evaluable == result.evidence.count.cells == 20
    listed = read_candidates_list(tmp_path / "out" / "candidates" / "candidates.csv")
    assert (listed[0].why_not, listed[0].evaluable) == ("edge", False)
    assert [cell.rank for cell in listed] == list(range(1, 13))


def test_a_slide_without_parasites_has_its_first_cells_written_with_pictures(tmp_path: Path) -> None:
    slide = save_slide(tmp_path / "slide", fields=2, infected=())
    result = score(slide, tmp_path / "out", review_budget=7)
    assert result.cells.listed == 7
    pictures = sorted(path.name for path in (tmp_path / "out" / "candidates").glob("*.png"))
    assert pictures == [f"000{rank}.png" for rank in range(1, 8)]


def test_result_json_holds_the_counts_of_the_tables(tmp_path: Path) -> None:
    slide = save_slide(tmp_path / "slide", fields=6)
    save(slide / "edge.png", draw_field()[20:])
    result = score(slide, tmp_path / "out")
    cells = pq.read_table(tmp_path / "out" / "cells.parquet").to_pylist()
    fields = pq.read_table(tmp_path / "out" / "fields.parquet").to_pylist()
    assert result.cells.located == len(cells) == sum(field["cells"] for field in fields) == 210
    assert result.cells.evaluable == sum(cell["evaluable"] for cell in cells) == 204
    assert result.cells.evaluable == sum(field["evaluable_cells"] for field in fields)
    assert result.cells.listed == sum(field["listed"] for field in fields) == 12
    assert result.cells.not_evaluable == {"edge": 6}
    assert result.cells.looked_at == sum(cell["rank"] is not None for cell in cells) == 210
    count = result.evidence.count
    assert (count.cells, count.looked_at, count.to_read, count.read_to, count.unread) == (204, 210, 12, 0, 12)
    assert result.verdict.kind is VerdictKind.AWAITING_REVIEW
    assert read_result(tmp_path / "out" / "result.json") == result


def test_result_json_holds_no_clock_and_run_json_does(tmp_path: Path) -> None:
    score(save_slide(tmp_path / "slide", fields=1), tmp_path / "out")
    run = json.loads((tmp_path / "out" / "run.json").read_text())
    result = (tmp_path / "out" / "result.json").read_text()
    assert run["cells_located"] == 30
    assert run["options"]["review_budget"] == 12
    assert run["started"][:10] not in result
    assert "seconds" not in result


@pytest.mark.slow
def test_the_files_do_not_depend_on_the_number_of_workers(tmp_path: Path) -> None:
    slide = save_slide(tmp_path / "slide", fields=9)
    save(
        slide / "field5.png", draw_field(infected=(7, 8))
    )  # as field1: which worker is first must not matter
    score(slide, tmp_path / "one", count=1)
    score(slide, tmp_path / "two", count=2)
    assert files(tmp_path / "one") == files(tmp_path / "two")


def test_fields_stained_in_different_ways_give_the_same_scores(tmp_path: Path) -> None:
    dark_cell, dark_parasite = (150, 105, 112), (52, 22, 67)  # three quarters of the light
    save(tmp_path / "slide" / "a.png", draw_field(infected=(7, 8)))
    save(tmp_path / "slide" / "b.png", draw_field(infected=(7, 8), cell=dark_cell, parasite=dark_parasite))
    score(tmp_path / "slide", tmp_path / "out")
    found = pq.read_table(tmp_path / "out" / "cells.parquet")["infected_score"].to_numpy()
    np.testing.assert_allclose(found[30:], found[:30], atol=0.03)
    assert (np.flatnonzero(found > 0.1) == [7, 8, 37, 38]).all()


def test_a_field_out_of_focus_is_left_out_and_said_to_be(tmp_path: Path) -> None:
    slide = save_slide(tmp_path / "slide", fields=3)
    result = score(slide, tmp_path / "out", card=DotCard(widest_blur=0.0))
    assert result.fields.excluded == {"out of focus": 3}
    assert result.cells.not_evaluable == {"out of focus": 90}
    assert result.cells.listed == 12
    assert result.evidence.conditions.fields_failed == 3
    assert result.cells.evaluable == 0


def test_a_slide_outside_the_models_validity_gets_no_figure_and_its_list(tmp_path: Path) -> None:
    card = DotCard(outside=(sentence("as written", text="The stain is paler than any the model has seen."),))
    result = score(save_slide(tmp_path / "slide", fields=3), tmp_path / "out", card=card)
    assert result.verdict.kind is VerdictKind.NOT_VALID
    assert (result.verdict.figures, result.verdict.detection_limit_per_ul) == (None, None)
    assert result.cells.listed == 12
    assert len(list((tmp_path / "out" / "candidates").glob("*.png"))) == 12


def test_unreadable_fields_are_named_and_the_others_scored(tmp_path: Path) -> None:
    slide = save_slide(tmp_path / "slide", fields=3)
    (slide / "field2.png").write_bytes(b"")
    result = score(slide, tmp_path / "out")
    (unreadable,) = result.fields.unreadable
    assert unreadable.field == "field2.png"
    assert "0 bytes" in unreadable.reason
    assert why_excluded(tmp_path / "out")["field2.png"] == f"unreadable: {unreadable.reason}"
    assert (result.fields.found, result.fields.counted, result.cells.evaluable) == (3, 2, 60)


def test_a_field_that_became_readable_is_scored_then(tmp_path: Path) -> None:
    slide = save_slide(tmp_path / "slide", fields=3)
    whole = (slide / "field2.png").read_bytes()
    (slide / "field2.png").write_bytes(whole[:200])
    score(slide, tmp_path / "out")
    assert scored_fields(slide, tmp_path / "out") == 0
    (slide / "field2.png").write_bytes(whole)
    assert scored_fields(slide, tmp_path / "out") == 1
    assert read_result(tmp_path / "out" / "result.json").fields.unreadable == ()


def test_a_slide_without_a_readable_field_is_an_error_that_names_them_all(tmp_path: Path) -> None:
    for name in ("a.png", "b.jpg"):
        save(tmp_path / "slide" / name, draw_field()).write_bytes(b"no image")
    for _ in range(2):
        with pytest.raises(NoReadableFieldError, match=r"no field can be read \(2 tried\)") as error:
            score(tmp_path / "slide", tmp_path / "out")
        assert [field.field for field in error.value.fields] == ["a.png", "b.jpg"]


def test_another_review_budget_changes_the_candidates_without_scoring(tmp_path: Path) -> None:
    slide = save_slide(tmp_path / "slide", fields=4)
    score(slide, tmp_path / "out")
    result = score(slide, tmp_path / "out", review_budget=3)
    assert result.cells.listed == 3
    assert json.loads((tmp_path / "out" / "run.json").read_text())["fields_scored"] == 0
    assert len(list((tmp_path / "out" / "candidates").glob("*.png"))) == 3


def test_candidates_are_ranked_by_score_and_equal_scores_by_place(tmp_path: Path) -> None:
    # Dots of radius 3, 4, 5 and 3 again: the third cell scores highest, the first and last are equal.
    image = draw_field(infected=(6, 7, 8, 9), seed=1)
    score(save(tmp_path / "slide" / "a.png", image).parent, tmp_path / "out", um_per_pixel=8.6 / 28)
    lines = (tmp_path / "out" / "candidates" / "candidates.csv").read_text().splitlines()
    assert lines[0] == "rank,infected_score,field,x,y,width,height,evaluable,why_not,image"
    ranked = [line.split(",") for line in lines[1:5]]
    assert [row[0] for row in ranked] == ["1", "2", "3", "4"]
    scores = [float(row[1]) for row in ranked]
    assert scores == sorted(scores, reverse=True)
    assert round(float(ranked[0][3]) + 14) // 40 == 2
    assert [row[-1] for row in ranked] == ["0001.png", "0002.png", "0003.png", "0004.png"]


def test_measured_red_cells_and_the_wanted_limit_reach_the_verdict(tmp_path: Path) -> None:
    slide = save_slide(tmp_path / "slide", fields=2)
    assumed = score(slide, tmp_path / "out")
    given = replace(
        Assumptions(), red_cells_per_ul=2.5e6, red_cells_measured=True, detection_limit_per_ul=150.0
    )
    measured = score(slide, tmp_path / "out", assumptions=given)
    assert assumed.verdict.detection_limit_per_ul == pytest.approx(
        2 * (measured.verdict.detection_limit_per_ul or 0)
    )
    assert (assumed.verdict.cells_needed or 0) == pytest.approx(
        4 * (measured.verdict.cells_needed or 0), rel=1e-3
    )
    assert not assumed.evidence.assumptions.red_cells_measured


def test_another_scale_is_refused_for_a_slide_that_was_begun(tmp_path: Path) -> None:
    slide = save_slide(tmp_path / "slide", fields=2)
    score(slide, tmp_path / "out")
    with pytest.raises(LedgerError, match=r"um per pixel None, now 0\.3.*--no-resume"):
        score(slide, tmp_path / "out", um_per_pixel=0.3)
    assert score(slide, tmp_path / "out", um_per_pixel=0.3, resume=False).options.um_per_pixel == 0.3


def test_an_output_folder_of_another_slide_is_refused(tmp_path: Path) -> None:
    score(save_slide(tmp_path / "a" / "slide", fields=1), tmp_path / "out")
    with pytest.raises(LedgerError, match=r"slide '.*a/slide', now '.*b/slide'"):
        score(save_slide(tmp_path / "b" / "slide", fields=1), tmp_path / "out")


@pytest.mark.parametrize("count", [1, 2])
def test_the_second_look_sees_its_share_of_each_field_and_what_it_sees_leads_the_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setattr(second_look, "LEAST", 40)  # of about 120 objects
    score(save_slide(tmp_path / "slide", fields=4), tmp_path / "out", count=count)
    cells = pq.read_table(tmp_path / "out" / "cells.parquet").to_pylist()
    seen = [cell for cell in cells if cell["second_score"] is not None]
    assert Counter(cell["field"] for cell in seen) == {f"field{n}.png": 10 for n in range(1, 5)}
    assert sorted(cell["rank"] for cell in seen) == list(range(1, 41))
    kept = pq.read_table(tmp_path / "out" / "features.parquet").to_pydict()
    assert [cells[row] for row in kept["row"]] == seen
    assert [features[0] > 0 for features in kept["features"]] == [cell["infected_score"] > 0 for cell in seen]
    # Discs 7 and 8 of the first and fourth field have a dot.
    assert [cell["infected_score"] > 0 for cell in sorted(cells, key=lambda cell: cell["rank"])[:5]] == [
        *[True] * 4,
        False,
    ]


def test_fields_added_later_are_seen_by_the_share_of_the_larger_slide(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(second_look, "LEAST", 40)
    slide = save_slide(tmp_path / "slide", fields=4)
    score(slide, tmp_path / "out")
    for number in range(5, 9):
        save(slide / f"field{number}.png", draw_field(seed=50 + number))
    score(slide, tmp_path / "out")
    cells = pq.read_table(tmp_path / "out" / "cells.parquet").to_pylist()
    seen = Counter(cell["field"] for cell in cells if cell["second_score"] is not None)
    assert [seen[f"field{n}.png"] for n in range(1, 9)] == [10] * 4 + [5] * 4


def test_a_slide_is_surveyed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each field is decoded to be scored, and once more where the list has it; each row is read once."""
    opened = open_slide(save_slide(tmp_path / "slide", fields=7))  # the first, fourth and seventh have some
    done: Counter[str] = Counter()

    def count(of: type, method: str) -> None:
        own = getattr(of, method)

        def counting(*given: object) -> object:
            done[method] += 1
            return own(*given)

        monkeypatch.setattr(of, method, counting)

    count(type(opened), "read_field")
    for of, method in ((Ledger, "rows"), (Ledger, "get"), (DotClassifier, "activation_map")):
        count(of, method)
    measure_reference(load_models(), (slide_in_work(opened, {}, None), opened.field_names()))
    for_reference = done.pop("read_field")
    with LocalWorkers(load_models, 1) as workers:
        score_slide(opened, tmp_path / "out", DotCard(), workers, options(review_budget=6), NoProgress())
    assert done["read_field"] == for_reference + 7 + 3
    assert (done["rows"], done["get"], done["activation_map"]) == (1, 3, 3)


def test_a_file_is_asked_for_its_state_once_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slide = save_slide(tmp_path / "slide", fields=3)
    asked: list[str] = []
    state = Path.stat

    def counting(path: Path, *given: object, **more: object) -> object:
        asked.append(path.name)
        return state(path, *given, **more)  # type: ignore[arg-type] # as they were given

    monkeypatch.setattr(Path, "stat", counting)
    score(slide, tmp_path / "out")
    assert Counter(name for name in asked if name.startswith("field")) == {
        f"field{n}.png": 1 for n in (1, 2, 3)
    }


def test_a_scale_that_the_cells_speak_against_is_in_the_result_and_in_the_verdict(tmp_path: Path) -> None:
    # The cells are drawn 28 px wide; at 0.1 µm a pixel 8.6 µm would be 86 px.
    image = draw_field(infected=(6, 7, 8, 9), seed=1)
    result = score(save(tmp_path / "slide" / "a.png", image).parent, tmp_path / "out", um_per_pixel=0.1)
    assert result.reference.cell_diameter_px == pytest.approx(86)
    assert result.reference.seen_diameter_px == pytest.approx(28, rel=0.05)
    assert result.verdict.sentences[0].code == "outside.scale"
