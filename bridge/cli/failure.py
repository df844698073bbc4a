"""What no command foresees, in words: a fault of our own, a library that is not installed."""

from __future__ import annotations

import traceback

from bridge.errors import ConfigurationError


def fault(error: Exception) -> str:
    """What happened and where, without the error's own text, which may hold anything."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return (
        f"This is a fault of liondesk-bridge: {type(error).__name__} in {frame.name} ({frame.filename}, line "
        f"{frame.lineno}). What was written before it is kept, and the next run goes on from there. Run it again; if "
        "it comes back, please report this line."
    )


def missing_extra(extra: str, error: ImportError) -> ConfigurationError:
    """What to install."""
    return ConfigurationError(
        f"This needs {error.name}, which is not installed. Nothing was started: "
        f"pip install 'liondesk-bridge[{extra}]' brings it."
    )
