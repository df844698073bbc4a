"""How a pair shows itself to LionDesk: by the token that its configuration points to, or by a log-in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bridge.errors import ConfigurationError

if TYPE_CHECKING:
    from bridge.config import OAuthSettings, PairSettings
    from bridge.liondesk.http import Bearer
    from bridge.liondesk.oauth import LogIn


def bearer(settings: PairSettings) -> Bearer:
    """Where the pair's bearer token comes from. Nothing is read yet."""
    from bridge.liondesk.http import Given

    there = settings.liondesk
    if there.oauth is not None:
        return log_in_of(settings, there.oauth)
    assert there.token is not None  # noqa: S101  # a pair has the one or the other
    return Given(there.token.reveal)


def log_in_of(
    settings: PairSettings, oauth: OAuthSettings, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> LogIn:
    """The pair's log-in, begun or not. `now` is aware. Raises ConfigurationError where there is no account URL."""
    from bridge.liondesk.oauth import Application, LogIn

    there = settings.liondesk
    if not there.account_url:
        raise ConfigurationError(
            f"Pair {settings.name} has `oauth`, but no `account_url` at which to log in. Nothing was changed: set "
            "account_url in its [pair.liondesk]."
        )
    application = Application(oauth.client_id, oauth.client_secret.reveal, oauth.redirect_uri)
    return LogIn(settings.name, there.account_url, application, oauth.tokens, now=now)
