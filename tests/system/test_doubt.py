"""A task whose answer was lost is never made twice: found, waited for, or asked about."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bridge.deciding import resolve
from bridge.ports import StoredLink
from bridge.records import InboxItem
from bridge.sandbox.faults import Fault
from bridge.sync import Options
from tests.servers import ics
from tests.system.stage import Stage, master


async def lost(stage: Stage, kind: str) -> None:
    """A task was made in the calendar, and the answer to its POST never came."""
    stage.world.faults.append(Fault(kind=kind, method="POST"))  # type: ignore[arg-type] # a kind as named
    stage.app.put("one.ics", ics("one", "Buy a sign"))
    report = await stage.sync()
    assert report.code == 1


async def only(stage: Stage) -> InboxItem:
    (item,) = await stage.state.pair("alice").open_items()
    return item


async def pending(stage: Stage) -> StoredLink:
    (link,) = await stage.state.pair("alice").links(pending=True)
    return link


@pytest.mark.parametrize("kind", ["close_after", "half_body"])
async def test_what_arrived_is_found_and_not_sent_again(stage: Stage, kind: str) -> None:
    await lost(stage, kind)
    assert (await stage.sync()).code == 0
    assert len(stage.rows()) == 1
    assert stage.kinds() == ["POST plain"]
    await stage.settles()


async def test_what_did_not_arrive_is_sent_again_after_a_safe_wait_and_not_before(stage: Stage) -> None:
    await lost(stage, "close_before")
    assert stage.kinds() == ["POST plain"]
    for _ in range(3):
        report = await stage.sync()
        assert report.code == 1
        assert "the answer was lost" in report.skipped[0].why
    assert stage.kinds() == []
    stage.world.advance(timedelta(minutes=3))
    assert (await stage.sync()).code == 0
    assert (stage.kinds(), len(stage.rows())) == (["POST plain"], 1)
    await stage.settles()


async def test_an_answer_that_comes_late_is_found_within_the_wait(stage: Stage) -> None:
    await lost(stage, "close_before")
    await stage.sync()
    stage.post("Buy a sign", "2026-03-09T09:00:00")
    assert (await stage.sync()).code == 0
    assert len(stage.rows()) == 1
    await stage.settles()


async def test_a_refused_task_made_nothing_that_would_have_to_be_looked_for(stage: Stage) -> None:
    stage.world.faults.append(Fault(kind="status", method="POST", status=423))
    stage.app.put("one.ics", ics("one", "Buy a sign"))
    await stage.sync()
    assert "posted" not in ((await pending(stage)).pending or {})
    assert (await stage.sync()).code == 0
    assert len(stage.rows()) == 1


@pytest.mark.parametrize("method", ["POST", "PATCH"])
async def test_a_token_that_ends_within_a_run_is_no_refusal_of_the_tasks(stage: Stage, method: str) -> None:
    stage.post("Call client", "2026-03-09T09:00:00")
    await stage.sync()
    name, calendar = stage.only()
    stage.world.faults.append(Fault(kind="status", method=method, status=401))
    if method == "POST":
        stage.app.put("one.ics", ics("one", "Buy a sign"))
    else:
        master(calendar)["SUMMARY"] = "Call the client"
        stage.put(name, calendar)
    report = await stage.sync()
    assert report.code == 1
    assert await stage.state.pair("alice").open_items() == ()
    assert (await stage.sync()).code == 0
    await stage.settles()


async def doubtful(stage: Stage) -> InboxItem:
    """LionDesk has a new task that says almost what was sent."""
    await lost(stage, "close_before")
    stage.post("Buy a big sign", "2026-03-09T09:00:00")
    for _ in range(2):
        report = await stage.sync()
        assert report.code == 4
    stage.world.advance(timedelta(minutes=3))
    assert (await stage.sync()).code == 4
    stage.writes()
    assert (len(stage.rows()), len(stage.app.names())) == (1, 1)
    item = await only(stage)
    assert (item.kind, item.waits) == ("doubtful", True)
    assert item.content["found"] == ["'Buy a big sign', due Mon 9 Mar 09:00"]
    return item


@pytest.mark.parametrize(("keep", "tasks"), [("liondesk", 1), ("calendar", 2), ("both", 2)])
async def test_what_is_only_like_it_is_a_question(stage: Stage, keep: str, tasks: int) -> None:
    item = await doubtful(stage)
    settled = await resolve(stage.settings, stage.state, item, keep, Options(run="x"), now=stage.world.clock.now)
    assert settled.item.answer == keep
    assert (len(stage.rows()), len(stage.app.names())) == (tasks, tasks)
    await stage.settles()


async def test_a_task_that_only_has_the_same_time_is_no_question(stage: Stage) -> None:
    await lost(stage, "close_before")
    stage.post("Lunch with Melinda", "2026-03-09T09:00:00")
    stage.world.advance(timedelta(minutes=3))
    assert (await stage.sync()).code == 0
    assert len(stage.rows()) == 2
    await stage.settles()
