"""The tables of a scored slide: its located objects, and the list of those put before a reader.

Each table is written here and read here, as the same plain arrays and records.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from core.cells.boxes import Box, rounded_box
from core.cells.located import WhyNot
from core.files import read_csv, replacing, write_csv
from core.results.fields import FieldRow

ROWS_IN_A_GROUP = 65_536
SIDES = ("x", "y", "width", "height")
REASONS = tuple(WhyNot)
"""Why an object does not count, by the number that stands for it in `CellRows`; 0 is a cell that counts."""
NUMBER_OF_REASON = {str(reason): number for number, reason in enumerate(REASONS)}
_OF_WHOLE_CELLS = (
    *(WhyNot.EVALUABLE, WhyNot.OUT_OF_FOCUS, WhyNot.WITHOUT_COLOUR),
    *(WhyNot.TOO_FEW_PIXELS, WhyNot.TOO_LITTLE_DETAIL),
)

CELLS_SCHEMA = pa.schema(
    [
        ("field", pa.string()),
        *((side, pa.float32()) for side in SIDES),
        ("detection_score", pa.float32()),
        ("infected_score", pa.float32()),
        ("second_score", pa.float32()),
        ("evaluable", pa.bool_()),
        ("why_not", pa.string()),
        ("rank", pa.int32()),
    ]
)

CANDIDATE_COLUMNS = ("rank", "infected_score", "field", *SIDES, "evaluable", "why_not", "image")


@dataclass(frozen=True, eq=False)
class CellRows:
    """The located objects of a slide as aligned arrays, in the order of its fields.

    Attributes
    ----------
    field
        (N,) int32 position of each object's field among the fields of the slide.
    boxes
        (N, 4) float32: x, y, width, height in pixels of the field's image.
    detection_score
        (N,) float32 in [0, 1].
    infected_score
        (N,) float32 in [0, 1], of the first look; NaN for what is looked at in another place of the slide.
    second_score
        (N,) float32 in [0, 1], of both looks together; NaN where the second look has not seen it.
    why_not
        (N,) uint8 positions in `REASONS`; 0 for a cell that counts.
    """

    field: NDArray[np.int32]
    boxes: NDArray[np.float32]
    detection_score: NDArray[np.float32]
    infected_score: NDArray[np.float32]
    second_score: NDArray[np.float32]
    why_not: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.field)

    @cached_property
    def evaluable(self) -> NDArray[np.bool_]:
        """(N,) which cells count."""
        return np.asarray(self.why_not == 0)

    @cached_property
    def whole(self) -> NDArray[np.bool_]:
        """(N,) which are whole single red cells, whether their field is sharp enough to count or not."""
        return np.isin(self.why_not, [NUMBER_OF_REASON[reason] for reason in _OF_WHOLE_CELLS])

    @cached_property
    def looked_at(self) -> NDArray[np.bool_]:
        """(N,) which objects have a score, and so a place in the list."""
        return np.isfinite(self.infected_score)

    @cached_property
    def seen_again(self) -> NDArray[np.int64]:
        """(K,) positions of the objects that the second look has seen: the K that lead the list."""
        return np.flatnonzero(np.isfinite(self.second_score))

    @cached_property
    def ranking_score(self) -> NDArray[np.float32]:
        """(N,) float32, the score by which each is ranked: that of the second look where it has one."""
        return np.where(np.isfinite(self.second_score), self.second_score, self.infected_score)

    @cached_property
    def rank(self) -> NDArray[np.int32]:
        """(N,) int32, the place of each object in the slide's list, from 1 on; 0 for what is not in it."""
        rank = np.zeros(len(self), np.int32)
        rank[self.ranked] = np.arange(1, len(self.ranked) + 1)
        return rank

    def by_reason(self) -> dict[str, int]:
        """Number of objects that do not count, by reason, in the order of `WhyNot`."""
        counts = np.bincount(self.why_not, minlength=len(REASONS)).tolist()
        return {str(reason): count for reason, count in zip(REASONS, counts, strict=True) if reason and count}

    @cached_property
    def ranked(self) -> NDArray[np.int64]:
        """Positions of all looked-at objects: the slide's list.

        First those that the second look has seen, by its score; then the others by that of the first. Equal
        scores keep the order of the table.
        """
        twice = np.isfinite(self.second_score)
        seen = (np.flatnonzero(self.looked_at & which) for which in (twice, ~twice))
        return np.concatenate([one[np.argsort(-self.ranking_score[one], kind="stable")] for one in seen])


@dataclass(frozen=True)
class RankedCell:
    """An object of a slide's list.

    Attributes
    ----------
    field, box
        Where it lies; the box with two decimals, as scoring writes it.
    infected_score
        The score that ranks it, in [0, 1]. It gives an order and no probability.
    why_not
        Why it is not an evaluable cell; empty where it is one.
    rank
        1 for the first of the slide.
    picture
        File name in `candidates/`; None where the review budget ends before it.
    """

    field: str
    box: Box
    infected_score: float
    why_not: WhyNot
    rank: int
    picture: str | None

    @property
    def evaluable(self) -> bool:
        """Whether it counts among the cells examined."""
        return not self.why_not


