"""OAuth 2 as the vendor's page shows it: authorization code and refresh token, and the implicit grant.

`POST /oauth2/token` takes JSON and answers `{access_token, refresh_token, expires, expires_in, scope, token_type}`.
Redirects go to loopback addresses only: nobody else has business with a sandbox.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from bridge.sandbox import forms, moments
from bridge.sandbox.api import json_body, world_of
from bridge.sandbox.records import Client, Grant, Refresh, Token
from bridge.sandbox.world import World

LIFETIME_S = 776_000
_CODE_LIFETIME = timedelta(minutes=10)
_CARRIED = ("response_type", "client_id", "redirect_uri", "scope", "state")


def _why_not(world: World, asked: Mapping[str, str]) -> str | None:
    """What is wrong with a request for authorization; None if nothing is."""
    if asked.get("client_id") not in world.clients:
        return "This application is not known here: its client_id is in no seed."
    target = urlsplit(asked.get("redirect_uri", ""))
    if target.scheme not in ("http", "https") or target.hostname not in ("127.0.0.1", "localhost", "::1"):
        return "The redirect_uri must be an address on this machine, such as http://127.0.0.1:8765/."
    if asked.get("response_type") not in ("code", "token"):
        return "The response_type must be code or token."
    return None


async def ask(request: Request) -> Response:
    """GET /oauth2/authorize: the page on which a user says yes or no."""
    world, asked = world_of(request), dict(request.query_params)
    wrong = _why_not(world, asked)
    if wrong is not None:
        return forms.page("refused.html", 400, why=wrong)
    return forms.page(
        "consent.html",
        client=world.clients[asked["client_id"]].name,
        users=list(world.users.values()),
        carried={name: asked[name] for name in _CARRIED if name in asked},
    )


async def answer(request: Request) -> Response:
    """POST /oauth2/authorize: what the user said, carried back to the application."""
    world, said = world_of(request), await forms.posted(request)
    wrong = _why_not(world, said)
    user_id = forms.whole(said, "user_id")
    if wrong is not None or user_id not in world.users:
        return forms.page("refused.html", 400, why=wrong or "There is no such user.")
    back = {"state": said["state"]} if "state" in said else {}
    if said.get("answer") != "allow":
        return _redirect(said["redirect_uri"], {"error": "access_denied"} | back)
    scope = said.get("scope", "write")
    if said["response_type"] == "token":
        return _redirect(said["redirect_uri"], _access(world, user_id, scope) | back, fragment=True)
    code = secrets.token_urlsafe(24)
    world.grants[code] = Grant(
        said["client_id"], user_id, said["redirect_uri"], scope, world.clock.now() + _CODE_LIFETIME
    )
    world.revision += 1
    return _redirect(said["redirect_uri"], {"code": code} | back)


def _redirect(to: str, values: Mapping[str, object], *, fragment: bool = False) -> Response:
    joint = "#" if fragment else "&" if urlsplit(to).query else "?"
    return RedirectResponse(f"{to}{joint}{urlencode(values)}", 303)


def _access(world: World, user_id: int, scope: str) -> dict[str, object]:
    """A new access token of this user, as an answer shows it."""
    token = secrets.token_urlsafe(32)
    expires = world.clock.now() + timedelta(seconds=LIFETIME_S)
    world.tokens[token] = Token(user_id, expires)
    world.revision += 1
    return {
        "access_token": token,
        "expires": moments.stamp_text(expires),
        "expires_in": LIFETIME_S,
        "scope": scope,
        "token_type": "Bearer",
    }


async def token(request: Request) -> Response:
    """POST /oauth2/token."""
    world, body = world_of(request), await json_body(request)
    client = world.clients.get(str(body.get("client_id")))
    if client is None or not secrets.compare_digest(client.secret, str(body.get("client_secret"))):
        return _error("invalid_client", "The client_id and client_secret do not belong together", 401)
    match body.get("grant_type"):
        case "authorization_code":
            return _exchange_code(world, client, body)
        case "refresh_token":
            return _exchange_refresh(world, client, body)
        case _:
            return _error("unsupported_grant_type", "grant_type is authorization_code or refresh_token", 400)


def _exchange_code(world: World, client: Client, body: Mapping[str, object]) -> Response:
    grant = world.grants.pop(str(body.get("code")), None)  # good once, whatever comes of it
    world.revision += 1
    fits = (
        grant is not None
        and grant.client_id == client.id
        and grant.redirect_uri == body.get("redirect_uri")
        and grant.expires_at > world.clock.now()
    )
    if grant is None or not fits:
        return _error("invalid_grant", "The code is unknown, used, too old, or for another redirect_uri", 400)
    refresh = secrets.token_urlsafe(32)
    world.refreshes[refresh] = Refresh(client.id, grant.user_id, grant.scope)
    return JSONResponse(_access(world, grant.user_id, grant.scope) | {"refresh_token": refresh})


def _exchange_refresh(world: World, client: Client, body: Mapping[str, object]) -> Response:
    sent = str(body.get("refresh_token"))
    known = world.refreshes.get(sent)
    if known is None or known.client_id != client.id:
        return _error("invalid_grant", "The refresh token is unknown or has been used", 400)
    if world.switches.refresh_token == "rotated":  # noqa: S105  # a reading, no secret
        del world.refreshes[sent]
        sent = secrets.token_urlsafe(32)
        world.refreshes[sent] = known
    return JSONResponse(_access(world, known.user_id, known.scope) | {"refresh_token": sent})


def _error(error: str, description: str, status: int) -> Response:
    """RFC 6749, 5.2."""
    return JSONResponse({"error": error, "error_description": description}, status)


ROUTES = [
    Route("/oauth2/authorize", ask, methods=["GET"]),
    Route("/oauth2/authorize", answer, methods=["POST"]),
    Route("/oauth2/token", token, methods=["POST"]),
]
