"""Signing in with a provider of OpenID Connect, and what roles open, as people meet it in Chromium."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from app.person import name_cookie
from core.store import Role, StaffRole, Store
from tests.app.chromium import IN_CHROMIUM, new_page, picture
from tests.app.oidc_provider import CLIENT_ID, CLIENT_SECRET, running_provider
from tests.app.running_server import RunningServer
from tests.scored_slides import read_all, scored_slide

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = IN_CHROMIUM
PEOPLE = {
    "zoe": {"sub": "1", "name": "Zoé Martin", "email": "Zoe@lab.example", "email_verified": True},
    "eve": {"sub": "2", "name": "Eve Duval", "email": "eve@lab.example", "email_verified": True},
    # An address that the provider has not verified is no identity, though it be the supervisor's.
    "mallory": {"sub": "3", "name": "Zoé Martin", "email": "zoe@lab.example", "email_verified": False},
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """With a provider, a supervisor named by command, and one slide that somebody has read."""
    folder = tmp_path_factory.mktemp("sign_in")
    (folder / "data").mkdir()
    running = RunningServer(folder / "data")
    store = Store.in_folder(running.data)
    read_all(store, scored_slide(store, folder / "slide"), "++--", reader="ida@lab.example", role=Role.FIRST)
    store.people.name_supervisor("zoe@lab.example", by="command line")
    store.close()
    with running_provider(PEOPLE) as provider:
        settings = running.data / "settings.toml"
        settings.write_text(
            f"""[auth]
client_id = "{CLIENT_ID}"
client_secret = "{CLIENT_SECRET}"
server_metadata_url = "{provider.metadata_url}"
redirect_uri = "{running.address}/oauth2callback"
"""
        )
        settings.chmod(0o600)
        running.start()
        yield running
        running.kill()


def sign_in(browser: "Browser", server: RunningServer, who: str, **context: Any) -> "Page":  # noqa: ANN401
    """A person's own browser, signed in by keyboard."""
    page = new_page(browser, **context)
    page.goto(server.address)
    page.get_by_role("button", name="Sign in").or_(page.get_by_role("button", name="Se connecter")).focus()
    page.keyboard.press("Enter")
    page.get_by_role("textbox", name="Who").fill(who)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{server.address}/")
    return page


def roles(server: RunningServer, who: str) -> set[StaffRole]:
    store = Store.in_folder(server.data)
    try:
        return set(store.people.roles_of(who))
    finally:
        store.close()


def test_a_supervisor_grants_a_role_that_opens_the_pages_and_withdraws_it_which_closes_them(
    browser: "Browser", server: RunningServer
) -> None:
    eve = sign_in(browser, server, "eve")
    eve.get_by_text("Your role does not give access to this page").wait_for()
    eve.get_by_text("eve@lab.example").first.wait_for()
    picture(eve, "no_role")

    zoe = sign_in(browser, server, "zoe")
    zoe.get_by_role("link", name="People").click()
    zoe.get_by_label("Who", exact=True).fill("Eve@lab.example")
    zoe.keyboard.press("Enter")
    zoe.get_by_text("Eve@lab.example").wait_for()
    picture(zoe, "people")
    assert roles(server, "eve@lab.example") == {StaffRole.TECHNICIAN}

    eve.reload()
    eve.get_by_text("slide 7").wait_for()
    assert eve.get_by_role("link", name="People").count() == 0
    assert eve.get_by_role("link", name="Audit").count() == 0
    eve.goto(f"{server.address}/people")
    eve.get_by_text("Your role does not give access to this page").wait_for()
    with eve.expect_response(lambda response: "/pictures/" in response.url) as shown:
        eve.goto(f"{server.address}/second-reading?slide=1")
    eve.locator(".board[data-cell]:not([data-cell=''])").wait_for()
    assert shown.value.status == 200

    zoe.get_by_role("button", name="Withdraw").first.click()
    zoe.get_by_text("Eve@lab.example").wait_for(state="detached")
    assert roles(server, "eve@lab.example") == set()
    # The page still stands there, but nothing is written, and no picture is opened any more.
    assert eve.request.get(shown.value.url).status == 403
    eve.keyboard.press("p")
    eve.get_by_text("Your role does not give access to this page").wait_for()
    store = Store.in_folder(server.data)
    assert all(reading.role == Role.FIRST for reading in store.record(1).readings)
    trail = [
        (entry.who, entry.what, entry.detail["person"]) for entry in store.audit() if "role" in entry.what
    ]
    store.close()
    assert trail[-2:] == [
        ("zoe@lab.example", "role granted", "Eve@lab.example"),
        ("zoe@lab.example", "role withdrawn", "Eve@lab.example"),
    ]


def test_an_address_that_the_provider_has_not_verified_is_nobodys(
    browser: "Browser", server: RunningServer
) -> None:
    page = sign_in(browser, server, "mallory")
    page.get_by_text("subject 3").first.wait_for()
    assert page.get_by_text("slide 7").count() == 0


def test_who_signs_out_is_asked_again_and_no_name_can_be_typed(
    browser: "Browser", server: RunningServer
) -> None:
    page = sign_in(browser, server, "zoe")
    page.get_by_text("slide 7").wait_for()
    page.get_by_test_id("stExpandSidebarButton").click()
    page.get_by_text("Zoé Martin").wait_for()
    picture(page, "signed_in")
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Sign in").wait_for()
    assert page.get_by_role("textbox").count() == 0
    picture(page, "sign_in")
    # A cookie of a name, good where nobody signs in, is nothing here.
    kept = name_cookie((server.data / "secret").read_bytes())
    page.context.add_cookies([{"name": kept, "value": "zoe@lab.example", "url": server.address}])
    page.goto(server.address)
    page.get_by_role("button", name="Sign in").wait_for()


def test_a_supervisor_erases_a_patient_after_typing_it(browser: "Browser", server: RunningServer) -> None:
    page = sign_in(browser, server, "zoe", locale="fr-FR", color_scheme="dark")
    page.goto(f"{server.address}/result?slide=1")
    page.get_by_role("button", name="Effacer le patient").click()
    field = page.get_by_role("textbox", name="Pour confirmer")
    field.fill("patient 8")
    page.keyboard.press("Enter")
    page.get_by_text("rien n'a été effacé").wait_for()
    picture(page, "erase_patient_fr")
    field.fill("patient 7")
    page.keyboard.press("Enter")
    page.get_by_text("patient effacé").first.wait_for()
    store = Store.in_folder(server.data)
    assert store.record(1).case.patient is None
    assert [(entry.who, entry.what) for entry in store.audit()][-1] == ("zoe@lab.example", "patient erased")
    store.close()
