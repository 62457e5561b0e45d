"""What holds of every page of the application: it comes up, in each language, and says what it is not for."""

import pytest

from app.workplace import Workplace
from core.store import SlideRecord
from tests.app.page_under_test import SLIDE_PAGES, page, said

NOTICE = "research use only, not for diagnosis"
ALL_PAGES = [
    ("worklist", "worklist_page"),
    ("bring_in", "bring_in_page"),
    ("audit", "audit_page"),
    *SLIDE_PAGES,
]


@pytest.mark.parametrize(("module", "function"), ALL_PAGES)
@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_page_comes_up_in_every_language_with_the_notice(
    workplace: Workplace, record: SlideRecord, module: str, function: str, language: str
) -> None:
    test = page(module, function, language=language, slide=record.slide.id)
    assert not test.exception
    notice = NOTICE if language == "en" else "à des fins de recherche uniquement"
    assert notice in said(test)
