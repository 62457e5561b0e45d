"""What the second look saw in the objects of a slide: by it they can be ranked anew without a network."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from core.files import replacing
from core.results.tables import ROWS_IN_A_GROUP, CellRows

FEATURES = "features.parquet"


def write_features(path: Path, cells: CellRows, features: NDArray[np.float16]) -> None:
    """Write `features.parquet`: one row for each object that the second look has seen, in the order of cells.

    Parameters
    ----------
    cells
        The slide's objects, as `cells.parquet` has them.
    features
        (K, D), of those of `cells.seen_again`.
    """
    row = pa.array(cells.seen_again, pa.int32())
    # Other ways to make such an array fail for a slide of which nothing was seen.
    seen = pa.array(list(features), pa.list_(pa.float16(), features.shape[1]))
    table = pa.table({"row": row, "features": seen})
    with replacing(path) as temporary:
        pq.write_table(table, temporary, row_group_size=ROWS_IN_A_GROUP)


def read_features(path: Path, cells: CellRows) -> NDArray[np.float16]:
    """Read what `write_features` wrote of these cells.

    Raises
    ------
    OSError, pyarrow.ArrowInvalid, KeyError, ValueError
        Where the file is gone, is no such table, or is of other cells.
    """
    table = pq.read_table(path)
    if not np.array_equal(table["row"].to_numpy(), cells.seen_again):
        raise ValueError(f"{path.name} is of other cells than those that the second look has seen")
    column = table["features"].combine_chunks()
    values: NDArray[np.float16] = column.flatten().to_numpy()
    return values.reshape(len(column), column.type.list_size)
