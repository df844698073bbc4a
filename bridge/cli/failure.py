"""A library that is not installed, in words."""

from __future__ import annotations

from bridge.errors import ConfigurationError


def missing_extra(extra: str, error: ImportError) -> ConfigurationError:
    """What to install."""
    return ConfigurationError(
        f"This needs {error.name}, which is not installed. Nothing was started: "
        f"pip install 'liondesk-bridge[{extra}]' brings it."
    )
