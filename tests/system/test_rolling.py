"""What apps without overrides write into a calendar of the shape `rolling` (calendar-apps.md, 2, 4 and 5).

The exact requests that LionDesk received, the form that stands in the calendar, and two quiet runs.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import icalendar
import pytest

from tests.system.stage import ZONE, Stage, master, override, parsed
from tests.system.test_shapes import ENDLESS, WEEKLY, in_form, shaped


def la(day: int, hour: int = 9, month: int = 3) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=ZONE)


def wall(day: int, hour: int = 9, month: int = 3) -> datetime:
    return datetime(2026, month, day, hour)


@pytest.fixture
def pair(stage: Stage) -> Stage:
    return shaped(stage, "rolling")


async def synced(pair: Stage, rule: str = WEEKLY, done: int = 0) -> None:
    """The weekly series, its first occurrences done in LionDesk."""
    pair.post("Call client", "2026-03-02T09:00:00", rule)
    for row in pair.rows()[:done]:
        pair.complete(row)
    await pair.sync()
    pair.agree()
    pair.writes()


def main(pair: Stage) -> tuple[str, Any]:
    """The one resource with a rule."""
    ((name, calendar),) = [each for each in pair.resources().items() if "RRULE" in master(each[1])]
    return name, calendar


def part(pair: Stage, slot: datetime) -> tuple[str, Any]:
    """The resource that shows one occurrence by itself."""
    found = [
        each
        for each in pair.resources().items()
        if "RRULE" not in master(each[1]) and master(each[1])["DUE"].dt.replace(tzinfo=None) == slot
    ]
    ((name, calendar),) = found
    return name, calendar


def stands(todo: Any, moment: datetime) -> None:
    for key in ("DTSTART", "DUE"):
        todo.pop(key, None)
        todo.add(key, moment)


def roll(pair: Stage, to: datetime, **properties: str) -> None:
    """An app completes the current occurrence by moving the master on."""
    name, calendar = main(pair)
    todo = master(calendar)
    stands(todo, to)
    for key, value in properties.items():
        todo[key] = value
    pair.put(name, calendar)


def copy(pair: Stage, due: datetime, uid: str = "copy-1") -> None:
    """An app writes the completed occurrence as a task of its own."""
    _, calendar = main(pair)
    alone = parsed(calendar.to_ical().decode())
    todo = master(alone)
    todo["UID"] = uid
    del todo["RRULE"]
    todo.pop("EXDATE", None)
    stands(todo, due)
    todo["STATUS"] = "COMPLETED"
    todo.add("COMPLETED", datetime(2026, 3, 2, 18, tzinfo=ZONE))
    pair.put(f"{uid}.ics", alone)


async def sends(pair: Stage, *kinds: str) -> None:
    await pair.sync()
    assert pair.kinds() == list(kinds)
    in_form(pair)
    await pair.settles()


@pytest.mark.parametrize("rule", [WEEKLY, ENDLESS])
async def test_a_roll_completes_the_occurrence_that_it_left(pair: Stage, rule: str) -> None:
    """Tasks.org, Evolution; what is done stands beside the series."""
    await synced(pair, rule)
    roll(pair, la(9))
    await sends(pair, "PATCH 3")
    assert str(master(part(pair, wall(2))[1])["STATUS"]) == "COMPLETED"
    roll(pair, la(16))
    await sends(pair, "PATCH 3")


@pytest.mark.parametrize(
    "due", ["DUE:20260309T160000Z", "DUE;TZID=America/Los_Angeles:20260309T160000Z"], ids=["utc", "hybrid"]
)
async def test_a_roll_in_nextclouds_spelling_means_the_same(pair: Stage, due: str) -> None:
    """UTC, under the TZID that was there or not; no DTSTART, no STATUS. The right form is written back."""
    await synced(pair)
    name, calendar = main(pair)
    text = calendar.to_ical().decode()
    lines = [line for line in text.splitlines() if not line.startswith(("DTSTART;", "STATUS"))]
    pair.tick()
    pair.app.put(name, "\r\n".join(due if line.startswith("DUE") else line for line in lines) + "\r\n")
    if "20260309T160000Z" not in pair.app.get(name).text:
        pytest.skip("this server takes the Z away, so that nobody can know what was meant")
    await pair.sync()
    assert pair.kinds() == ["PATCH 3"]
    await pair.settles()


@pytest.mark.parametrize("order", ["together", "copy first", "roll first"])
async def test_a_roll_with_a_completed_copy_is_one_completion(pair: Stage, order: str) -> None:
    """Apple Reminders, OpenTasks: whichever comes first, the copy is the occurrence, and nothing is doubled."""
    await synced(pair)
    if order != "roll first":
        copy(pair, la(2))
    if order == "copy first":
        await pair.sync()
    if order != "copy first":
        roll(pair, la(9))
    if order == "roll first":
        await pair.sync()
        copy(pair, la(2))
    await sends(pair, "PATCH 3")
    assert len(pair.app.names()) == 2
    assert str(master(part(pair, wall(2))[1])["UID"]) == "copy-1"


async def test_several_copies_and_a_roll_over_all_of_them_are_so_many_completions(pair: Stage) -> None:
    await synced(pair)
    copy(pair, la(2), "copy-1")
    copy(pair, la(9), "copy-2")
    roll(pair, la(16))
    await sends(pair, "PATCH 3", "PATCH 3")


async def test_a_roll_back_opens_the_occurrence_again(pair: Stage) -> None:
    """Tasks.org's undo."""
    await synced(pair)
    roll(pair, la(9))
    await sends(pair, "PATCH 3")
    roll(pair, la(2))
    await sends(pair, "PATCH 3")
    assert len(pair.app.names()) == 1


