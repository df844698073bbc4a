"""Who is told when a person is needed: once for each need, by webhook and e-mail, never every five minutes."""

from __future__ import annotations

import asyncio
import json
import logging
import smtplib
import ssl
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from typing import TypeAlias
from urllib.parse import urlsplit

from bridge.config import MailSettings
from bridge.inbox import sentences
from bridge.records import InboxItem
from bridge.report import PairReport
from bridge.telemetry import hide, log

PATIENCE_S = 20.0
_LOGIN_NEEDED = 3
"""The exit code of a run that a wrong configuration or a refused password ended."""

Send: TypeAlias = Callable[[str, Sequence[str]], Awaitable[None]]
"""Tells a person what a pair needs, in sentences. Raises OSError when nobody could be told."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What was told before: the needs of a pair by name, kept wherever the caller keeps things."""

    load: Callable[[str], Awaitable[Sequence[str]]]
    save: Callable[[str, Sequence[str]], Awaitable[None]]


class Notices:
    """Listens to runs, and tells of each need once for as long as it lasts."""

    def __init__(self, sends: Sequence[Send], memory: Memory) -> None:
        self._sends, self._memory = tuple(sends), memory

    async def heard(self, pair: str, report: PairReport, waiting: Sequence[InboxItem]) -> None:
        """A run ended, and these items wait for an answer. What could not be told is tried again after the next one."""
        needs = needs_of(report, waiting)
        told = list(await self._memory.load(pair))
        fresh = [sentence for key, sentence in needs.items() if key not in told]
        if fresh:
            for send in self._sends:
                try:
                    await send(pair, fresh)
                except OSError as error:
                    log(logging.WARNING, "nobody could be told", pair=pair, error=f"{type(error).__name__}: {error}")
                    return
        if list(needs) != told:
            await self._memory.save(pair, list(needs))


def needs_of(report: PairReport, waiting: Sequence[InboxItem]) -> Mapping[str, str]:
    """What a person must do, in sentences, under keys that stay the same for as long as the need does."""
    needs = {f"item {each.id}": " ".join(sentences(each)[:3]) for each in waiting if each.kind != "halt"}
    if report.halt is not None and not report.questions:
        needs[f"halt {report.halt}"] = report.halt
    if report.code == _LOGIN_NEEDED:
        needs |= {f"access {error}": error for error in report.errors}
    return needs


def by_webhook(address: Callable[[], str]) -> Send:
    """POSTs `{"pair", "needs"}` as JSON. The address is asked for each time, and is a secret."""

    async def send(pair: str, needs: Sequence[str]) -> None:
        url = address()
        hide(url)
        if urlsplit(url).scheme not in ("http", "https"):
            raise OSError("the webhook is no http or https address")
        body = json.dumps({"pair": pair, "needs": list(needs)}).encode()
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310  # checked above
        await asyncio.to_thread(_opened, request)

    return send


def _opened(request: urllib.request.Request) -> None:
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_S):  # noqa: S310  # as above
            pass
    except urllib.error.HTTPError as error:
        raise OSError(f"the webhook answers {error.code}") from None


def by_mail(settings: MailSettings) -> Send:
    """Sends a message by SMTP: over TLS from the start on port 465, else after STARTTLS unless plain is allowed."""

    async def send(pair: str, needs: Sequence[str]) -> None:
        message = EmailMessage()
        message["From"], message["To"] = settings.sender, settings.to
        message["Subject"] = f"liondesk-bridge needs you for {pair}"
        message.set_content("\n\n".join(needs) + "\n")
        password = settings.password.reveal() if settings.password is not None else None
        hide(password or "")
        await asyncio.to_thread(_mailed, settings, message, password)

    return send


def _mailed(settings: MailSettings, message: EmailMessage, password: str | None) -> None:
    host, _, port = settings.server.rpartition(":")
    at_once = port == "465"
    kind = smtplib.SMTP_SSL if at_once else smtplib.SMTP
    with kind(host.strip("[]"), int(port), timeout=PATIENCE_S) as server:
        server.ehlo_or_helo_if_needed()
        if not at_once and (server.has_extn("starttls") or not settings.allow_plain):
            server.starttls(context=ssl.create_default_context())
        if settings.username is not None and password is not None:
            server.login(settings.username, password)
        server.send_message(message)
