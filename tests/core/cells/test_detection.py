"""What a detector gives."""

import numpy as np

from core.cells.detection import Cells


def test_a_field_has_as_many_objects_as_boxes() -> None:
    for count in (0, 3):
        scores, kinds = np.ones(count, np.float32), np.zeros(count, np.uint8)
        assert len(Cells(np.zeros((count, 4), np.float32), scores, kinds)) == count