async def test_a_roll_over_several_completes_one_and_the_others_stay_open(pair: Stage) -> None:
    """Idiom 11."""
    await synced(pair)
    roll(pair, la(23))
    await sends(pair, "PATCH 3")
    assert master(main(pair)[1])["DUE"].dt.replace(tzinfo=None) == wall(9)


async def test_a_roll_onto_a_deleted_occurrence_is_rolled_on(pair: Stage) -> None:
    """Tasks.org and Nextcloud ignore EXDATE."""
    await synced(pair)
    pair.delete(pair.rows()[1])
    await pair.sync()
    pair.writes()
    roll(pair, la(9))
    await sends(pair, "PATCH 3")
    assert master(main(pair)[1])["DUE"].dt.replace(tzinfo=None) == wall(16)


async def test_a_roll_onto_an_occurrence_that_stands_alone_is_rolled_on(pair: Stage) -> None:
    await synced(pair)
    pair.patch(pair.rows()[1], description="Call the lawyer")
    await pair.sync()
    pair.writes()
    roll(pair, la(9))
    await sends(pair, "PATCH 3")
    assert str(master(part(pair, wall(9))[1])["SUMMARY"]) == "Call the lawyer"


@pytest.mark.parametrize("lowered", [True, False])
async def test_a_count_that_an_app_wrote_is_lowered_or_kept_and_means_the_same(pair: Stage, lowered: bool) -> None:
    await synced(pair)
    roll(pair, la(9))
    name, calendar = main(pair)
    master(calendar)["RRULE"] = icalendar.vRecur.from_ical(f"FREQ=WEEKLY;COUNT={5 if lowered else 6};BYDAY=MO")
    pair.put(name, calendar)
    await pair.sync()
    kinds = pair.kinds()
    assert kinds[0] == ("PATCH 3" if lowered else kinds[0])
    in_form(pair)
    await pair.settles()


async def test_a_completed_master_completes_the_current_occurrence(pair: Stage) -> None:
    """Idiom 9: the master is written back open, at the next one."""
    await synced(pair)
    name, calendar = main(pair)
    master(calendar)["STATUS"] = "COMPLETED"
    pair.put(name, calendar)
    await sends(pair, "PATCH 3")


async def test_the_last_occurrence_has_no_rule_and_is_ticked_like_any_task(pair: Stage) -> None:
    await synced(pair, done=5)
    assert not any("RRULE" in master(each) for each in pair.resources().values())
    name, calendar = part(pair, wall(6, month=4))
    assert str(master(calendar)["UID"]).count("-") == 2, "it is the series' own resource"
    master(calendar)["STATUS"] = "COMPLETED"
    pair.put(name, calendar)
    await sends(pair, "PATCH 3")
    name, calendar = part(pair, wall(6, month=4))
    master(calendar)["STATUS"] = "NEEDS-ACTION"
    master(calendar).pop("COMPLETED", None)
    pair.put(name, calendar)
    await sends(pair, "PATCH 3")


