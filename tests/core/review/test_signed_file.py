"""A signed document as a file: what was signed is read with its hash, everything else is refused."""

import json
from pathlib import Path

import pytest

from core.review import read_document, sign
from core.review.signed_file import SignedFileError, read_signed_file
from core.store import Role, Signature, Store
from tests.scored_slides import read_all, scored_slide


@pytest.fixture
def signature(store: Store, tmp_path: Path) -> Signature:
    record = scored_slide(store, tmp_path, listed=2)
    read_all(store, record, "--", reader="Anna", role=Role.FIRST)
    return sign(store, record.slide.id, by="Dora")


def test_a_document_comes_back_with_the_hash_under_which_it_was_signed(
    signature: Signature, tmp_path: Path
) -> None:
    path = tmp_path / "signed.json"
    path.write_bytes(signature.document.encode())
    assert read_signed_file(path) == (read_document(signature), signature.sha256)


def test_a_document_that_another_program_wrote_anew_is_refused(signature: Signature, tmp_path: Path) -> None:
    path = tmp_path / "signed.json"
    for text in (json.dumps(json.loads(signature.document), indent=2), signature.document + "\n"):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(SignedFileError, match=r"signed\.json is not as it was signed"):
            read_signed_file(path)


def test_what_nobody_signed_is_refused(signature: Signature, tmp_path: Path) -> None:
    unsigned = tmp_path / "result" / "result.json"
    with pytest.raises(SignedFileError, match=r"result\.json is no signed result: nobody has signed it"):
        read_signed_file(unsigned)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff\xfe", "it is no JSON"),
        (b"{", "it is no JSON"),
        (b"[1]", "nobody has signed it"),
        (b'{"signature":{}}', "slide: Field required"),
    ],
)
def test_other_files_are_refused_with_what_is_wrong(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "other.json"
    path.write_bytes(content)
    with pytest.raises(SignedFileError, match=said):
        read_signed_file(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SignedFileError, match=r"none\.json cannot be read: No such file"):
        read_signed_file(tmp_path / "none.json")
