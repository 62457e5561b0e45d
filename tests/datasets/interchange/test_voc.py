"""Pascal VOC: what of other programs' files is taken over, and the ways in which one is refused."""

from pathlib import Path

import pytest

from datasets.fields import AnnotationError
from datasets.interchange.formats import AnnotationFormat, read_labelled, write_labelled
from datasets.interchange.labelled import LabelledField, LabelledObject
from datasets.interchange.voc import read_voc

OF_LABELIMG = """<annotation>
	<folder>images</folder>
	<filename>a.jpg</filename>
	<path>C:\\images\\a.jpg</path>
	<source><database>Unknown</database></source>
	<size><width>100</width><height>80</height><depth>3</depth></size>
	<segmented>0</segmented>
	<object>
		<name>ring</name>
		<pose>Unspecified</pose>
		<truncated>1</truncated>
		<difficult>0</difficult>
		<bndbox><xmin>10</xmin><ymin>20</ymin><xmax>40</xmax><ymax>45</ymax></bndbox>
	</object>
</annotation>
"""


def voc(folder: Path, old: str = "", new: str = "", name: str = "a.xml") -> Path:
    (folder / name).parent.mkdir(exist_ok=True, parents=True)
    (folder / name).write_text(OF_LABELIMG.replace(old, new) if old else OF_LABELIMG, encoding="utf-8")
    return folder


def test_a_file_of_labelimg_is_taken_over(tmp_path: Path) -> None:
    ring = LabelledObject(10, 20, 30, 25, "ring", more={"truncated": "1"})
    assert read_voc(voc(tmp_path)).fields == (LabelledField("a.jpg", 100, 80, (ring,)),)
    assert read_voc(tmp_path / "a.xml").fields[0].objects == (ring,)


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("a.xml", "a.jpg"),
        ("Annotations/a.xml", "a.jpg"),
        ("annotations/train/a.xml", "train/a.jpg"),
        ("train/a.xml", "train/a.jpg"),
    ],
)
def test_an_image_is_named_with_the_folder_of_its_file(file: str, name: str, tmp_path: Path) -> None:
    assert read_voc(voc(tmp_path, name=file)).fields[0].name == name


def test_outlines_and_parts_are_counted_and_other_words_kept(tmp_path: Path) -> None:
    more = "<polygon><x1>1</x1></polygon><part><name>nucleus</name></part><deleted>0</deleted><pose>"
    found = read_voc(voc(tmp_path, "<pose>", more))
    assert found.not_taken_over == {"parts and outlines of objects": 2}
    assert found.fields[0].objects[0].more == {"truncated": "1", "deleted": "0"}


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("<ymax>45</ymax>", "", "object 'ring': could not convert"),
        ("<ymax>45<", "<ymax>low<", "object 'ring': could not convert"),
        ("<ymax>45<", "<ymax>nan<", "object 'ring': 'nan' is no number"),
        ("bndbox>", "box>", "object 'ring': no bndbox"),
        ("<filename>a.jpg</filename>", "", "names no image"),
        ("annotation>", "annotations>", "<annotations> is no VOC file"),
        ("<width>100", "<width>wide", "size: could not convert"),
        ("</annotation>", "", "is not XML"),
    ],
)
def test_a_fault_is_named(old: str, new: str, fault: str, tmp_path: Path) -> None:
    with pytest.raises(AnnotationError, match=rf"a\.xml: {fault}"):
        read_voc(voc(tmp_path, old, new))


def test_two_images_that_differ_in_their_ending_alone_are_refused(tmp_path: Path) -> None:
    fields = [LabelledField("a.png", 10, 10, ()), LabelledField("a.jpg", 10, 10, ())]
    with pytest.raises(AnnotationError, match=r"a\.jpg: another image has this name"):
        write_labelled(tmp_path / "out", AnnotationFormat.VOC, fields)
    assert not (tmp_path / "out").exists()


def test_what_xml_has_no_character_for_is_replaced(tmp_path: Path) -> None:
    field = LabelledField("a.png", 10, 10, (LabelledObject(1, 1, 2, 2, "\x00\r\n"),))
    write_labelled(tmp_path / "out", AnnotationFormat.VOC, [field])
    found = read_labelled(tmp_path / "out", AnnotationFormat.VOC)
    assert found.fields[0].objects[0].label == "\ufffd\r\n"