async def test_todomans_inverted_roll_keeps_one_series(pair: Stage) -> None:
    """Idiom 7."""
    await synced(pair)
    name, calendar = main(pair)
    on = parsed(calendar.to_ical().decode())
    master(on)["UID"] = "new@host"
    stands(master(on), la(9))
    del master(calendar)["RRULE"]
    master(calendar)["STATUS"] = "COMPLETED"
    pair.put(name, calendar)
    pair.put("new.ics", on)
    await sends(pair, "PATCH 3")
    assert len(pair.app.names()) == 2
    roll(pair, la(16))
    await sends(pair, "PATCH 3")


async def test_an_override_of_the_other_school_is_understood_and_rewritten_once(pair: Stage) -> None:
    """Thunderbird in a calendar that is written for Tasks.org."""
    await synced(pair)
    name, calendar = main(pair)
    override(calendar, wall(16), STATUS="COMPLETED", PERCENT_COMPLETE=100)
    override(calendar, wall(23), SUMMARY="Call the lawyer")
    pair.put(name, calendar)
    await pair.sync()
    assert sorted(pair.kinds()) == ["PATCH 1", "PATCH 3"]
    in_form(pair)
    await pair.settles()


@pytest.mark.parametrize("hours", [0, 1])
@pytest.mark.parametrize("ids", ["kept", "new"])
async def test_this_and_future_goes_on_as_a_series_of_its_own(pair: Stage, ids: str, hours: int) -> None:
    """Idiom 14, KOrganizer in a calendar where no override can stand."""
    pair.world.set_switches({"tail_ids": ids, "tail_event": ids})
    await synced(pair)
    name, calendar = main(pair)
    todo = override(calendar, wall(16), SUMMARY="A new script", DTSTART=la(16, 9 + hours), DUE=la(16, 9 + hours))
    todo["RECURRENCE-ID"].params["RANGE"] = "THISANDFUTURE"
    pair.put(name, calendar)
    await pair.sync()
    assert pair.kinds() == ["PATCH 2"]
    in_form(pair)
    await pair.settles()
    texts = [text for text, *_ in sorted(pair.liondesk_shows(), key=lambda each: each[1])]
    assert texts == ["Call client"] * 2 + ["A new script"] * 4


async def test_kdes_pointer_completes_and_the_master_rolls(pair: Stage) -> None:
    """Idiom 8."""
    await synced(pair)
    name, calendar = main(pair)
    text = (
        calendar.to_ical()
        .decode()
        .replace("RRULE:", "X-KDE-LIBKCAL-DTRECURRENCE;TZID=America/Los_Angeles:20260309T090000\r\nRRULE:")
    )
    pair.tick()
    pair.app.put(name, text)
    await sends(pair, "PATCH 3")


async def test_a_detached_occurrence_becomes_the_part_of_its_slot(pair: Stage) -> None:
    """Idiom 16: jtx Board."""
    await synced(pair)
    name, calendar = main(pair)
    alone = parsed(calendar.to_ical().decode())
    master(calendar).add("EXDATE", la(9))
    master(alone)["UID"] = "detached-1"
    del master(alone)["RRULE"]
    stands(master(alone), la(9))
    pair.put(name, calendar)
    pair.put("detached.ics", alone)
    await sends(pair)
    assert set(pair.app.names()) == {name, "detached.ics"}


# -- parts -------------------------------------------------------------------------------------------------------------


async def parted(pair: Stage) -> None:
    """The first one done, the fourth with a text of its own."""
    await synced(pair)
    pair.complete(pair.rows()[0])
    pair.patch(pair.rows()[3], description="Call the lawyer")
    await pair.sync()
    await pair.settles()
    pair.writes()


@pytest.mark.parametrize(
    ("slot", "edit", "kinds"),
    [
        (23, {"SUMMARY": "Call the judge"}, ["PATCH 1"]),
        (23, {"STATUS": "COMPLETED"}, ["PATCH 3"]),
        (23, {"SUMMARY": "Called", "STATUS": "COMPLETED"}, ["PATCH 1"]),
        (2, {"STATUS": "NEEDS-ACTION"}, ["PATCH 3"]),
        (2, {"SUMMARY": "Called client"}, ["PATCH 1"]),
    ],
)
async def test_a_part_edited_means_that_occurrence(
    pair: Stage, slot: int, edit: dict[str, str], kinds: list[str]
) -> None:
    await parted(pair)
    name, calendar = part(pair, wall(slot))
    for key, value in edit.items():
        master(calendar)[key] = value
    if edit.get("STATUS") == "NEEDS-ACTION":
        del master(calendar)["COMPLETED"], master(calendar)["PERCENT-COMPLETE"]
    pair.put(name, calendar)
    await sends(pair, *kinds)


