"""Settings of a data folder: what is taken from them, and what is said of those that are wrong."""

from pathlib import Path

import pytest

from core.store import url_of_folder
from core.store.settings import Settings, SettingsError, is_loopback, read_settings

AUTH = {
    "client_id": "smearscope",
    "client_secret": "s3cret",
    "server_metadata_url": "https://login.lab.example/.well-known/openid-configuration",
    "redirect_uri": "https://smears.lab.example/oauth2callback",
}


def write(folder: Path, text: str, mode: int = 0o600) -> Path:
    file = folder / "settings.toml"
    file.write_text(text)
    file.chmod(mode)
    return folder


def auth(**changed: str) -> str:
    return "[auth]\n" + "\n".join(f'{key} = "{value}"' for key, value in {**AUTH, **changed}.items())


def test_without_a_file_the_database_is_in_the_folder_and_nobody_signs_in(tmp_path: Path) -> None:
    settings = read_settings(tmp_path)
    assert settings == Settings()
    assert settings.database_url(tmp_path) == url_of_folder(tmp_path)


def test_a_whole_file_is_taken_as_it_is(tmp_path: Path) -> None:
    settings = read_settings(write(tmp_path, 'database = "postgresql+psycopg://u:p@host/name"\n' + auth()))
    assert settings.database == "postgresql+psycopg://u:p@host/name"
    assert settings.auth is not None
    assert settings.auth.model_dump() == AUTH


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[auth", "cannot be read"),
        ("databse = 'x'", "databse: Extra inputs are not permitted"),
        ("database = 7", "database: Input should be a valid string"),
        ("database = 'sqlite:///here.sqlite'", "database: must name a SQLite file by its whole path"),
        ("[auth]\nclient_id = 's3cret'", "auth.client_secret: Field required"),
        (auth(client_secret=""), "auth.client_secret: String should have at least 1 character"),
        (auth() + '\ncookie_secret = "s3cret"', "auth.cookie_secret: Extra inputs are not permitted"),
        (
            auth(redirect_uri="https://smears.lab.example/"),
            "auth.redirect_uri: must end with /oauth2callback",
        ),
        (auth(redirect_uri="http://smears.lab.example/oauth2callback"), "must begin with https://"),
        (auth(server_metadata_url="http://login.lab.example/x"), "auth.server_metadata_url: must begin with"),
        (auth(server_metadata_url="login.lab.example"), "auth.server_metadata_url: is not an address"),
    ],
)
def test_what_is_wrong_is_named_by_its_key_and_no_secret_is_repeated(
    tmp_path: Path, text: str, says: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings(write(tmp_path, text))
    assert "settings.toml" in str(caught.value)
    assert says in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_on_this_machine_a_provider_needs_no_certificate(tmp_path: Path) -> None:
    text = auth(
        redirect_uri="http://localhost:8501/oauth2callback", server_metadata_url="http://127.0.0.1:9/x"
    )
    assert read_settings(write(tmp_path, text)).auth is not None


def test_secrets_that_everybody_can_read_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="chmod 600"):
        read_settings(write(tmp_path, auth(), mode=0o644))


@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),  # noqa: S104
        ("::", False),
        ("192.168.1.7", False),
        ("lab", False),
        ("", False),
    ],
)
def test_only_this_machines_own_addresses_are_loopback(host: str, own: bool) -> None:
    assert is_loopback(host) is own


def test_the_laboratory_is_named_or_not() -> None:
    assert Settings(laboratory="Hôpital du Nord").laboratory == "Hôpital du Nord"
    assert Settings().laboratory is None


def test_a_laboratory_without_a_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="laboratory: String should have at least 1 character"):
        read_settings(write(tmp_path, "laboratory = ''"))
