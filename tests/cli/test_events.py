"""A user whose calendar takes no tasks: the whole way through the program."""

from __future__ import annotations

from tests.cli.desk import Desk, day

EVENTS = 'component = "{}"\n'


def test_check_sync_verify_and_a_mark_in_the_calendar(desk: Desk) -> None:
    app = desk.server.new_calendar(components=("VEVENT",))
    desk.configure(desk.pair(more=EVENTS.format("auto"), calendar=app.url))
    desk.post("Call Bill", day(1), "FREQ=DAILY;COUNT=3")
    desk.post("\u2713 signed? Ask", day(2, 0), is_all_day=True)
    checked = desk.run("check")
    assert checked.code == 0
    assert "holds events, in which tasks are kept" in checked.out
    assert desk.sync().code == 0
    assert desk.run("verify").code == 0
    (name,) = [name for name in app.names() if "event" in name]
    app.put(name, app.get(name).text.replace("SUMMARY:Call Bill", "SUMMARY:\u2705 Call Bill", 1))
    assert desk.sync().code == 0
    assert [row.values.status for row in desk.rows()].count("complete") == 1
    assert desk.run("verify").code == 0
    assert desk.sync("--json").json["pairs"][0]["operations"] == []


def test_verify_knows_when_an_event_is_due_that_an_app_stripped_of_all_that_is_ours(desk: Desk) -> None:
    app = desk.server.new_calendar(components=("VEVENT",))
    for lead in ("due", "1h", "2d"):
        desk.configure(desk.pair(more=EVENTS.format("event") + f'start = "{lead}"\n', calendar=app.url))
        if lead == "due":
            desk.post("Call Bill", day(1))
            desk.post("All day", day(2, 0), is_all_day=True)
            desk.post("Weekly", day(1, 12), "FREQ=WEEKLY;COUNT=3")
        assert desk.sync().code == 0
        for name in app.names():
            text = app.get(name).text
            kept = [line for line in text.splitlines() if not line.startswith("X-LIONDESK")]
            app.put(name, "\r\n".join([*kept, ""]))
        assert desk.sync("--json").json["pairs"][0]["operations"] == []
        ran = desk.run("verify")
        assert (ran.code, lead) == (0, lead), ran


def test_another_component_in_the_same_calendar_says_what_to_do(desk: Desk) -> None:
    app = desk.server.new_calendar(components=("VEVENT", "VTODO"))
    desk.configure(desk.pair(calendar=app.url))
    desk.post("Call Bill", day(1))
    assert desk.sync().code == 0
    desk.configure(desk.pair(more=EVENTS.format("event"), calendar=app.url))
    ran = desk.sync()
    assert ran.code == 3
    assert "name another calendar there" in ran.err + ran.out
    desk.configure(desk.pair(calendar=app.url))
    assert (desk.sync().code, desk.run("verify").code) == (0, 0)
