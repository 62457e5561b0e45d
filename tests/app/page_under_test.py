"""A page as `streamlit.testing` runs it: with a person already known, and the other pages to lead to."""

import json
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest

MAIN = Path(__file__).parents[2] / "app" / "pages" / "main.py"
SLIDE_PAGES = [
    ("reading", "review_page"),
    ("reading", "second_reading_page"),
    ("reading", "adjudication_page"),
    ("slide_view", "slide_page"),
    ("result", "result_page"),
]


def _script() -> None:
    import importlib

    import streamlit as st

    from app.pages import links

    module, function = st.session_state.page_under_test
    others = [value for name, value in vars(links).items() if name.isupper() and isinstance(value, str)]
    pages = [
        st.Page(getattr(importlib.import_module(module), function), title="under test", default=True),
        *(st.Page(lambda: None, title=name, url_path=name) for name in others),
    ]
    links.keep_pages(pages)
    st.navigation(pages).run()


def page(
    module: str, function: str, *, person: str = "Anna", language: str = "en", slide: int = 0
) -> AppTest:
    """Run a page once; `slide` goes into its address where it is about one."""
    test = AppTest.from_function(_script, default_timeout=30)
    test.session_state["page_under_test"] = (f"app.pages.{module}", function)
    test.session_state["person"] = person
    test.session_state["language"] = language
    if slide:
        test.query_params["slide"] = str(slide)
    return test.run()


def rows(test: AppTest) -> list[dict[str, Any]]:
    """The slides in the page's table: texts by column, links, what can be done at once."""
    found = [
        one.proto for one in test.get("bidi_component") if one.proto.component_name == "smearscope_table"
    ]
    data = [json.loads(table.json) for table in found]
    return [
        {
            **{
                column["name"]: " · ".join((text, *notes))
                for column, (text, _, _, notes) in zip(one["columns"], cells, strict=True)
            },
            "links": dict(links),
            "act": act and act[1],
        }
        for one in data
        for _, cells, links, act in one["rows"]
    ]


def said(test: AppTest) -> str:
    """All that the page says, line by line; of a table each row."""
    kinds = (
        test.title,
        test.subheader,
        test.markdown,
        test.caption,
        test.info,
        test.warning,
        test.error,
        test.success,
    )
    lines = [str(element.value) for elements in kinds for element in elements]
    return "\n".join([*lines, *(str(row) for row in rows(test))])


def buttons(test: AppTest) -> list[str]:
    return [button.label for button in test.button]
