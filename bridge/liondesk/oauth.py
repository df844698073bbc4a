"""A log-in by OAuth 2: the address where a user says yes, the tokens that come of it, and their renewal.

The vendor's page: `GET /oauth2/authorize` with response_type, client_id, redirect_uri and scope, then `POST
/oauth2/token` with a JSON body; nobody says whether a refresh token is good for one use or for many (question 12 of
the API's open ones), so whatever comes with an answer is kept. RFC 6749, 4.1 and 6.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

from bridge.errors import CredentialsError, Unreachable
from bridge.liondesk.answers import Payload
from bridge.liondesk.http import Waits, post_openly
from bridge.ports import Refused, Unknown
from bridge.telemetry import hide

_LIFETIME_S = 776_000
"""What the vendor's page shows in `expires_in`."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a log-in gave. `expires_at` is aware, in UTC. Neither token shows itself."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Application:
    """The application as it is registered with LionDesk. `secret` is asked for when it is needed."""

    client_id: str
    secret: Callable[[], str] = field(repr=False)
    redirect_uri: str


class LogIn:
    """One pair's log-in, kept in a file of its own that nobody else may read. A `bridge.liondesk.http.Bearer`."""

    def __init__(
        self,
        pair: str,
        account_url: str,
        application: Application,
        file: Path,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`file` need not exist yet; `now` answers an aware moment."""
        self.file = file
        self._pair = pair
        self._url = account_url.rstrip("/")
        self._application = application
        self._now = now
        self._renewing = asyncio.Lock()

    def address(self, state: str) -> str:
        """Where the user says yes or no; `state` comes back with the answer (RFC 6749, 10.12)."""
        asked = {
            "response_type": "code",
            "client_id": self._application.client_id,
            "redirect_uri": self._application.redirect_uri,
            "scope": "write",
            "state": state,
        }
        return f"{self._url}/oauth2/authorize?{urlencode(asked)}"

    async def begin(self, code: str) -> None:
        """Exchange the code that came back for tokens, and keep them. Raises CredentialsError and Unreachable."""
        await self._ask({"grant_type": "authorization_code", "code": code}, None)

    def kept(self) -> Tokens | None:
        """The tokens as they are kept; None where nobody logged in yet. Raises CredentialsError for a damaged file."""
        try:
            found = json.loads(self.file.read_text(encoding="utf-8"))
            tokens = Tokens(
                str(found["access_token"]),
                str(found.get("refresh_token") or ""),
                datetime.fromisoformat(str(found["expires_at"])),
            )
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            raise CredentialsError(
                f"The log-in of pair {self._pair} cannot be read: {self.file} is damaged or closed to this user. "
                f"Nothing was changed; log in again: liondesk-bridge login {self._pair}"
            ) from None
        hide(tokens.access)
        hide(tokens.refresh)
        return tokens

    def token(self) -> str:
        """The access token as it is kept by now. Raises CredentialsError."""
        tokens = self.kept()
        if tokens is None:
            raise CredentialsError(
                f"Nobody has logged in to LionDesk for pair {self._pair} yet. Nothing was changed; do it once: "
                f"liondesk-bridge login {self._pair}"
            )
        return tokens.access

    async def renewed(self, refused: str) -> bool:
        """Whether there is another access token now: another process may have renewed it, else it is done here."""
        from filelock import FileLock

        async with self._renewing:
            # Of two processes that renew at once, a LionDesk that rotates its refresh tokens would end one's log-in.
            with await asyncio.to_thread(FileLock(f"{self.file}.lock", mode=0o600).acquire, timeout=60):
                tokens = self.kept()
                if tokens is None or tokens.access != refused:
                    return tokens is not None
                if not tokens.refresh:
                    return False
                await self._ask({"grant_type": "refresh_token", "refresh_token": tokens.refresh}, tokens)
                return True

    async def _ask(self, grant: Mapping[str, str], before: Tokens | None) -> None:
        secret = self._application.secret()
        hide(secret)
        body = {
            **grant,
            "client_id": self._application.client_id,
            "client_secret": secret,
            "redirect_uri": self._application.redirect_uri,
        }
        match await post_openly(f"{self._url}/oauth2/token", body, Waits()):
            case Payload(value=dict(found)) if isinstance(found.get("access_token"), str):
                self._keep(found, before)
            case Refused(status=status, message=message):
                for each in (secret, *grant.values()):
                    message = message.replace(each, "***")  # what a server echoes
                raise CredentialsError(
                    f"LionDesk refuses the log-in of pair {self._pair} ({status}: {message}). Nothing was changed; "
                    f"log in again: liondesk-bridge login {self._pair}"
                )
            case Unknown(why=why):
                raise Unreachable(
                    f"LionDesk does not answer to a log-in at {self._url}: {why}. Nothing was changed; the next run "
                    "tries again."
                )
            case _:
                raise Unreachable(
                    f"What LionDesk at {self._url} answers to a log-in holds no token. Nothing was changed; check the "
                    "pair's `account_url`."
                )

    def _keep(self, found: Mapping[str, object], before: Tokens | None) -> None:
        """In one step, so that no crash leaves half a file; for its owner's eyes only."""
        seconds = found.get("expires_in")
        lasts = float(seconds) if isinstance(seconds, int | float | str) and str(seconds).isdecimal() else _LIFETIME_S
        refresh = found.get("refresh_token")
        kept = {
            "access_token": str(found["access_token"]),
            "refresh_token": refresh if isinstance(refresh, str) else before.refresh if before else "",
            "expires_at": (self._now() + timedelta(seconds=lasts)).isoformat(),
        }
        new = self.file.with_name(f"{self.file.name}.new")
        try:
            new.unlink(missing_ok=True)
            with os.fdopen(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as out:
                json.dump(kept, out)
                out.flush()
                os.fsync(out.fileno())
            new.replace(self.file)
        except OSError as error:
            raise CredentialsError(
                f"The log-in of pair {self._pair} cannot be kept in {self.file}: {error.strerror}. Give this user "
                f"write permission to that folder, then log in again: liondesk-bridge login {self._pair}"
            ) from error
