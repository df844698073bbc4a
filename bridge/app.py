"""Configuration into wired objects: the only room that knows every adapter."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bridge.account import card_reader
from bridge.core.model import Shape, Side
from bridge.core.policies import POLICIES, Choices, Policy, by_field
from bridge.credentials import bearer
from bridge.errors import BridgeError, ConfigurationError, Unreachable, fault
from bridge.inbox import always
from bridge.report import Outcome, PairReport

if TYPE_CHECKING:
    from bridge.caldav import CalDavCalendar, NotYetMade
    from bridge.caldav.settings import Identity
    from bridge.config import PairSettings
    from bridge.liondesk.client import LionDeskApi
    from bridge.store import SqlStore, State
    from bridge.sync import Options, Pair


SAFE_WAIT = timedelta(minutes=2)
"""A request that LionDesk got is carried out, or forgotten, within this time."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def opened(
    settings: PairSettings,
    state: State,
    *,
    full: bool = False,
    dry_run: bool = False,
    now: Callable[[], datetime] = _utc_now,
) -> AsyncIterator[Pair]:
    """One pair, wired and connected. What was learned of both sides is remembered: a quiet run asks for none of it.

    Raises ConfigurationError, CredentialsError, Unreachable, StateError.
    """
    from msgspec import to_builtins

    from bridge.core.plan import Limits
    from bridge.sync.pair import Pair
    from bridge.vtodo import Context

    store = state.pair(settings.name)
    facts = await store.facts()
    async with _liondesk(settings, facts, now) as liondesk:
        await _introduce(settings, store, facts, liondesk)
        categories = await _categories(store, facts, liondesk, full=full)
        remembered = {} if full else facts
        async with await _calendar(settings, remembered, create=not dry_run) as calendar:
            await _acquaint(settings, store, facts.get("calendar"), calendar)
            dav, today = settings.calendar, now().astimezone(liondesk.zone).date()
            yield Pair(
                name=settings.name,
                liondesk=liondesk,
                calendar=calendar,
                store=store,
                context=Context(
                    liondesk.zone,
                    categories,
                    dav.start,
                    dav.alarm,
                    calendar.component,
                    cancelled_is_done=settings.on_cancel == "complete",
                    today=today if settings.missing_due == "today" else None,
                ),
                policy=_policy(settings, facts),
                now=now,
                keep_completed=settings.keep_completed,
                shape=Shape(dav.shape),
                writes_liondesk=settings.direction != "to-calendar",
                writes_calendar=settings.direction != "to-liondesk",
                records=store,
                turns=store,
                safe_wait=SAFE_WAIT,
                limits=Limits(**to_builtins(settings.limits)),
                contact=card_reader(liondesk) if dav.contacts else None,
                choices=Choices(settings.on_cancel, settings.on_complete_master, settings.on_calendar_delete),
            )


def _policy(settings: PairSettings, facts: Mapping[str, object]) -> Policy:
    """The configured policy, but for the fields for which a person chose a side for good."""
    return by_field(always(facts), POLICIES[settings.conflict])


def _liondesk(settings: PairSettings, facts: Mapping[str, object], now: Callable[[], datetime]) -> LionDeskApi:
    from bridge.liondesk.client import LionDeskApi

    there = settings.liondesk
    zone = there.time_zone or str(facts.get("time_zone") or "UTC")
    assigned = there.assigned_user_id or facts.get("owner")
    return LionDeskApi(
        there.url,
        there.account_url,
        bearer(settings),
        _zone(settings.name, zone),
        assigned_user_id=str(assigned) if assigned else None,
        now=now,
    )


