"""Imported fields: a folder that reads as what was imported, whole or not at all."""

from pathlib import Path

import numpy as np
import pytest

from core.files import OutputError
from datasets.fields import AnnotationError
from datasets.interchange.formats import AnnotationFormat
from datasets.interchange.own_fields import OwnFields
from datasets.interchange.own_folder import write_own_folder
from tests.drawn_own_fields import CLASSES, save_coco, save_geojson


def test_what_was_imported_reads_as_what_it_was_made_of(tmp_path: Path) -> None:
    own = OwnFields(
        "ours", save_geojson(tmp_path / "lab"), AnnotationFormat.GEOJSON, classes=CLASSES, in_part=True
    )
    write_own_folder(tmp_path / "new", own, own.read())
    imported = OwnFields("ours", tmp_path / "new", AnnotationFormat.COCO).annotated()
    for one, other in zip(imported, own.annotated(), strict=True):
        assert (one.slide, one.all_marked, one.kinds_marked) == (other.slide, False, other.kinds_marked)
        assert one.path.read_bytes() == other.path.read_bytes()
        for name in ("boxes", "kind", "infected", "unsure", "not_red_cells"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_an_image_that_cannot_be_decoded_leaves_nothing_behind(tmp_path: Path) -> None:
    folder = save_coco(tmp_path / "lab")
    image = folder / "images" / "patient 2" / "a.png"
    image.write_bytes(image.read_bytes()[:60])
    own = OwnFields("ours", folder, AnnotationFormat.COCO, classes=CLASSES)
    with pytest.raises(AnnotationError, match=r"patient 2/a\.png: cannot be decoded"):
        write_own_folder(tmp_path / "new", own, own.read())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lab"]


def test_a_folder_that_is_there_already_stays_as_it_is(tmp_path: Path) -> None:
    own = OwnFields("ours", save_coco(tmp_path / "lab"), AnnotationFormat.COCO, classes=CLASSES)
    (tmp_path / "new").mkdir()
    with pytest.raises(OutputError, match="exists already: give another --out"):
        write_own_folder(tmp_path / "new", own, own.read())
    assert list((tmp_path / "new").iterdir()) == []