async def test_a_part_moved_means_that_occurrence(pair: Stage) -> None:
    await parted(pair)
    name, calendar = part(pair, wall(23))
    stands(master(calendar), la(24, 15))
    pair.put(name, calendar)
    await sends(pair, "PATCH 1")


@pytest.mark.parametrize("slot", [2, 23])
async def test_a_part_deleted_means_that_occurrence_deleted(pair: Stage, slot: int) -> None:
    await parted(pair)
    pair.app.delete(part(pair, wall(slot))[0])
    await sends(pair, "DELETE 1")


# -- the series --------------------------------------------------------------------------------------------------------


async def test_the_master_deleted_deletes_the_series(pair: Stage) -> None:
    await synced(pair)
    pair.app.delete(main(pair)[0])
    await sends(pair, "DELETE 3")
    assert pair.rows() == []


async def test_the_master_deleted_while_history_stands_beside_it_keeps_the_history(pair: Stage) -> None:
    await synced(pair, done=2)
    pair.app.delete(main(pair)[0])
    await sends(pair, "DELETE 2")
    assert len(pair.rows()) == 2


async def test_the_masters_text_edited_is_type_2_and_what_stands_beside_it_keeps_its_own(pair: Stage) -> None:
    await parted(pair)
    name, calendar = main(pair)
    master(calendar)["SUMMARY"] = "Call the new client"
    pair.put(name, calendar)
    await pair.sync()
    assert pair.kinds()[0] == "PATCH 2"
    await pair.settles()
    texts = [text for text, *_ in sorted(pair.liondesk_shows(), key=lambda each: each[1])]
    new = "Call the new client"
    assert texts == ["Call client", new, new, "Call the lawyer", new, new]


async def test_the_series_moved_in_time_is_type_2(pair: Stage) -> None:
    await parted(pair)
    name, calendar = main(pair)
    stands(master(calendar), la(9, 11))
    until = master(calendar)["RRULE"]["UNTIL"][0]
    master(calendar)["RRULE"]["UNTIL"] = [until + timedelta(hours=2)]
    pair.put(name, calendar)
    await pair.sync()
    assert pair.kinds()[0] == "PATCH 2"
    in_form(pair)
    await pair.settles()


async def test_the_rule_extended_and_made_endless(pair: Stage) -> None:
    await parted(pair)
    name, calendar = main(pair)
    master(calendar)["RRULE"] = icalendar.vRecur.from_ical(ENDLESS)
    pair.put(name, calendar)
    await pair.sync()
    assert pair.kinds()[0] == "PATCH 2"
    in_form(pair)
    await pair.settles()


async def test_the_rule_taken_away_leaves_one_open_task_and_the_history(pair: Stage) -> None:
    await synced(pair, done=1)
    name, calendar = main(pair)
    del master(calendar)["RRULE"]
    pair.put(name, calendar)
    await pair.sync()
    assert pair.kinds()[0] == "PATCH 2"
    await pair.sync()
    await pair.settles()
    assert len(pair.rows()) == 2


async def test_completed_parts_leave_one_by_one(pair: Stage) -> None:
    """Law 9: they leave the calendar, never LionDesk."""
    await synced(pair, ENDLESS)
    first, second, *_ = pair.rows()
    pair.complete(first)
    await pair.sync()
    pair.world.advance(timedelta(days=20))
    pair.complete(second)
    await pair.sync()
    pair.world.advance(timedelta(days=11))
    report = await pair.sync()
    assert [each.action for each in report.operations] == ["delete"]
    assert pair.kinds()[-1:] != ["DELETE 1"]
    for _ in range(2):
        assert (await pair.sync()).operations == ()
    assert len(pair.app.names()) == 2


