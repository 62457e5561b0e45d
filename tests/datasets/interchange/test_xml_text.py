"""Any text comes back from XML as it was, but for characters that XML does not have."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datasets.fields import AnnotationError
from datasets.interchange.xml_text import content, elements, quoted


@given(text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ufffe\uffff")))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_text_is_read_as_it_was_written(text: str, tmp_path: Path) -> None:
    (tmp_path / "file.xml").write_text(
        f"<a><b name={quoted(text)}>{content(text)}</b></a>", encoding="utf-8", newline=""
    )
    ((outermost, element),) = (
        (one.tag, (element.get("name"), element.text or ""))
        for one, element in elements(tmp_path / "file.xml", "b")
    )
    held = "".join("\ufffd" if ord(one) < 32 and one not in "\t\n\r" else one for one in text)
    assert (outermost, element) == ("a", (held, held))


@pytest.mark.parametrize("text", ["", "<a>", "<a></b>", "no XML", "<a>&unknown;</a>", "<a/><a/>"])
def test_what_is_not_xml_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "file.xml").write_text(text, encoding="utf-8")
    with pytest.raises(AnnotationError, match=r"file\.xml: is not XML"):
        list(elements(tmp_path / "file.xml", "a"))


def test_an_entity_that_grows_without_end_is_refused(tmp_path: Path) -> None:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    text = f'<!DOCTYPE a [<!ENTITY e0 "much">{entities}]><a>&e11;</a>'
    (tmp_path / "file.xml").write_text(text, encoding="utf-8")
    with pytest.raises(AnnotationError, match="is not XML"):
        list(elements(tmp_path / "file.xml", "a"))
