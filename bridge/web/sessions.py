"""Who is looking at the page: sessions in memory, and the password where there is one."""

from __future__ import annotations

import secrets
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

COOKIE = "liondesk_bridge"
MOST = 1000
LASTS = timedelta(days=30)
TRIES, WITHIN = 5, timedelta(minutes=5)
"""How many wrong passwords are looked at in which time, whoever sends them."""


@dataclass(slots=True)
class Session:
    """One browser. `key` is its cookie, `csrf` what its forms bear; `known` once it gave the password."""

    key: str = field(repr=False)
    csrf: str = field(repr=False)
    seen_at: datetime
    known: bool = False


class Sessions:
    """Every session of this process, and how one becomes known."""

    def __init__(self, password: str | None, now: Callable[[], datetime]) -> None:
        """`password` is the text itself or its argon2 hash; None asks for none. `now` is aware."""
        self.guarded = password is not None
        self._now = now
        self._hash = None if password is None else _hashed(password)
        self._sessions: OrderedDict[str, Session] = OrderedDict()
        self._wrong: deque[datetime] = deque(maxlen=TRIES)

    def of(self, key: str) -> tuple[Session, bool]:
        """The session of a cookie, and whether it is a new one."""
        now = self._now()
        found = self._sessions.get(key)
        if found is not None and now - found.seen_at < LASTS:
            found.seen_at = now
            self._sessions.move_to_end(key)
            return found, False
        made = self._new(known=False)
        return made, True

    def log_in(self, session: Session, password: str) -> Session | None:
        """A known session in place of this one (a key from before is worth nothing), None for a wrong password.

        Raises PermissionError when too many wrong ones came lately.
        """
        from argon2 import PasswordHasher
        from argon2.exceptions import InvalidHashError, VerificationError

        now = self._now()
        if len(self._wrong) == TRIES and now - self._wrong[0] < WITHIN:
            raise PermissionError
        try:
            PasswordHasher().verify(self._hash or "", password)
        except (VerificationError, InvalidHashError):
            self._wrong.append(now)
            return None
        self._sessions.pop(session.key, None)
        return self._new(known=True)

    def log_out(self, session: Session) -> None:
        """Forget it."""
        self._sessions.pop(session.key, None)

    def basic(self, user_and_password: str) -> bool:
        """Whether what HTTP's Basic authentication carries holds the password, for machines that read figures."""
        session = Session("", "", self._now())
        try:
            known = self.log_in(session, user_and_password.partition(":")[2])
        except PermissionError:
            return False
        if known is not None:
            self.log_out(known)
        return known is not None

    def _new(self, *, known: bool) -> Session:
        session = Session(secrets.token_urlsafe(32), secrets.token_urlsafe(32), self._now(), known)
        self._sessions[session.key] = session
        while len(self._sessions) > MOST:
            self._sessions.popitem(last=False)
        return session


def _hashed(password: str) -> str:
    if password.startswith("$argon2"):
        return password
    from argon2 import PasswordHasher

    return PasswordHasher().hash(password)
