"""The user's part of a log-in: the browser opens LionDesk's page, and what it says comes back to this machine."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from bridge.errors import ConfigurationError, CredentialsError

if TYPE_CHECKING:
    from bridge.liondesk.oauth import LogIn

PATIENCE_S = 300.0
"""How long the user has to say yes."""

_LONGEST_REQUEST = 16_384

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>liondesk-bridge</title>
<style>body{{font:1.1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:4rem auto;padding:0 1rem}}
@media(prefers-color-scheme:dark){{body{{background:#161616;color:#eee}}}}</style>
<h1>{title}</h1><p>{text}</p></html>"""


@dataclass(frozen=True, slots=True)
class _Answer:
    """What came back: a code, or why there is none."""

    code: str = ""
    error: str = ""


async def log_in(
    login: LogIn, pair: str, redirect_uri: str, show: Callable[[str], None], patience_s: float = PATIENCE_S
) -> None:
    """Wait at `redirect_uri`, a loopback address, for the user's yes, and keep the tokens that it brings.

    `show` is given the address of LionDesk's page. Raises ConfigurationError where the address cannot be listened at,
    CredentialsError for a no or for nothing within `patience_s` seconds, Unreachable.
    """
    state = secrets.token_urlsafe(24)
    answered: asyncio.Future[_Answer] = asyncio.get_running_loop().create_future()
    place = urlsplit(redirect_uri)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            status, body = _read(await _first_line(reader), place.path or "/", state, answered)
            writer.write(_response(status, body))
            await writer.drain()
        except (OSError, ValueError, asyncio.LimitOverrunError, asyncio.IncompleteReadError):
            pass  # a scanner or a half-closed browser; the one that matters comes again
        finally:
            writer.close()

    try:
        server = await asyncio.start_server(serve, place.hostname, place.port or 80, limit=_LONGEST_REQUEST)
    except OSError as error:
        raise ConfigurationError(
            f"Pair {pair}: LionDesk's answer cannot be waited for at {redirect_uri}: {error.strerror}. Nothing was "
            "changed; close the program that uses that port, or register another `redirect_uri` with LionDesk and set "
            "it."
        ) from error
    async with server:
        show(login.address(state))
        try:
            answer = await asyncio.wait_for(answered, patience_s)
        except TimeoutError:
            raise CredentialsError(
                f"Nobody said yes on LionDesk's page within {patience_s / 60:.0f} minutes. Nothing was changed; try "
                f"again: liondesk-bridge login {pair}"
            ) from None
        if answer.error:
            raise CredentialsError(
                f"LionDesk gives no access to pair {pair} ({answer.error[:200]}). Nothing was changed; try again: "
                f"liondesk-bridge login {pair}"
            )
        await login.begin(answer.code)


async def _first_line(reader: asyncio.StreamReader) -> str:
    async with asyncio.timeout(10):
        head = await reader.readuntil(b"\r\n\r\n")
    return head.split(b"\r\n", 1)[0].decode("ascii", "replace")


def _read(line: str, path: str, state: str, answered: asyncio.Future[_Answer]) -> tuple[str, str]:
    """The status and page for a request; whatever does not bear our `state` is somebody else's."""
    method, _, rest = line.partition(" ")
    target = urlsplit(rest.rpartition(" ")[0] or "/")
    query = {name: values[0] for name, values in parse_qs(target.query).items()}
    if method != "GET" or target.path != path:
        return "404 Not Found", _PAGE.format(
            title="Nothing here", text="This address waits for LionDesk's answer only."
        )
    if not secrets.compare_digest(query.get("state", "").encode(), state.encode()):
        text = "This answer belongs to another log-in. Start again in the terminal."
        return "400 Bad Request", _PAGE.format(title="Not this log-in", text=text)
    answer = _Answer(query.get("code", ""), query.get("error", "" if query.get("code") else "it sent no code"))
    if not answered.done():
        answered.set_result(answer)
    if answer.error:
        return "200 OK", _PAGE.format(title="No access", text="LionDesk gave no access. You can close this window.")
    text = "You can close this window; the terminal says the rest."
    return "200 OK", _PAGE.format(title="LionDesk said yes", text=text)


def _response(status: str, body: str) -> bytes:
    content = body.encode()
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(content)}\r\n"
        "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\nReferrer-Policy: no-referrer\r\n"
        "Cache-Control: no-store\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + content
