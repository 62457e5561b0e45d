"""The sheets of a study: pictures of what became of the answers."""

from pathlib import Path

import cv2

from tests.scripts.drawn_training import table


def test_sheets_show_what_became_of_the_answers(study_out: Path) -> None:
    for run in ("ce/seed_0", "energy-shuffled/seed_1"):
        folder = study_out / "runs" / run
        before, after = (
            table(folder / "evaluation" / f"{epoch}_grad-cam" / "images.csv") for epoch in ("000", "001")
        )
        both, lost, won = 0, 0, 0
        for one, two in zip(before, after, strict=True):
            was, is_now = (row["truth"] == row["prediction"] for row in (one, two))
            both, lost, won = both + (was and is_now), lost + (was > is_now), won + (was < is_now)
        expected = {"right_in_both": both, "right_to_wrong": lost, "wrong_to_right": won}
        sheets = {path.stem: cv2.imread(str(path)) for path in (folder / "sheets" / "test").iterdir()}
        assert sheets.keys() == {name for name, count in expected.items() if count}
        assert all(sheet is not None for sheet in sheets.values())
