"""Eve, who has signed in at a data folder that asks for roles, and has none yet."""

from streamlit.testing.v1 import AppTest

from app.workplace import Workplace
from core.store import StaffRole
from core.store.settings import SignIn

SIGN_IN = SignIn(
    client_id="smearscope",
    client_secret="s3cret",  # noqa: S106 - of no provider
    server_metadata_url="https://login.lab.example/x",
    redirect_uri="https://smears.lab.example/oauth2callback",
)
EVE = "eve@lab.example"
TECHNICIAN, REVIEWER, SUPERVISOR, RESEARCHER = StaffRole


def granted(staffed: Workplace, *roles: StaffRole) -> None:
    for role in roles:
        staffed.store.people.grant(EVE, role, by="zoe@lab.example")


def labels(test: AppTest) -> set[str]:
    return {button.label for button in test.button}
