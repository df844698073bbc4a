"""The control paths below /_sandbox/: what tests and the demo turn while it runs. No part of LionDesk's API."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bridge.sandbox import faults, moments, rendering
from bridge.sandbox import switches as switchboard
from bridge.sandbox.api import world_of
from bridge.sandbox.problems import Problem, Refusal
from bridge.sandbox.world import World


async def _body(request: Request) -> Mapping[str, object]:
    try:
        body = json.loads(await request.body() or b"{}")
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Refusal(Problem.BAD_REQUEST, "The body is not a JSON object")
    return body


async def switches(request: Request) -> Response:
    """GET: every switch; PATCH: some of them set anew."""
    world = world_of(request)
    if request.method == "PATCH":
        try:
            world.set_switches(await _body(request))
        except ValueError as error:
            raise Refusal(Problem.BAD_REQUEST, str(error)) from None
    return JSONResponse(switchboard.as_json(world.switches))


async def readings(_request: Request) -> Response:
    """GET: for every switch its open question, what it means, its readings."""
    return JSONResponse(
        {
            name: {"question": question, "about": about, "readings": switchboard.readings(name)}
            for name, (question, about) in switchboard.ABOUT.items()
        }
    )


async def clock(request: Request) -> Response:
    """GET: the moment. PUT: `{"now": ISO, "frozen": true}`, `{"advance_s": 86400}` or `{"real": true}`."""
    world = world_of(request)
    if request.method == "PUT":
        set_clock(world, await _body(request))
    return JSONResponse({"now": moments.stamp_text(world.clock.now()), "frozen": world.clock.frozen is not None})


def set_clock(world: World, to: Mapping[str, object]) -> None:
    """Turn the clock as the control path says. Refusal (400) if it says nothing that a clock can do."""
    seconds = to.get("advance_s")
    try:
        if "now" in to:
            world.set_clock(moments.moment(str(to["now"]), ZoneInfo("UTC")), frozen=to.get("frozen", True) is True)
            return
        if isinstance(seconds, int | float):
            world.advance(timedelta(seconds=seconds))
            return
    except (ValueError, OverflowError) as error:
        raise Refusal(Problem.BAD_REQUEST, str(error)) from None
    if to.get("real") is not True:
        words = 'The clock takes {"now": ISO 8601, "frozen": true}, {"advance_s": n} or {"real": true}.'
        raise Refusal(Problem.BAD_REQUEST, words)
    world.clock.reset()
    world.advance(timedelta(0))


async def requests(request: Request) -> Response:
    """GET: the request log, oldest first; DELETE: forget it."""
    world = world_of(request)
    if request.method == "DELETE":
        world.clear_log()
    return JSONResponse([asdict(entry) | {"at": moments.stamp_text(entry.at)} for entry in world.log])


async def queue(request: Request) -> Response:
    """GET: the faults that wait; POST: one more; DELETE: none."""
    world = world_of(request)
    if request.method == "DELETE":
        world.faults.clear()
    elif request.method == "POST":
        try:
            world.faults.append(faults.read(await _body(request)))
        except ValueError as error:
            raise Refusal(Problem.BAD_REQUEST, str(error)) from None
    return JSONResponse([fault.as_json() for fault in world.faults], 201 if request.method == "POST" else 200)


async def users(request: Request) -> Response:
    """POST `{"first_name", "last_name", "timezone", "token", "team"}`: a new user with a personal access token."""
    world, body = world_of(request), await _body(request)
    team = body.get("team", 1)
    user = world.add_user(
        str(body.get("first_name", "New")),
        str(body.get("last_name", "User")),
        token=str(body["token"]) if body.get("token") else None,
        timezone=str(body.get("timezone", "America/Los_Angeles")),
        team=team if isinstance(team, int) else 1,
    )
    token = next(text for text, known in world.tokens.items() if known.user_id == user.id)
    return JSONResponse(world.me(user.id) | {"token": token}, 201)


async def expire(request: Request) -> Response:
    """POST: every access token of this user is over."""
    world, user_id = world_of(request), int(request.path_params["id"])
    if user_id not in world.users:
        raise Refusal(Problem.NOT_FOUND, f"No record found for id '{user_id}'")
    world.expire_tokens(user_id)
    return JSONResponse({})


async def tasks(request: Request) -> Response:
    """GET: every row of every user in one form, with its slot and whether it was changed singly."""
    world = world_of(request)
    world.tick()
    rows: list[rendering.Json] = world.raw_tasks()
    return JSONResponse(rows)


ROUTES = [
    Route("/_sandbox/switches", switches, methods=["GET", "PATCH"]),
    Route("/_sandbox/readings", readings, methods=["GET"]),
    Route("/_sandbox/clock", clock, methods=["GET", "PUT"]),
    Route("/_sandbox/requests", requests, methods=["GET", "DELETE"]),
    Route("/_sandbox/faults", queue, methods=["GET", "POST", "DELETE"]),
    Route("/_sandbox/users", users, methods=["POST"]),
    Route("/_sandbox/users/{id:int}/expire", expire, methods=["POST"]),
    Route("/_sandbox/tasks", tasks, methods=["GET"]),
]
