"""The Tasks v2.1 endpoints, /me, /contacts and /task-categories, over HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TypeVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bridge.sandbox import query, rendering, validate
from bridge.sandbox.problems import Problem, Refusal
from bridge.sandbox.records import User
from bridge.sandbox.world import World

_T = TypeVar("_T")


def world_of(request: Request) -> World:
    """The world this server shows."""
    world: World = request.app.state.world
    return world


def user_of(request: Request) -> User:
    """The sender. Refusal (401) without a good bearer token."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    user = world_of(request).authenticate(token.strip() if scheme.lower() == "bearer" else None)
    request.scope["sandbox_user_id"] = user.id
    return user


async def json_body(request: Request) -> dict[str, object]:
    """The JSON object that was sent. Refusal: 415 for another type, 400 for anything that is no object."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Refusal(Problem.UNSUPPORTED_MEDIA_TYPE, "The body must be JSON, sent with Content-Type: application/json")
    try:
        body = json.loads(await request.body())
    except ValueError:
        raise Refusal(Problem.BAD_REQUEST, "The body is not JSON") from None
    if not isinstance(body, dict):
        raise Refusal(Problem.BAD_REQUEST, "The body is not a JSON object")
    return body


def _row_id(request: Request) -> int:
    given = request.path_params["id"]
    if not (given.isascii() and given.isdigit() and len(given) < 16):
        raise Refusal(Problem.NOT_FOUND, f"No record found for id '{given}'")
    return int(given)


async def find_tasks(request: Request) -> Response:
    """GET /scheduled/tasks."""
    world, user = world_of(request), user_of(request)
    page = world.find(user.id, request.query_params.multi_items())
    data = [world.shown(row) for row in page.rows]
    return JSONResponse({"total": page.total, "limit": page.limit, "skip": page.skip, "data": data})


async def get_task(request: Request) -> Response:
    """GET /scheduled/tasks/{id}."""
    world, user = world_of(request), user_of(request)
    return JSONResponse(world.shown(world.get(user.id, _row_id(request))))


async def create_task(request: Request) -> Response:
    """POST /scheduled/tasks."""
    world, user = world_of(request), user_of(request)
    return JSONResponse(world.shown(world.create(user.id, await json_body(request))), 201)


async def update_task(request: Request) -> Response:
    """PATCH /scheduled/tasks/{id}."""
    world, user = world_of(request), user_of(request)
    return JSONResponse(world.shown(world.update(user.id, _row_id(request), await json_body(request))))


async def delete_task(request: Request) -> Response:
    """DELETE /scheduled/tasks/{id}?delete_type=…."""
    world, user = world_of(request), user_of(request)
    kind = validate.change_type("delete_type", request.query_params.get("delete_type"))
    return JSONResponse(world.shown(world.delete(user.id, _row_id(request), kind)))


async def me(request: Request) -> Response:
    """GET /me."""
    user = user_of(request)
    return JSONResponse(world_of(request).me(user.id))


async def find_contacts(request: Request) -> Response:
    """GET /contacts: those that the sender may see."""
    world, user = world_of(request), user_of(request)
    visible = [contact for contact in world.contacts.values() if contact.visible(user.id)]
    return _paged(request, visible, lambda contact: rendering.contact(contact, world.switches))


async def get_contact(request: Request) -> Response:
    """GET /contacts/{id}."""
    world, user = world_of(request), user_of(request)
    contact = world.contacts.get(_row_id(request))
    if contact is None or not contact.visible(user.id):
        raise Refusal(Problem.NOT_FOUND, f"No record found for id '{request.path_params['id']}'")
    return JSONResponse(rendering.contact(contact, world.switches))


async def find_categories(request: Request) -> Response:
    """GET /task-categories."""
    world, _ = world_of(request), user_of(request)
    return _paged(request, list(world.categories.values()), lambda kind: rendering.category(kind, world.switches))


def _paged(request: Request, items: Sequence[_T], show: Callable[[_T], rendering.Json]) -> Response:
    """A page of a list that takes $limit and $skip alone."""
    world = world_of(request)
    words = [(name, value) for name, value in request.query_params.multi_items() if name in ("$limit", "$skip")]
    asked = query.read(words, user_of(request).zone, world.switches)
    data = [show(item) for item in items[asked.skip : asked.skip + asked.limit]]
    return JSONResponse({"total": len(items), "limit": asked.limit, "skip": asked.skip, "data": data})


TASKS = "/api/v1/scheduled/tasks"

ROUTES = [
    Route(TASKS, find_tasks, methods=["GET"]),
    Route(TASKS, create_task, methods=["POST"]),
    Route(TASKS + "/{id}", get_task, methods=["GET"]),
    Route(TASKS + "/{id}", update_task, methods=["PATCH"]),
    Route(TASKS + "/{id}", delete_task, methods=["DELETE"]),
    Route("/me", me, methods=["GET"]),
    Route("/contacts", find_contacts, methods=["GET"]),
    Route("/contacts/{id}", get_contact, methods=["GET"]),
    Route("/task-categories", find_categories, methods=["GET"]),
]
