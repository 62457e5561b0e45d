"""Every format: what is written is read back, whole or not at all; what cannot be right is named."""

import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings

from core.files import OutputError
from datasets.fields import AnnotationError
from datasets.interchange.formats import AnnotationFormat, InterchangeError, read_labelled, write_labelled
from datasets.interchange.labelled import LabelledField, LabelledObject
from tests.labelled_fields import FIELDS, RING, any_fields

every_format = pytest.mark.parametrize("format", AnnotationFormat)


@every_format
def test_what_is_written_is_read_back(format: AnnotationFormat, tmp_path: Path) -> None:
    written = write_labelled(tmp_path / "out", format, FIELDS)
    assert (written.fields, written.objects) == (3, 3)
    found = read_labelled(tmp_path / "out", format)
    assert sorted(found.fields, key=lambda field: field.name) == sorted(FIELDS, key=lambda field: field.name)
    assert found.not_taken_over == {}


@every_format
@given(fields=any_fields)
@settings(max_examples=30, deadline=None)
def test_whatever_fields_hold_is_read_back(
    format: AnnotationFormat, fields: tuple[LabelledField, ...]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        write_labelled(Path(folder) / "out", format, fields)
        assert read_labelled(Path(folder) / "out", format).fields == fields


@every_format
def test_the_notice_goes_with_every_export(format: AnnotationFormat, tmp_path: Path) -> None:
    write_labelled(tmp_path / "out", format, FIELDS)
    files = [path for path in (tmp_path / "out", *(tmp_path / "out").rglob("*")) if path.is_file()]
    assert any("research use only" in path.read_text(encoding="utf-8") for path in files)


@every_format
def test_what_is_there_already_is_left_alone(format: AnnotationFormat, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("years of work")
    with pytest.raises(InterchangeError, match="exists already"):
        write_labelled(tmp_path / "out", format, FIELDS)
    assert (tmp_path / "out" / "thesis.txt").read_text() == "years of work"


@every_format
@pytest.mark.parametrize("name", ["", "/etc/passwd", "../field.png", "day 1/field1.png"])
def test_a_field_whose_name_cannot_be_written_leaves_nothing_behind(
    format: AnnotationFormat, name: str, tmp_path: Path
) -> None:
    with pytest.raises(InterchangeError, match="the name"):
        write_labelled(tmp_path / "out", format, [*FIELDS, LabelledField(name, 10, 10, ())])
    assert not (tmp_path / "out").exists()
    assert not list(tmp_path.glob("*.part"))


@every_format
def test_a_folder_that_cannot_be_written_is_named(format: AnnotationFormat, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="file"):
        write_labelled(tmp_path / "file" / "out", format, FIELDS)


@every_format
def test_boxes_outside_their_image_are_counted(format: AnnotationFormat, tmp_path: Path) -> None:
    beyond = [replace(RING, x=x) for x in (100.0, 250.0, -30.25)]
    touching = [replace(RING, x=99.0), replace(RING, x=-30.0)]
    write_labelled(tmp_path / "out", format, [replace(FIELDS[0], objects=(*beyond, *touching))])
    with pytest.raises(AnnotationError, match=r"out: 3 boxes outside their image.*field1\.png \(100 × 80\)"):
        read_labelled(tmp_path / "out", format)


@every_format
def test_boxes_without_an_area_are_counted(format: AnnotationFormat, tmp_path: Path) -> None:
    flat = LabelledObject(10, 10, 0, 20, "infected")
    write_labelled(tmp_path / "out", format, [replace(FIELDS[0], objects=(flat, RING, flat))])
    with pytest.raises(AnnotationError, match="2 boxes without an area"):
        read_labelled(tmp_path / "out", format)


@every_format
def test_what_is_not_there_or_empty_is_named(format: AnnotationFormat, tmp_path: Path) -> None:
    with pytest.raises(AnnotationError, match="gone: not there"):
        read_labelled(tmp_path / "gone", format)
    (tmp_path / "empty").mkdir()
    with pytest.raises(AnnotationError, match="empty"):
        read_labelled(tmp_path / "empty", format)
    (tmp_path / "nothing").touch()
    with pytest.raises(AnnotationError, match="nothing"):
        read_labelled(tmp_path / "nothing", format)


@pytest.mark.parametrize("written", AnnotationFormat)
@pytest.mark.parametrize("read", AnnotationFormat)
def test_a_file_of_another_format_is_refused(
    written: AnnotationFormat, read: AnnotationFormat, tmp_path: Path
) -> None:
    if written != read:
        write_labelled(tmp_path / "out", written, FIELDS)
        with pytest.raises(AnnotationError, match="out"):
            read_labelled(tmp_path / "out", read)
