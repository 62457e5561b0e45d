"""A signed document as a file, as the application gives it away."""

import json
from pathlib import Path

from pydantic import ValidationError

from core.errors import SmearscopeError
from core.files import shown_path
from core.review.signed_result import SignedResult, sha256_of


class SignedFileError(SmearscopeError):
    """A file that is no signed document, or is not as it was signed."""


def read_signed_file(path: Path) -> tuple[SignedResult, str]:
    """The signed result in a file, and the hash under which it was signed.

    The file tells only that it is in the one form in which results are signed. Whether it is the one that was
    signed, its hash tells, which the application shows and prints.

    Raises
    ------
    SignedFileError
        Where it cannot be read, holds no signed result, or was written anew by another program.
    """
    try:
        text = path.read_bytes().decode()
        given = json.loads(text)
    except OSError as error:
        raise SignedFileError(f"{shown_path(path)} cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise _no_signed_result(path, f"it is no JSON ({error})") from error
    if not isinstance(given, dict) or "signature" not in given:
        raise _no_signed_result(path, "nobody has signed it")
    try:
        signed = SignedResult.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the document"
        raise _no_signed_result(path, f"{place}: {first['msg']}") from error
    if json.dumps(given, sort_keys=True, separators=(",", ":"), ensure_ascii=False) != text:
        raise SignedFileError(
            f"{shown_path(path)} is not as it was signed: another program has written it anew, so its hash "
            "is another; take it away from the application again"
        )
    return signed, sha256_of(text)


def _no_signed_result(path: Path, why: str) -> SignedFileError:
    return SignedFileError(
        f"{shown_path(path)} is no signed result: {why}; read the slide and sign it in the application, then "
        "take away its JSON"
    )