def _zone(pair: str, name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ConfigurationError(
            f"Pair {pair}: there is no time zone {name!r}. Set time_zone in [pair.liondesk] to an IANA name such as "
            "America/Los_Angeles. Nothing was changed."
        ) from None


async def _introduce(
    settings: PairSettings, store: SqlStore, facts: Mapping[str, object], liondesk: LionDeskApi
) -> None:
    """Whose account it is and on which clock they live: configured, remembered, or asked once."""
    there = settings.liondesk
    needs_zone = there.time_zone is None and not facts.get("time_zone")
    needs_owner = there.assigned_user_id is None and not facts.get("owner")
    if not needs_zone and not needs_owner:
        return
    me = await liondesk.me()
    if needs_zone:
        if me is None or me.time_zone is None:
            raise ConfigurationError(
                f"Pair {settings.name}: LionDesk does not tell the owner's time zone. Set time_zone in "
                "[pair.liondesk], such as America/Los_Angeles. Nothing was changed."
            )
        liondesk.zone = _zone(settings.name, me.time_zone)
    if needs_owner and me is not None:
        liondesk.assigned_user_id = me.id
    learned = {"time_zone": me.time_zone if needs_zone and me else None, "owner": me.id if needs_owner and me else None}
    await store.set_facts({name: value for name, value in learned.items() if value is not None})


async def _categories(
    store: SqlStore, facts: Mapping[str, object], liondesk: LionDeskApi, *, full: bool
) -> Mapping[str, str]:
    """Names of task categories: remembered from the first run on, asked again by a full one."""
    from bridge.sync.renewal import RENAMED

    kept = facts.get("categories")
    if isinstance(kept, dict) and not full:
        return {str(key): str(name) for key, name in kept.items()}
    asked = dict(await liondesk.categories())
    if asked != kept:
        before = facts.get(RENAMED)
        renamed = dict(before) if isinstance(before, dict) else {}
        if isinstance(kept, dict):
            renamed |= {str(name): str(key) for key, name in kept.items() if asked.get(str(key), name) != name}
        await store.set_facts({"categories": asked, RENAMED: renamed})
    return asked


async def _calendar(
    settings: PairSettings, facts: Mapping[str, object], *, create: bool
) -> CalDavCalendar | NotYetMade:
    from bridge.caldav import CalendarSettings, open_calendar

    dav = settings.calendar
    kept = facts.get("calendar")
    return await open_calendar(
        CalendarSettings(
            url=dav.url,
            username=dav.username,
            password=dav.password.reveal() if dav.password else None,
            calendar=dav.calendar,
            component=dav.component,
        ),
        kept if isinstance(kept, str) else None,
        create=create,
    )


async def _acquaint(
    settings: PairSettings, store: SqlStore, known: object, calendar: CalDavCalendar | NotYetMade
) -> None:
    """Remember the calendar, and forget what both sides agreed on in another one. Raises ConfigurationError."""
    from bridge.caldav.settings import Identity

    before = Identity.kept(known)
    if before is not None and before.url == calendar.url and before.component != calendar.component:
        await _refuse_other_component(settings, store, before)
    if calendar.made or (before is not None and before.url != calendar.url and calendar.url):
        await _forget_calendar(store)
    if calendar.identity and calendar.identity != known:
        await store.set_facts({"calendar": calendar.identity})


async def _refuse_other_component(settings: PairSettings, store: SqlStore, before: Identity) -> None:
    """Tasks become events, or events tasks, in another calendar: in one and the same, apps would show both."""
    held = len(await store.etags())
    if not held:
        return
    kept, now = ("tasks (VTODO)", "events (VEVENT)") if before.component == "todo" else ("events", "tasks")
    raise ConfigurationError(
        f"Pair {settings.name} keeps {held} of its tasks in the calendar {before.name!r} as {kept}; with the component "
        f"that is set now they would be {now} in the same calendar, where apps expect one kind. Nothing was changed. "
        f'Set component = "{before.component}" again in [pair.calendar], or name another calendar there: it is made if '
        "it is missing and filled from LionDesk, and the old one stays as it is until you delete it."
    )


async def _forget_calendar(store: SqlStore) -> None:
    """The calendar that both sides agreed on is not the pair's any more: a new one was made, or another one named.

    That deletes no task: what LionDesk holds is shown in the new calendar.
    """
    links = await store.all_links()
    shown = [each for each in links if each.href is not None or each.parts]
    if shown:
        kept = [replace(each, href=None, etag=None, ics=None, retire_at=None, parts=()) for each in shown if each.rows]
        await store.save(kept, [each.id for each in shown if not each.rows and each.id is not None])
        await store.set_cursor(Side.CALENDAR, None)


async def sync_pair(
    settings: PairSettings, state: State, options: Options, *, now: Callable[[], datetime] = _utc_now
) -> PairReport:
    """One run of one pair, every error of it as a report: one bad pair never stops another."""
    from bridge.sync import run

    started = now()
    try:
        async with opened(settings, state, full=options.full, dry_run=options.dry_run, now=now) as pair:
            report = await run(pair, options)
            if report.operations and settings.keep_history is not None and not options.dry_run:
                await state.pair(settings.name).prune(now() - settings.keep_history)
            return report
    except BridgeError as error:
        outcome = Outcome.UNREACHABLE if isinstance(error, Unreachable) else Outcome.FAILED
        return PairReport(
            settings.name,
            outcome,
            dry_run=options.dry_run,
            elapsed_s=(now() - started).total_seconds(),
            requests={side.value: 0 for side in Side},
            errors=(str(error),),
            exit_code=error.exit_code,
        )


async def synced(
    settings: PairSettings, state: State, options: Options, *, now: Callable[[], datetime] = _utc_now
) -> PairReport:
    """One run of one pair, with its line in the log, and remembered. Nothing is raised but for cancellation.

    `options.run` names it.
    """
    from bridge.last_run import remember
    from bridge.telemetry import run_line

    started, run = now(), options.run or ""
    with run_line(pair=settings.name, run=run, dry_run=options.dry_run) as line:
        try:
            report = await sync_pair(settings, state, options, now=now)
        except Exception as error:  # noqa: BLE001 - the other pairs have their run all the same
            report = PairReport(
                settings.name, Outcome.FAILED, dry_run=options.dry_run, errors=(fault(error),), exit_code=1
            )
        line.add(outcome=report.outcome.value, requests=dict(report.requests), operations=len(report.operations))
    try:
        await remember(state.pair(settings.name), report, run, started, now())
    except BridgeError as error:
        report = replace(report, errors=(*report.errors, str(error)), exit_code=max(report.code, error.exit_code))
    return report
