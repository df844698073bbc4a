"""Which shape each calendar app gets along with, by what it writes into PRODID (calendar-apps.md, 0, 2 and 4).

Apps fall into two schools: some keep one resource a series with an override for each occurrence that differs, others
move the master on and know nothing of overrides. They cannot share a list, unless it holds plain tasks alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bridge.core.model import Shape

OVERRIDES = frozenset({Shape.OVERRIDES, Shape.SEPARATE})
ROLLING = frozenset({Shape.ROLLING, Shape.SEPARATE})
SEPARATE = frozenset({Shape.SEPARATE})
ANY = frozenset(Shape)


@dataclass(frozen=True, slots=True)
class App:
    """An app, or several that write the same PRODID. `prodid` is in theirs, in lower case.

    `shapes` are those that they get along with. `keys` name them in docs/calendar-apps.md, and what they were seen to
    write.
    """

    name: str
    prodid: str
    shapes: frozenset[Shape]
    keys: tuple[str, ...]


APPS: tuple[App, ...] = (
    App("Thunderbird", "mozilla calendar", OVERRIDES, ("thunderbird",)),
    App("jtx Board", "at.techbee.jtx", OVERRIDES, ("jtx-board",)),
    App("KOrganizer or Merkuro", "k desktop environment", OVERRIDES, ("korganizer", "merkuro")),
    App("SOGo", "inverse inc./sogo", OVERRIDES, ("sogo",)),
    App("eM Client", "em client", OVERRIDES, ("em-client",)),
    App("Roundcube or Kolab", "roundcube", ANY, ("kolab",)),
    App("Tasks.org", "tasks.org", ROLLING, ("tasks-org",)),
    App("Tasks.org", "(org.tasks)", ROLLING, ("tasks-org",)),
    App("OpenTasks", "org.dmfs.tasks", ROLLING, ("opentasks",)),
    App("Apple Reminders", "apple inc.", ROLLING, ("apple-reminders",)),
    App("Nextcloud Tasks", "nextcloud tasks", ROLLING, ("nextcloud-tasks",)),
    App("Evolution or Endeavour", "ximian", ROLLING, ("evolution", "endeavour", "elementary-tasks")),
    App("Outlook", "caldavsynchronizer", ROLLING, ("outlook",)),
    App("todoman", "todoman", ROLLING, ("todoman",)),
    App("Vikunja", "vikunja", ROLLING, ("vikunja",)),
    App("plann or Home Assistant", "python-caldav", ROLLING, ("python-caldav", "plann", "home-assistant")),
    App("Errands", "errands", SEPARATE, ("errands",)),
    App("DavMail", "davmail", SEPARATE, ("davmail",)),
    App("Synology Calendar", "synology", ANY, ("synology-calendar",)),
)
"""Every app whose writing is known. Of several that fit the first one counts."""


def app_of(prodid: str) -> App | None:
    """The app that wrote a resource with this PRODID, None where nobody knows it."""
    told = prodid.lower()
    return next((app for app in APPS if app.prodid in told), None)


def wrote(prodid: str, key: str) -> bool:
    """Whether the app of this key may have written a resource with this PRODID."""
    app = app_of(prodid)
    return app is not None and key in app.keys


def misfits(apps: Iterable[App], shape: Shape) -> tuple[App, ...]:
    """Those that do not get along with a shape, each once, by name."""
    return tuple(sorted({app for app in apps if shape not in app.shapes}, key=lambda app: app.name))


def shape_for(apps: Iterable[App]) -> Shape:
    """The richest shape that all of these get along with: at worst plain tasks, which every app understands."""
    together = ANY
    for app in apps:
        together &= app.shapes
    return next(shape for shape in Shape if shape in together)
