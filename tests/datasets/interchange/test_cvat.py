"""CVAT for images 1.1: what CVAT writes is taken over, files of its other tasks are refused."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from datasets.fields import AnnotationError
from datasets.interchange.cvat import read_cvat, write_cvat
from datasets.interchange.labelled import LabelledField, LabelledObject
from tests.labelled_fields import FIELDS

BOX = '<box label="ring" source="manual" occluded="0" xtl="10.50" ytl="20" xbr="40.50" ybr="45" z_order="0">'
WHOLE_BOX = f'{BOX}<attribute name="sure">true</attribute><attribute name="note"></attribute></box>'
OF_CVAT = f"""<?xml version="1.0" encoding="utf-8"?>
<annotations>
  <version>1.1</version>
  <meta><job><size>1</size><labels><label><name>ring</name></label></labels></job></meta>
  <image id="0" name="day 1\\a.jpg" subset="default" task_id="4" width="100" height="80">
    {WHOLE_BOX}
  </image>
</annotations>
"""


def cvat(folder: Path, old: str = "", new: str = "") -> Path:
    (folder / "cvat.xml").write_text(OF_CVAT.replace(old, new) if old else OF_CVAT, encoding="utf-8")
    return folder / "cvat.xml"


def shape(kind: str) -> str:
    return f'<{kind} label="ring" occluded="0" points="1,2;3,4" z_order="0"></{kind}>'


def test_a_file_of_cvat_is_taken_over(tmp_path: Path) -> None:
    ring = LabelledObject(10.5, 20, 30, 25, "ring", more={"sure": "true", "note": ""})
    assert read_cvat(cvat(tmp_path)).fields == (LabelledField("day 1/a.jpg", 100, 80, (ring,)),)


def test_what_is_hidden_in_part_and_what_is_grouped_says_so(tmp_path: Path) -> None:
    path = cvat(tmp_path, 'occluded="0"', 'occluded="1" group_id="3"')
    more = read_cvat(path).fields[0].objects[0].more
    assert (more["occluded"], more["group_id"]) == ("1", "3")


def test_other_shapes_beside_boxes_are_counted(tmp_path: Path) -> None:
    turned = BOX.replace("z_order=", 'rotation="30.5" z_order=') + "</box>"
    others = shape("polygon") * 2 + shape("points") + '<tag label="good" source="manual"></tag>' + turned
    found = read_cvat(cvat(tmp_path, "  </image>", f"{others}</image>"))
    assert len(found.fields[0].objects) == 1
    assert (found.fields[0].all_marked, found.fields[0].shapes_lost) == (False, 4)
    assert found.not_taken_over == {"polygon": 2, "points": 1, "tag": 1, "turned boxes": 1}


def test_a_tag_of_an_image_is_no_lost_shape(tmp_path: Path) -> None:
    found = read_cvat(cvat(tmp_path, "  </image>", '<tag label="good"></tag></image>'))
    assert (found.fields[0].all_marked, found.fields[0].shapes_lost) == (True, 0)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (
            WHOLE_BOX,
            f"{shape('polygon') * 2}{shape('points')}",
            "none of its 3 shapes is a box .1 points, 2 polygon",
        ),
        (
            "  <image",
            "<track id='0' label='ring'></track><track id='1'></track><image",
            "2 tracks of a video",
        ),
        ('xbr="40.50"', "", "image 'day 1/a.jpg': box 'ring': could not convert"),
        ('xbr="40.50"', 'xbr="inf"', "box 'ring': 'inf' is no number"),
        ('width="100"', 'width="wide"', "size: could not convert"),
        ("annotations>", "annotation>", "<annotation> is no CVAT file"),
        ("</annotations>", "", "is not XML"),
    ],
)
def test_a_fault_is_named_with_the_number_of_items(old: str, new: str, fault: str, tmp_path: Path) -> None:
    with pytest.raises(AnnotationError, match=rf"cvat\.xml: .*{fault}"):
        read_cvat(cvat(tmp_path, old, new))


def test_the_labels_at_the_head_declare_every_attribute_that_follows(tmp_path: Path) -> None:
    write_cvat(tmp_path / "cvat.xml", FIELDS)
    root = ElementTree.parse(tmp_path / "cvat.xml").getroot()  # noqa: S314 - written a line above
    declared = {
        label.findtext("name"): {one.findtext("name") for one in label.iterfind("attributes/attribute")}
        for label in root.iterfind("meta/task/labels/label")
    }
    used = [
        (shape.get("label"), {one.get("name") for one in shape.iterfind("attribute")})
        for image in root.iterfind("image")
        for shape in image
    ]
    assert len(used) == 6
    assert all(names <= declared[label] for label, names in used)
    assert root.findtext("meta/task/size") == "3"
