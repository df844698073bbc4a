"""The configuration: where `config.toml` is, what it says, and where its secrets are.

    configuration = load(find(None))
    for pair in configuration.select(["alice"]):
        token = pair.liondesk.token.reveal()

config.example.toml shows every key. All errors are ConfigurationError or CredentialsError.
"""

from bridge.config.places import find
from bridge.config.reading import Configuration, load
from bridge.config.secret import Secret
from bridge.config.settings import (
    CalendarSettings,
    LionDeskSettings,
    MailSettings,
    NotifySettings,
    OAuthSettings,
    PairSettings,
    WebSettings,
)
from bridge.config.writing import Answers, first_file, keep

__all__ = [
    "Answers",
    "CalendarSettings",
    "Configuration",
    "LionDeskSettings",
    "MailSettings",
    "NotifySettings",
    "OAuthSettings",
    "PairSettings",
    "Secret",
    "WebSettings",
    "find",
    "first_file",
    "keep",
    "load",
]
