"""Where the configuration may be."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from bridge.errors import ConfigurationError

VARIABLE = "LIONDESK_BRIDGE_CONFIG"
"""The environment variable that names the file."""


def find(explicit: Path | None, environ: Mapping[str, str] = os.environ) -> Path:
    """The configuration file: `explicit`, else $LIONDESK_BRIDGE_CONFIG, ./config.toml, the user's configuration folder.

    A file that was named must be there; another is not looked for in its place. Raises ConfigurationError.
    """
    named = explicit or (Path(environ[VARIABLE]) if environ.get(VARIABLE) else None)
    if named is not None:
        if named.is_file():
            return named.absolute()
        by = "--config" if explicit else f"${VARIABLE}"
        raise ConfigurationError(
            f"There is no configuration file {named}, which {by} names. Nothing was done: correct the name, or copy "
            "config.example.toml there and fill it in."
        )
    places = (Path.cwd() / "config.toml", user_folder(environ) / "config.toml")
    for place in places:
        if place.is_file():
            return place
    raise ConfigurationError(
        f"There is no configuration: neither {places[0]} nor {places[1]} exists, and neither --config nor "
        f"${VARIABLE} names a file. Nothing was done: copy config.example.toml to one of these places and fill it in, "
        "or see the bridge at work without an account: liondesk-bridge demo."
    )


def user_folder(environ: Mapping[str, str], platform: str = sys.platform) -> Path:
    """The program's folder among the user's settings, as each platform has it. $XDG_CONFIG_HOME counts on all."""
    home = Path.home()
    if environ.get("XDG_CONFIG_HOME"):
        base = Path(environ["XDG_CONFIG_HOME"])
    elif platform == "darwin":
        base = home / "Library" / "Application Support"
    elif platform == "win32":
        base = Path(environ.get("APPDATA") or home / "AppData" / "Roaming")
    else:
        base = home / ".config"
    return base / "liondesk-bridge"
