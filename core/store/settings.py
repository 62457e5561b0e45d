"""What a data folder is told in `settings.toml`: its database, how people sign in, the laboratory's name."""

import ipaddress
import stat
import tomllib
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from core.errors import SmearscopeError
from core.files import shown_path
from core.store.database import url_of_folder

SETTINGS_FILE = "settings.toml"
CALLBACK = "/oauth2callback"
"""Where Streamlit takes back who has signed in with a provider."""
_Text = Annotated[str, Field(min_length=1)]


class SettingsError(SmearscopeError):
    """A settings file that cannot be used; its values, which may be secrets, are not repeated."""


class SignIn(BaseModel):
    """How people sign in: an OpenID Connect provider, as Streamlit's ``st.login`` takes it.

    Attributes
    ----------
    client_id, client_secret
        As the provider has registered this application.
    server_metadata_url
        The provider's own description, ``…/.well-known/openid-configuration``.
    redirect_uri
        Address at which people reach this application, with ``/oauth2callback`` behind it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    client_id: _Text
    client_secret: _Text
    server_metadata_url: _Text
    redirect_uri: _Text

    @field_validator("server_metadata_url", "redirect_uri")
    @classmethod
    def _is_private(cls, address: str) -> str:
        parts = urlsplit(address)
        if not parts.hostname or parts.scheme not in {"http", "https"}:
            raise ValueError("is not an address that begins with https://")
        if parts.scheme == "http" and not is_loopback(parts.hostname):
            raise ValueError("must begin with https://, except on this machine")
        return address

    @field_validator("redirect_uri")
    @classmethod
    def _is_the_callback(cls, address: str) -> str:
        if urlsplit(address).path != CALLBACK:
            raise ValueError(f"must end with {CALLBACK}, right after the machine")
        return address


class Settings(BaseModel):
    """All that a data folder can be told.

    Attributes
    ----------
    database
        SQLAlchemy URL; None for `smearscope.sqlite` in the folder.
    auth
        None where nobody signs in: a name is asked for and believed.
    laboratory
        Name of the laboratory, for printed results.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    database: _Text | None = None
    auth: SignIn | None = None
    laboratory: _Text | None = None

    @field_validator("database")
    @classmethod
    def _is_the_same_everywhere(cls, url: str) -> str:
        if url.startswith("sqlite:") and not url.startswith("sqlite:////"):
            raise ValueError("must name a SQLite file by its whole path: sqlite:////WHOLE/PATH")
        return url

    def database_url(self, folder: Path) -> str:
        """The database of a data folder with these settings."""
        return self.database or url_of_folder(folder)


def read_settings(folder: Path) -> Settings:
    """Read the settings of a data folder; without a file all is as by default.

    Raises
    ------
    SettingsError
        Where the file cannot be read, everybody on the machine can, or a key in it is wrong.
    """
    path = folder / SETTINGS_FILE
    try:
        with path.open("rb") as file:
            open_to_all = path.stat().st_mode & stat.S_IRWXO
            values = tomllib.load(file)
    except FileNotFoundError:
        return Settings()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{shown_path(path)} cannot be read: {error}") from error
    if open_to_all:
        raise SettingsError(
            f"{shown_path(path)} holds secrets, and others on this machine can read it: run chmod 600 on it"
        )
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        # pydantic's own text repeats the values.
        found = "; ".join(
            f"{'.'.join(map(str, one['loc']))}: {one['msg'].removeprefix('Value error, ')}"
            for one in error.errors(include_input=False, include_context=False, include_url=False)
        )
        raise SettingsError(f"{shown_path(path)}: {found}") from error


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a host of this name."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
