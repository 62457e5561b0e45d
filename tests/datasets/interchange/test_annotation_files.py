"""Files of annotations are found however their ending is written."""

from pathlib import Path

from datasets.interchange.annotation_files import files_below


def test_an_ending_may_be_written_large(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "folder.xml").mkdir()
    for name in ("b/1.xml", "2.XML", "a.Xml", "a.txt", "axml"):
        (tmp_path / name).touch()
    found = [path.relative_to(tmp_path).as_posix() for path in files_below(tmp_path, ".xml")]
    assert found == ["2.XML", "a.Xml", "b/1.xml"]
