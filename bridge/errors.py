"""Errors that end a pair's run, each with its exit code and whether trying again can help.

BridgeError
├── UsageError            2  wrong usage of the command line
├── ConfigurationError    3  the configuration file, or what it names
│   └── CredentialsError  3  a password, token or secret that a side refuses or that cannot be read
├── Unreachable           5  a side does not answer, or answers nonsense; retried by the next run
├── Busy                  1  another run of the pair is under way (bridge.turns); retried by the next run
└── StateError            1  the state file cannot be read or written

What is expected (a stale precondition, a refusal of one item, a conflict, a halt) is a value, never an exception.
Every message is one paragraph for the user: what happened, what was kept, what to do next. None holds a secret.
"""

from __future__ import annotations

import traceback


class BridgeError(Exception):
    """The root. `str(error)` is what the user reads."""

    exit_code = 1
    retryable = False


class UsageError(BridgeError):
    """The command line asks for something that does not exist."""

    exit_code = 2


class ConfigurationError(BridgeError):
    """The configuration is missing, malformed, or names something that is not there."""

    exit_code = 3


class CredentialsError(ConfigurationError):
    """A side refuses the credentials, or a secret cannot be read."""


class Unreachable(BridgeError):
    """A side cannot be reached, or what it answers is not an answer (an HTML page, half a body)."""

    exit_code = 5
    retryable = True


class StateError(BridgeError):
    """The state cannot be read or written."""


def fault(error: Exception) -> str:
    """What nobody foresaw, in words: what happened and where, without the error's own text, which may hold anything."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return (
        f"This is a fault of liondesk-bridge: {type(error).__name__} in {frame.name} ({frame.filename}, line "
        f"{frame.lineno}). What was written before it is kept, and the next run goes on from there. Run it again; if "
        "it comes back, please report this line."
    )
