"""The server: which machines it lets in."""

from dataclasses import replace
from pathlib import Path

import pytest

from app.web.server import check_reach
from app.workplace import open_workplace
from core.store.settings import Settings, SettingsError
from tests.app.staff import SIGN_IN


def test_other_machines_are_let_in_only_with_sign_in_or_in_so_many_words(tmp_path: Path) -> None:
    without = open_workplace(tmp_path / "without")
    check_reach(without, "127.0.0.1", without_sign_in=False)
    with pytest.raises(SettingsError, match=r"0\.0\.0\.0 lets other machines in.*--without-sign-in"):
        check_reach(without, "0.0.0.0", without_sign_in=False)  # noqa: S104
    check_reach(without, "0.0.0.0", without_sign_in=True)  # noqa: S104
    signing_in = replace(open_workplace(tmp_path / "with"), settings=Settings(auth=SIGN_IN))
    check_reach(signing_in, "0.0.0.0", without_sign_in=False)  # noqa: S104
    without.store.close()
    signing_in.store.close()
