"""What the second look saw: kept beside the cells, and refused where it is of others."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.results.features import FEATURES, read_features, write_features
from core.results.tables import CellRows
from tests.core.results.test_tables import NAN, cells_on, scored_once_and_twice

SEEN = scored_once_and_twice([0.9, 0.3, 0.8, 0.5, NAN], [0.1, NAN, 0.7, 0.2, NAN])
FEATURES_OF_SEEN = np.array([[0.5, -2], [65504, 0], [6e-8, 1 / 3]], np.float16)


def test_features_come_back_bit_for_bit_in_the_order_of_cells(tmp_path: Path) -> None:
    write_features(tmp_path / FEATURES, SEEN, FEATURES_OF_SEEN)
    found = read_features(tmp_path / FEATURES, SEEN)
    np.testing.assert_array_equal(found, FEATURES_OF_SEEN)
    assert found.dtype == np.float16
    assert SEEN.seen_again.tolist() == [0, 2, 3]


def test_other_programs_find_the_row_of_the_cell_and_a_list_of_one_length(tmp_path: Path) -> None:
    write_features(tmp_path / FEATURES, SEEN, FEATURES_OF_SEEN)
    table = pq.read_table(tmp_path / FEATURES)
    assert table.schema.types == [pa.int32(), pa.list_(pa.float16(), 2)]
    assert table["row"].to_pylist() == [0, 2, 3]
    assert table["features"].to_pylist() == FEATURES_OF_SEEN.tolist()


def test_a_slide_of_which_nothing_was_seen_again_has_an_empty_table(tmp_path: Path) -> None:
    write_features(tmp_path / FEATURES, cells_on(3), np.empty((0, 0), np.float16))
    assert read_features(tmp_path / FEATURES, cells_on(3)).shape == (0, 0)


@pytest.mark.parametrize(
    "others",
    [
        replace(SEEN, second_score=SEEN.second_score[[1, 0, 2, 3, 4]]),
        replace(SEEN, second_score=np.array([0.1, NAN, 0.7, NAN, NAN], np.float32)),
        cells_on(5),
    ],
    ids=["another was seen", "fewer were seen", "none was seen"],
)
def test_features_of_other_cells_are_refused(tmp_path: Path, others: CellRows) -> None:
    write_features(tmp_path / FEATURES, SEEN, FEATURES_OF_SEEN)
    with pytest.raises(ValueError, match="of other cells"):
        read_features(tmp_path / FEATURES, others)


def test_features_of_more_or_fewer_cells_than_were_seen_are_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="length"):
        write_features(tmp_path / FEATURES, SEEN, FEATURES_OF_SEEN[:2])
    assert not (tmp_path / FEATURES).exists()
