"""Confusion counts, and precision, recall and F1 worked by hand."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.training.figures import confusion

# Three cats, two of them called cat, one dog; one dog called cat; nothing is a newt or called one.
TRUTH = np.array([0, 0, 0, 1])
PREDICTED = np.array([0, 0, 1, 0])
NAMES = ("cat", "dog", "newt")


def test_rows_are_truth_and_columns_predictions() -> None:
    assert confusion(TRUTH, PREDICTED, NAMES).counts.tolist() == [[2, 1, 0], [1, 0, 0], [0, 0, 0]]


def test_measures_of_a_class_by_hand() -> None:
    found = confusion(TRUTH, PREDICTED, NAMES)
    assert found.accuracy == 2 / 4
    cat, dog, newt = found.per_class()
    assert (cat.name, cat.images) == ("cat", 3)
    assert (cat.precision, cat.recall) == (2 / 3, 2 / 3)
    assert cat.f1 == pytest.approx(2 / 3)
    assert (dog.precision, dog.recall, dog.f1) == (0, 0, 0)
    assert math.isnan(newt.precision)
    assert math.isnan(newt.recall)
    assert math.isnan(newt.f1)


def test_the_table_names_its_rows_and_columns(tmp_path: Path) -> None:
    confusion(TRUTH, PREDICTED, NAMES).write(tmp_path / "new" / "confusion.csv")
    assert (tmp_path / "new" / "confusion.csv").read_text().splitlines() == [
        "truth,cat,dog,newt",
        "cat,2,1,0",
        "dog,1,0,0",
        "newt,0,0,0",
    ]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1))
def test_f1_is_the_harmonic_mean_and_accuracy_the_mean_recall_by_images(pairs: list[tuple[int, int]]) -> None:
    truth, predicted = np.array(pairs).T
    found = confusion(truth, predicted, ("a", "b", "c", "d"))
    classes = found.per_class()
    assert sum(one.images for one in classes) == len(pairs)
    weighted = sum(one.recall * one.images for one in classes if one.images)
    assert found.accuracy == pytest.approx(weighted / len(pairs))
    for one in classes:
        if one.precision > 0:
            assert one.f1 == pytest.approx(2 / (1 / one.precision + 1 / one.recall))
