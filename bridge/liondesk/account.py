"""The v2 API beside the tasks: who owns the account, contacts and task categories."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import quote

from bridge.errors import Unreachable
from bridge.liondesk.http import Http
from bridge.ports import Me, Refused

_PHONES = ("mobile_phone", "home_phone", "office_phone")


@dataclass(frozen=True, slots=True)
class Contact:
    """A person in the owner's book, as much as the calendar shows. Texts that LionDesk does not have are empty."""

    id: str
    name: str
    phones: tuple[str, ...] = ()
    email: str = ""


class Account:
    """The account behind the tasks. With an empty `url` there is none: it knows nobody and nothing."""

    def __init__(self, http: Http, url: str) -> None:
        self._http = http
        self._url = url.rstrip("/")

    async def me(self) -> Me | None:
        """The owner of the token. Raises Unreachable when the answer holds no id."""
        value = await self._get("/me")
        if not self._url:
            return None
        found = _id(value)
        if not isinstance(value, Mapping) or found is None:
            raise Unreachable(
                f"LionDesk does not say whose account this is: {self._url}/me holds no user. Nothing was changed; "
                'check the pair\'s `account_url`, or set it to "" and give `time_zone` and `assigned_user_id`.'
            )
        zone = value.get("timezone")
        return Me(found, zone if isinstance(zone, str) and zone else None, _name(value))

    async def categories(self) -> Mapping[str, str]:
        """Names of task categories by id; empty where LionDesk does not tell them."""
        value = await self._get("/task-categories")
        rows = value.get("data") if isinstance(value, Mapping) else value
        names = {_id(row): _text(row, ("name", "title", "label", "description")) for row in _objects(rows)}
        return {found: name for found, name in names.items() if found is not None and name}

    async def contact(self, contact_id: str) -> Contact | None:
        """One contact; None where there is none, or it is not the owner's to see."""
        value = await self._get(f"/contacts/{quote(contact_id, safe='')}")
        if not isinstance(value, Mapping):
            return None
        phones = dict.fromkeys(filter(None, (_text(value, (name,)) for name in _PHONES)))
        name = _name(value) or _text(value, ("company", "email"))
        return Contact(_id(value) or contact_id, name, tuple(phones), _text(value, ("email",)))

    async def _get(self, path: str) -> object:
        """What is there; None where there is nothing."""
        if not self._url:
            return None
        match await self._http.read(f"{self._url}{path}"):
            case Refused(status=HTTPStatus.NOT_FOUND | HTTPStatus.GONE):
                return None
            case Refused(message=message):
                raise Unreachable(
                    f"LionDesk will not answer {self._url}{path} ({message}). Nothing was changed; check the pair's "
                    "`account_url`. The next run tries again."
                )
            case payload:
                return payload.value


def _objects(value: object) -> Iterable[Mapping[str, object]]:
    return (item for item in value if isinstance(item, Mapping)) if isinstance(value, list) else ()


def _id(value: object) -> str | None:
    found = value.get("id") if isinstance(value, Mapping) else None
    return str(found) if isinstance(found, str | int) and not isinstance(found, bool) and found != "" else None


def _text(value: Mapping[str, object], names: Iterable[str]) -> str:
    """The first of these that is there, on one line."""
    found = (value.get(name) for name in names)
    return next((" ".join(str(one).split()) for one in found if isinstance(one, str | int) and str(one).strip()), "")


def _name(value: Mapping[str, object]) -> str:
    return " ".join(filter(None, (_text(value, ("first_name",)), _text(value, ("last_name",)))))
