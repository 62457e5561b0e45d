"""Annotation files of Pascal VOC: objects with their lines, corners as written, and the size stated."""

from pathlib import Path

import pytest

from datasets.boxed_images.boxed_image import BoxedImageError
from datasets.boxed_images.voc_annotation import voc_annotation

TWO_OBJECTS = """\
<annotation>
  <size><width>40</width><height>30</height></size>
  <object>
    <name>n1</name>
    <bndbox><xmin>1</xmin><ymin>2</ymin><xmax>3.5</xmax><ymax>4</ymax></bndbox>
  </object>
  <object>
    <part><name>head</name></part>
    <name> n2 </name>
    <bndbox><xmin>5</xmin><ymax>8</ymax></bndbox>
  </object>
</annotation>
"""


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_objects_have_their_line_their_class_and_their_corners_as_written(tmp_path: Path) -> None:
    found = voc_annotation(write(tmp_path / "a.xml", TWO_OBJECTS))
    assert found.size_px == (40, 30)
    assert [(one.line, one.name) for one in found.objects] == [(3, "n1"), (7, "n2")]
    # First column, first row, last column, last row; empty where a corner is not there.
    assert [one.values for one in found.objects] == [("1", "2", "3.5", "4"), ("5", "", "", "8")]


@pytest.mark.parametrize("width", ["", "0x40", "-40", "40.0"])
def test_a_size_that_is_no_whole_number_is_none(tmp_path: Path, width: str) -> None:
    text = TWO_OBJECTS.replace("<width>40<", f"<width>{width}<")
    assert voc_annotation(write(tmp_path / "a.xml", text)).size_px is None


def test_what_is_no_xml_is_named_with_its_line(tmp_path: Path) -> None:
    broken = write(tmp_path / "a.xml", TWO_OBJECTS.replace("</name>", "</nam>", 1))
    with pytest.raises(BoxedImageError, match=f"{broken}: line 4: no XML"):
        voc_annotation(broken)


def test_a_file_that_is_not_there_any_more_is_named(tmp_path: Path) -> None:
    with pytest.raises(BoxedImageError, match=r"gone\.xml: cannot be read"):
        voc_annotation(tmp_path / "gone.xml")
