"""Which app gets along with which shape, by the PRODIDs that apps were seen to write (tests/data)."""

from __future__ import annotations

import re

import pytest

from bridge.core.model import Shape
from bridge.core.schools import APPS, app_of, misfits, shape_for
from tests.apps.fragments import DATA

PRODIDS = {
    path.parent.name: re.findall(r"^PRODID:(.+)$", path.read_text("utf-8"), re.MULTILINE)[0]
    for path in sorted(DATA.glob("*/calendar.txt"))
}


@pytest.mark.parametrize(("key", "prodid"), PRODIDS.items())
def test_an_app_is_known_by_its_prodid(key: str, prodid: str) -> None:
    app = app_of(prodid)
    assert app is not None
    assert key in app.keys


def test_every_known_app_was_seen_to_write() -> None:
    assert {key for app in APPS for key in app.keys} == set(PRODIDS)


@pytest.mark.parametrize("prodid", ["", "-//liondesk-bridge//EN", "-//Somebody//Else//EN"])
def test_others_are_not_guessed_at(prodid: str) -> None:
    assert app_of(prodid) is None


@pytest.mark.parametrize(
    ("keys", "shape", "wrong", "better"),
    [
        (["thunderbird"], Shape.OVERRIDES, [], Shape.OVERRIDES),
        (["thunderbird", "jtx-board"], Shape.ROLLING, ["Thunderbird", "jtx Board"], Shape.OVERRIDES),
        (["tasks-org", "apple-reminders"], Shape.OVERRIDES, ["Apple Reminders", "Tasks.org"], Shape.ROLLING),
        (["tasks-org", "errands"], Shape.ROLLING, ["Errands"], Shape.SEPARATE),
        (["thunderbird", "tasks-org"], Shape.OVERRIDES, ["Tasks.org"], Shape.SEPARATE),
        (["synology-calendar"], Shape.SEPARATE, [], Shape.OVERRIDES),
    ],
)
def test_apps_of_two_schools_share_nothing_but_plain_tasks(
    keys: list[str], shape: Shape, wrong: list[str], better: Shape
) -> None:
    apps = [next(app for app in APPS if key in app.keys) for key in keys]
    assert [app.name for app in misfits(apps, shape)] == wrong
    assert shape_for(apps) is better
