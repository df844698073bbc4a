"""What the API answers when it refuses: the error shape of a Feathers service."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum


class Problem(Enum):
    """The kinds of refusal: status code, `name` and `className` as Feathers writes them."""

    BAD_REQUEST = (400, "BadRequest", "bad-request")
    NOT_AUTHENTICATED = (401, "NotAuthenticated", "not-authenticated")
    FORBIDDEN = (403, "Forbidden", "forbidden")
    NOT_FOUND = (404, "NotFound", "not-found")
    METHOD_NOT_ALLOWED = (405, "MethodNotAllowed", "method-not-allowed")
    CONFLICT = (409, "Conflict", "conflict")
    UNSUPPORTED_MEDIA_TYPE = (415, "UnsupportedMediaType", "unsupported-media-type")
    UNPROCESSABLE = (422, "Unprocessable", "unprocessable")
    TOO_MANY_REQUESTS = (429, "TooManyRequests", "too-many-requests")
    GENERAL_ERROR = (500, "GeneralError", "general-error")
    BAD_GATEWAY = (502, "BadGateway", "bad-gateway")
    UNAVAILABLE = (503, "Unavailable", "unavailable")


class Refusal(Exception):  # the API refuses; nothing went wrong in here
    """A request that the API will not do, with the words it says so in and what is wrong per field."""

    def __init__(self, problem: Problem, message: str, errors: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.problem = problem
        self.errors = dict(errors or {})

    @property
    def status(self) -> int:
        """The HTTP status code."""
        return self.problem.value[0]

    def as_json(self) -> dict[str, object]:
        """The body of the answer, in the shape a Feathers service gives it."""
        code, name, class_name = self.problem.value
        return {"name": name, "message": str(self), "code": code, "className": class_name, "errors": self.errors}


def with_status(status: int, message: str) -> dict[str, object]:
    """The body of an error with any status code; an unlisted one counts as the general error."""
    known = next((problem for problem in Problem if problem.value[0] == status), Problem.GENERAL_ERROR)
    return Refusal(known, message).as_json() | {"code": status}
