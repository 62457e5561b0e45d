"""Each format as one file, from which what was written is read back."""

import io
from pathlib import Path
from zipfile import ZipFile

import pytest

from datasets.interchange.downloads import ENDINGS, download
from datasets.interchange.formats import read_labelled
from datasets.interchange.labelled import AnnotationFormat
from tests.labelled_fields import FIELDS


@pytest.mark.parametrize("format", AnnotationFormat)
def test_a_download_holds_the_fields(format: AnnotationFormat, tmp_path: Path) -> None:
    content = download(format, FIELDS)
    if ENDINGS[format] == ".zip":
        ZipFile(io.BytesIO(content)).extractall(tmp_path / "out")
    else:
        (tmp_path / "out").write_bytes(content)
    found = {field.name: field for field in read_labelled(tmp_path / "out", format).fields}
    assert found == {field.name: field for field in FIELDS}
