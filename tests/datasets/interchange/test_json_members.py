"""JSON read member by member gives what reading it at once gives, wherever a part of the file ends."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datasets.fields import AnnotationError
from datasets.interchange import json_members
from datasets.interchange.json_members import members

Content = list[Any] | dict[str, Any]
_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def as_members(content: Content) -> list[tuple[str, Any]]:
    if isinstance(content, list):
        return [("", element) for element in content]
    found = []
    for name, value in content.items():
        found += [(name, element) for element in value] if isinstance(value, list) else [(name, value)]
    return found


@given(
    content=st.lists(_values, max_size=5) | st.dictionaries(st.text(), _values, max_size=5),
    indent=st.sampled_from([None, 1]),
    chunk=st.integers(1, 9),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_members_are_those_of_the_whole(
    content: Content, indent: int | None, chunk: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_members, "_CHUNK", chunk)
    (tmp_path / "file.json").write_text(json.dumps(content, indent=indent), encoding="utf-8")
    assert list(members(tmp_path / "file.json")) == as_members(content)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "3",
        '"text"',
        "[1 2]",
        "[1,",
        "{",
        '{"a" 1}',
        '{"a": 1 "b": 2}',
        "[1]]",
        "[1]x",
        "\xff",
    ],
)
def test_what_is_not_json_is_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / "file.json").write_bytes(content.encode("latin-1"))
    with pytest.raises(AnnotationError, match=r"file\.json: is not JSON"):
        list(members(tmp_path / "file.json"))


def test_a_file_that_is_gone_or_a_folder_is_named(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "gone.json"):
        with pytest.raises(AnnotationError, match="cannot be read"):
            list(members(path))


def test_a_measurement_that_could_not_be_made_is_none(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"a": [NaN, 1], "b": {"c": -Infinity}}')
    assert list(members(tmp_path / "a.json")) == [("a", None), ("a", 1), ("b", {"c": None})]