@pytest.mark.parametrize("edit", ["rule taken away", "moved in time"])
async def test_what_is_told_of_the_rule_is_not_told_of_an_open_task_before_it(pair: Stage, edit: str) -> None:
    """The first one was moved, and stands by itself before the master."""
    await synced(pair)
    pair.patch(pair.rows()[0], due_at="2026-03-03T11:00:00")
    await pair.sync()
    pair.writes()
    name, calendar = main(pair)
    if edit == "moved in time":
        stands(master(calendar), la(9, 12))
    else:
        del master(calendar)["RRULE"]
    pair.put(name, calendar)
    await pair.sync()
    assert pair.kinds()[0] == "PATCH 2"
    await pair.settles()
    shown = [(due, done) for _, due, done in pair.liondesk_shows()]
    later = [wall(9, 12)] if edit == "moved in time" else [wall(9)]
    assert shown[:2] == [(wall(3, 11), False), *((due, False) for due in later)]


async def test_a_series_ended_in_the_calendar_leaves_what_stands_beside_it(pair: Stage) -> None:
    """The app ends the rule after the first; one done and one moved stand by themselves, and nobody deleted those."""
    await synced(pair)
    pair.complete(pair.rows()[1])
    pair.patch(pair.rows()[3], due_at="2026-03-24T12:00:00")
    await pair.sync()
    await pair.settles()
    name, calendar = main(pair)
    master(calendar)["RRULE"]["UNTIL"] = [la(2)]
    pair.put(name, calendar)
    await pair.sync()
    await pair.sync()
    assert pair.kinds() == ["DELETE 2", "DELETE 1"]
    left = [(wall(2), False), (wall(9), True), (datetime(2026, 3, 24, 12), False)]
    assert [(due, done) for _, due, done in pair.liondesk_shows()] == left
    await pair.settles()


async def test_a_split_behind_a_task_that_is_done_is_type_2_at_the_tails_first(pair: Stage) -> None:
    """The second one is done and stands beside the series, so that the app's tail begins with the third."""
    await synced(pair)
    pair.complete(pair.rows()[1])
    await pair.sync()
    name, calendar = main(pair)
    tail = parsed(calendar.to_ical().decode())
    master(calendar)["RRULE"]["UNTIL"] = [la(2)]
    master(tail)["UID"], master(tail)["SUMMARY"] = "tail-1", "Call the new client"
    master(tail).pop("EXDATE", None)
    stands(master(tail), la(16))
    pair.put(name, calendar)
    pair.put("tail-1.ics", tail)
    await sends(pair, "PATCH 2")
    assert [text for text, _, _ in pair.liondesk_shows()] == ["Call client"] * 2 + ["Call the new client"] * 4
    assert [row.values.status for row in pair.rows()][1] == "complete"


async def test_a_rule_taken_away_leaves_what_stands_beside_it(pair: Stage) -> None:
    """One done and one moved stand by themselves: nobody deleted those, so LionDesk has them again."""
    await synced(pair)
    pair.complete(pair.rows()[1])
    pair.patch(pair.rows()[3], due_at="2026-03-24T12:00:00", contact_id="1")
    await pair.sync()
    await pair.settles()
    name, calendar = main(pair)
    del master(calendar)["RRULE"]
    master(calendar).pop("EXDATE", None)
    pair.put(name, calendar)
    await pair.sync()
    assert pair.kinds() == ["PATCH 2", "POST plain", "POST plain"]
    left = [(wall(2), False), (wall(9), True), (datetime(2026, 3, 24, 12), False)]
    assert [(due, done) for _, due, done in pair.liondesk_shows()] == left
    assert pair.rows()[2].values.contact_id == 1
    await pair.settles()


async def test_a_rule_taken_away_and_a_task_beside_it_edited_are_both_told(pair: Stage) -> None:
    """In one interval: the rule's own occurrences go, and the one that stands by itself says what is new."""
    await synced(pair)
    pair.patch(pair.rows()[3], description="Call the lawyer")
    await pair.sync()
    await pair.settles()
    name, calendar = main(pair)
    del master(calendar)["RRULE"]
    master(calendar).pop("EXDATE", None)
    pair.put(name, calendar)
    name, calendar = part(pair, wall(23))
    master(calendar)["SUMMARY"] = "Called the lawyer"
    pair.put(name, calendar)
    await pair.sync()
    assert [text for text, _, _ in pair.liondesk_shows()] == ["Call client", "Called the lawyer"]
    await pair.settles()