def ranked_cell(
    rows: Sequence[FieldRow], cells: CellRows, position: int, rank: int, picture: str | None = None
) -> RankedCell:
    """The object at a position of a table, which has this rank."""
    return RankedCell(
        rows[cells.field[position]].name,
        rounded_box(cells.boxes[position].tolist()),
        round(float(cells.ranking_score[position]), 6),
        REASONS[cells.why_not[position]],
        rank,
        picture,
    )


def first_ranked(rows: Sequence[FieldRow], cells: CellRows, budget: int) -> tuple[RankedCell, ...]:
    """The first `budget` objects of the list, which have pictures; all of them where there are fewer."""
    return tuple(
        ranked_cell(rows, cells, position, rank, image_name(rank))
        for rank, position in enumerate(cells.ranked[:budget].tolist(), start=1)
    )


def image_name(rank: int) -> str:
    """File name of a candidate's picture."""
    return f"{rank:04d}.png"


def write_cells(path: Path, rows: Sequence[FieldRow], cells: CellRows) -> None:
    """Write `cells.parquet`: one row a located object, in the order of fields.

    Row groups have a fixed number of rows, so the file does not depend on how the fields were scored.
    """
    names = np.array([row.name for row in rows], object)
    with replacing(path) as temporary, pq.ParquetWriter(temporary, CELLS_SCHEMA) as writer:
        for part in _groups(len(cells)):
            writer.write_table(_cells_table(names, cells, part), row_group_size=ROWS_IN_A_GROUP)


def read_cells(path: Path, rows: Sequence[FieldRow]) -> CellRows:
    """Read what `write_cells` wrote, given the slide's fields; in what 0.1.0 wrote there is no second look.

    Raises
    ------
    OSError, pyarrow.ArrowInvalid, KeyError
        Where the file is gone, is no such table, or is of other fields.
    """
    second = "second_score" in pq.read_schema(path).names
    scores = ["detection_score", "infected_score", *(["second_score"] if second else [])]
    table = pq.read_table(path, columns=["field", *SIDES, *scores, "why_not"])
    numbers = {row.name: number for number, row in enumerate(rows)}
    return CellRows(
        field=_numbered(table["field"], numbers).astype(np.int32),
        boxes=np.stack([table[side].to_numpy() for side in SIDES], axis=1),
        detection_score=table["detection_score"].to_numpy(),
        infected_score=table["infected_score"].to_numpy(),
        second_score=table["second_score"].to_numpy() if second else np.full(len(table), np.nan, np.float32),
        why_not=_numbered(table["why_not"], NUMBER_OF_REASON).astype(np.uint8),
    )


def write_candidates_list(path: Path, ranked: Sequence[RankedCell]) -> None:
    """Write `candidates.csv`: the first of the list, by rank."""
    rows = (
        [
            cell.rank,
            f"{cell.infected_score:.6f}",
            cell.field,
            *map("{:.2f}".format, cell.box),
            "true" if cell.evaluable else "false",
            cell.why_not,
            cell.picture,
        ]
        for cell in ranked
    )
    write_csv(path, CANDIDATE_COLUMNS, rows)


def read_candidates_list(path: Path) -> tuple[RankedCell, ...]:
    """Read what `write_candidates_list` wrote; raises as `read_cells` does, and ValueError."""
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(
            RankedCell(
                row["field"],
                rounded_box([float(row[side]) for side in SIDES]),
                float(row["infected_score"]),
                WhyNot(row.get("why_not", WhyNot.EVALUABLE)),  # 0.1.0 listed evaluable cells alone
                int(row["rank"]),
                row["image"],
            )
            for row in read_csv(file)
        )


def _groups(count: int) -> Iterator[slice]:
    return (slice(start, start + ROWS_IN_A_GROUP) for start in range(0, count, ROWS_IN_A_GROUP))


def _cells_table(names: NDArray[np.object_], cells: CellRows, part: slice) -> pa.Table:
    reasons = np.array([str(reason) for reason in REASONS], object)
    infected, second, rank = (of[part] for of in (cells.infected_score, cells.second_score, cells.rank))
    columns = {
        "field": pa.array(names[cells.field[part]], pa.string()),
        **dict(zip(SIDES, cells.boxes[part].T, strict=True)),
        "detection_score": cells.detection_score[part],
        "infected_score": pa.array(infected, mask=np.isnan(infected)),
        "second_score": pa.array(second, mask=np.isnan(second)),
        "evaluable": cells.evaluable[part],
        "why_not": pa.array(reasons[cells.why_not[part]], pa.string()),
        "rank": pa.array(rank, mask=rank == 0),
    }
    return pa.table(columns, CELLS_SCHEMA)


def _numbered(column: pa.ChunkedArray, numbers: dict[str, int]) -> NDArray[np.int64]:
    """The number of each text of a column; 0 where there is none."""
    encoded = column.combine_chunks().dictionary_encode()
    if len(encoded) == 0:
        return np.empty(0, np.int64)
    known = np.array([numbers[text] for text in encoded.dictionary.to_pylist()] or [0], np.int64)
    present = encoded.is_valid().to_numpy(zero_copy_only=False)
    return np.where(present, known[encoded.indices.fill_null(0).to_numpy()], 0)
