"""A table of boxes that was written is read the same, moves with its images, and names its faults."""

from pathlib import Path

import pytest

from datasets.boxed_images import box_table, boxed_images, examined, write_box_table
from tests.drawn_box_sets import SETS, said_of, save_image, save_text, save_tiny, tiny_rows

every_set = pytest.mark.parametrize("name", SETS)


@every_set
def test_a_table_written_of_a_set_gives_the_same_images(tmp_path: Path, name: str) -> None:
    images = boxed_images(SETS[name](tmp_path / "set"))
    write_box_table(tmp_path / "mine" / "boxes.csv", images)
    assert said_of(box_table(tmp_path / "mine" / "boxes.csv")) == said_of(images)
    assert examined(tmp_path / "mine").layout.name == "a table of boxes"
    assert examined(tmp_path / "mine").problems == ()


def test_a_table_moves_with_its_images(tmp_path: Path) -> None:
    save_tiny(tmp_path / "set", tiny_rows())
    write_box_table(tmp_path / "set" / "mine.csv", boxed_images(tmp_path / "set"))
    (tmp_path / "set").rename(tmp_path / "elsewhere")
    first, _ = box_table(tmp_path / "elsewhere" / "mine.csv")
    assert first.path == tmp_path / "elsewhere" / "n1/a.JPEG"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("set/a.png,n1,cat,4,3,0,0,4,2", "line 3: box 0, 0, 4, 2 is not inside the image of 4 x 3 px"),
        ("set/a.png,n1,cat,4,3,2,0,1,2", "line 3: box 2, 0, 1, 2 is empty or inverted; give x0 <= x1"),
        ("set/a.png,n1,cat,4,3,,,,", "line 3: box , , , : no x0, y0, x1, y1; give four numbers"),
        ("set/a.png,n1,dog,4,3,0,0,1,1", "line 3: class n1 is 'dog' here and 'cat' in line 2; correct one"),
        ("set/a.png,n1,cat,4,-3,0,0,1,1", "line 3: width and height 4, -3 are no whole numbers"),
        ("set/b.png,n1,cat,4,3,0,0,1,1", "line 3: {root}/set/b.png is missing; put the image there"),
    ],
)
def test_a_fault_in_a_table_is_named_by_line_and_value(tmp_path: Path, row: str, said: str) -> None:
    save_image(tmp_path / "set/a.png", 4, 3)
    head = "path,wnid,name,width_px,height_px,x0,y0,x1,y1\nset/a.png,n1,cat,4,3,3,2,3,2"
    save_text(tmp_path / "boxes.csv", f"{head}\n{row}\n")
    (problem,) = examined(tmp_path).problems
    assert said.format(root=tmp_path) in str(problem)
