"""Pictures that are made while scoring has a slide's fields decoded: those that its pages show first."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.pictures.pyramid import Pyramid
from app.pictures.tiles import DRAWN_BY_SCORING, PicturedCell, Tiles
from core.files import OutputError
from core.scoring.field_pictures import FieldCandidates


@dataclass(frozen=True)
class PicturesWhileScoring:
    """A `core.scoring.field_pictures.FieldPictures` that keeps what the pages show.

    It only saves readers time: what cannot be written is said, and made when it is first asked for.

    Attributes
    ----------
    folder
        Of all slides' pictures.
    slide_id, model
        The slide, and the identity of the model that scores it.
    copies
        Whether reduced copies of the fields are needed: not of a scan that holds its own.
    """

    folder: Path
    slide_id: int
    model: str
    copies: bool

    def of_field(self, image: NDArray[np.uint8], content_hash: str) -> None:
        """Keep reduced copies, for the view of the whole slide."""
        if self.copies:
            with _said():
                Pyramid(self.folder).keep_copies(self.slide_id, image, content_hash)

    def of_candidates(
        self, image: NDArray[np.uint8], candidates: FieldCandidates, maps: NDArray[np.float32]
    ) -> None:
        """Cut each candidate and its neighbours, and keep its map."""
        tiles = Tiles(self.folder)
        with _said():
            for cell, activation_map in zip(candidates.cells, maps, strict=True):
                pictured = PicturedCell(cell.field, cell.box, candidates.content_hash, candidates.other_boxes)
                tiles.keep_cut(self.slide_id, image, pictured)
                tiles.keep_maps(self.slide_id, self.model, pictured, {DRAWN_BY_SCORING: activation_map})


@contextmanager
def _said() -> Iterator[None]:
    try:
        yield
    except OutputError as error:
        print(f"not all pictures were cut beforehand: {error}", flush=True)
