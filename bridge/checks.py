"""Every setting of a pair, tried against the live sides. Changes nothing anywhere: no calendar and no state is made."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from bridge import telemetry
from bridge.account import owners_zone
from bridge.credentials import bearer
from bridge.errors import BridgeError, ConfigurationError, CredentialsError, StateError

if TYPE_CHECKING:
    from datetime import datetime

    from bridge.caldav import Probe
    from bridge.config import Configuration, PairSettings
    from bridge.liondesk.http import Http
    from bridge.ports import Me


class Result(StrEnum):
    """What a setting is worth: WARNING works, but not as one would want."""

    OK = "ok"
    WARNING = "warning"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """One setting, what was found, and where it is wrong what to mend. `code` is the exit code it calls for."""

    setting: str
    result: Result
    says: str
    code: int = 0

    def as_json(self) -> dict[str, object]:
        """The finding as `check --json` shows it."""
        return {"setting": self.setting, "result": self.result.value, "says": self.says}


def check_files(configuration: Configuration) -> tuple[Finding, ...]:
    """The configuration file and the state file: who can read them, and whether the state can be used."""
    findings = [Finding("config", Result.WARNING, warning) for warning in configuration.warnings]
    if not findings:
        findings = [Finding("config", Result.OK, f"{configuration.path} can be read.")]
    return (*findings, *_state(configuration.state))


def _state(url: str) -> tuple[Finding, ...]:
    path = Path(url.removeprefix("sqlite:///"))
    if not path.exists():
        return (_state_to_be(path),)
    from bridge.store import open_state

    try:
        with open_state(url) as state:
            warnings = state.warnings
    except StateError as error:
        return (wrong("state", error),)
    ok = Finding("state", Result.OK, f"{path} can be used.")
    return tuple(Finding("state", Result.WARNING, warning) for warning in warnings) or (ok,)


def _state_to_be(path: Path) -> Finding:
    if path.parent.is_dir() and os.access(path.parent, os.W_OK):
        return Finding("state", Result.OK, f"{path} is not there yet; the first run makes it.")
    what = "may not be written" if path.parent.is_dir() else "does not exist"
    says = f"The state is to be kept in {path}, but that folder {what}. Make it, or name another file under `state`."
    return Finding("state", Result.WRONG, says, StateError.exit_code)


def check_apps(settings: PairSettings, state: str, now: datetime) -> tuple[Finding, ...]:
    """Whether the apps that wrote into a pair lately get along with its shape; nothing where no run saw any yet."""
    if not Path(state.removeprefix("sqlite:///")).exists() or settings.calendar.component == "event":
        return ()
    from bridge.core.model import Shape
    from bridge.store import open_state
    from bridge.sync.writers import remembered, sentences

    try:
        with open_state(state) as opened:
            apps = remembered(asyncio.run(opened.pair(settings.name).facts()), now)
    except StateError:
        return ()  # told beside the state
    shape = settings.calendar.shape
    told = sentences(apps, Shape(shape))
    fine = f"{shape} suits the apps that write here: {', '.join(app.name for app in apps)}."
    if not told:
        return (Finding("calendar.shape", Result.OK, fine),) if apps else ()
    return tuple(Finding("calendar.shape", Result.WARNING, each) for each in told)


async def check_pair(settings: PairSettings) -> tuple[Finding, ...]:
    """Both sides of a pair, tried at the same time."""
    liondesk, calendar = await asyncio.gather(_liondesk(settings), _calendar(settings))
    return (*liondesk, *calendar)


# -- LionDesk ----------------------------------------------------------------------------------------------------------


async def _liondesk(settings: PairSettings) -> tuple[Finding, ...]:
    from bridge.liondesk.http import Http, Waits

    try:
        http = Http(bearer(settings), Waits())
    except ConfigurationError as error:
        return (wrong("liondesk.account_url", error),)
    try:
        tasks = await _tasks(settings, http)
        if tasks.result is Result.WRONG:
            return (tasks,)
        accepted = Finding("liondesk.token", Result.OK, "LionDesk accepts it.")
        return (tasks, accepted, *await _account(settings, http))
    finally:
        await http.close()


async def _tasks(settings: PairSettings, http: Http) -> Finding:
    from bridge.liondesk.listing import LIVE, OLDEST_FIRST, Listing

    url = settings.liondesk.url
    listing = Listing(http, url)
    try:
        page = listing.must(await listing.page(LIVE, OLDEST_FIRST, limit=1))
    except CredentialsError as error:
        return wrong("liondesk.token", error)
    except BridgeError as error:
        return wrong("liondesk.url", error)
    tasks = "1 task" if page.total == 1 else f"{page.total} tasks"
    return Finding("liondesk.url", Result.OK, f"{url} answers, with {tasks}.")


async def _account(settings: PairSettings, http: Http) -> tuple[Finding, ...]:
    from bridge.liondesk.account import Account

    there = settings.liondesk
    account = Account(http, there.account_url)
    me: Me | None = None
    findings: list[Finding] = []
    try:
        me = await account.me()
        names = (await account.categories()).values()
    except BridgeError as error:
        findings.append(wrong("liondesk.account_url", error))
    else:
        if there.account_url:
            known = ", ".join(sorted(names)) or "none"
            findings.append(Finding("liondesk.account_url", Result.OK, f"{_who(me)} Task categories: {known}."))
        else:
            says = "None is given: categories have no names, and the owner's zone and id must be in this file."
            findings.append(Finding("liondesk.account_url", Result.OK, says))
    return (*findings, _zone(settings, me), _assignee(settings, me))


def _who(me: Me | None) -> str:
    return "It tells no user." if me is None else f"The account of {me.name or 'a user'} (id {me.id})."


def _zone(settings: PairSettings, me: Me | None) -> Finding:
    given, told = settings.liondesk.time_zone, me.time_zone if me is not None else None
    if given is None:
        try:
            return Finding("liondesk.time_zone", Result.OK, f"{owners_zone(settings, told).key}, as LionDesk tells.")
        except ConfigurationError as error:
            return wrong("liondesk.time_zone", error)
    if told is not None and told != given:
        says = (
            f"Here it is {given}, in LionDesk {told}: every time that is typed there would be taken for a time in "
            f"{given}. Unless that is meant, leave time_zone out."
        )
        return Finding("liondesk.time_zone", Result.WARNING, says)
    return Finding("liondesk.time_zone", Result.OK, f"{given}.")


def _assignee(settings: PairSettings, me: Me | None) -> Finding:
    given = settings.liondesk.assigned_user_id
    if given is not None:
        return Finding("liondesk.assigned_user_id", Result.OK, f"New tasks are assigned to user {given}.")
    if me is not None:
        return Finding("liondesk.assigned_user_id", Result.OK, f"New tasks are assigned to the owner, user {me.id}.")
    says = (
        "It is not known to whom tasks made in the calendar are to be assigned, and LionDesk demands it: such tasks "
        "will be refused. Set assigned_user_id in [pair.liondesk]."
    )
    return Finding("liondesk.assigned_user_id", Result.WARNING, says)


# -- the calendar ------------------------------------------------------------------------------------------------------


async def _calendar(settings: PairSettings) -> tuple[Finding, ...]:
    from bridge.caldav import CalendarSettings, check

    dav = settings.calendar
    try:
        password = dav.password.reveal() if dav.password is not None else None
        telemetry.hide(password or "")
        probe = await check(CalendarSettings(dav.url, dav.username, password, dav.calendar, dav.component))
    except CredentialsError as error:
        return (wrong("calendar.password", error),)
    except BridgeError as error:
        return (wrong("calendar.url", error),)
    return tuple(_probed(probe))


def _probed(probe: Probe) -> Iterable[Finding]:
    server = "a server of a kind that is not known here" if probe.server == "unknown" else probe.server
    yield Finding("calendar.url", Result.OK, f"{probe.url} answers ({server}).")
    if probe.problem is not None:
        yield Finding("calendar.calendar", Result.WRONG, probe.problem, ConfigurationError.exit_code)
    elif not probe.exists:
        others = ", ".join(repr(name) for name in probe.others) or "none"
        says = f"{probe.name!r} is not there yet; the first run makes it. Others that are there: {others}."
        yield Finding("calendar.calendar", Result.OK, says)
    else:
        kept = "tasks" if probe.component == "todo" else "events, in which tasks are kept,"
        says = f"{probe.name!r} is there, holds {kept} and can be written; changes are found by {_cursor(probe)}."
        yield Finding("calendar.calendar", Result.OK, says)


def _cursor(probe: Probe) -> str:
    return {"token": "sync-token", "ctag": "ctag", "etags": "ETags"}[probe.cursor or "etags"]


def wrong(setting: str, error: BridgeError) -> Finding:
    """What an error says of a setting."""
    return Finding(setting, Result.WRONG, str(error), error.exit_code)
