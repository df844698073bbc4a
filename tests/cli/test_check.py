from __future__ import annotations

import pytest

from tests.cli.desk import Desk, Ran, day


def results(ran: Ran, pair: str = "alice") -> dict[str, str]:
    """Each setting's result."""
    told = ran.json
    live = next(each for each in told["pairs"] if each["pair"] == pair)
    return {each["setting"]: each["result"] for each in (*told["findings"], *live["findings"])}


def says(ran: Ran, setting: str) -> str:
    (text,) = [each["says"] for each in ran.json["pairs"][0]["findings"] if each["setting"] == setting]
    assert isinstance(text, str)
    return text


def test_all_is_well_and_each_setting_says_so(desk: Desk) -> None:
    desk.post("Call Bill Gates", day(3))
    ran = desk.run("check", "--json")
    assert ran.code == 0
    assert set(results(ran).values()) == {"ok"}
    assert results(ran).keys() == {
        "config",
        "state",
        "liondesk.url",
        "liondesk.token",
        "liondesk.account_url",
        "liondesk.time_zone",
        "liondesk.assigned_user_id",
        "calendar.url",
        "calendar.calendar",
    }
    assert "1 task" in says(ran, "liondesk.url")
    assert "Alice Agent" in says(ran, "liondesk.account_url")
    assert "America/Los_Angeles" in says(ran, "liondesk.time_zone")


def test_the_text_has_a_line_for_each_setting(desk: Desk) -> None:
    ran = desk.run("check", "alice")
    assert all(line.startswith("ok      ") for line in ran.lines)
    assert len(ran.lines) == 9
    assert ran.err == ""


def test_it_changes_nothing(desk: Desk) -> None:
    home = desk.server.home
    desk.configure(desk.pair(calendar=home, more='calendar = "Not there yet"'))
    ran = desk.run("check", "--json")
    assert ran.code == 0
    assert "the first run makes it" in says(ran, "calendar.calendar")
    assert "the first run makes it" in says(desk.run("check", "--json"), "calendar.calendar")
    assert sorted(path.name for path in desk.folder.iterdir()) == ["config.toml"]
    assert {each.method for each in desk.world.log} == {"GET"}


@pytest.mark.parametrize(
    ("changes", "setting", "code"),
    [
        ({"token": "wrong"}, "liondesk.token", 3),
        ({"password": "wrong"}, "calendar.password", 3),
        ({"liondesk": "http://127.0.0.1:1"}, "liondesk.url", 5),
        ({"calendar": "http://127.0.0.1:1"}, "calendar.url", 5),
    ],
    ids=["token", "password", "LionDesk's address", "the calendar's address"],
)
def test_what_is_wrong_is_named_and_the_other_side_is_tried_all_the_same(
    desk: Desk, changes: dict[str, str], setting: str, code: int
) -> None:
    desk.configure(desk.pair(**changes))
    ran = desk.run("check", "--json")
    assert ran.code == code
    found = results(ran)
    assert found[setting] == "wrong"
    other = "calendar.calendar" if setting.startswith("liondesk") else "liondesk.url"
    assert found[other] == "ok"
    assert "secret" not in ran.out


def test_a_calendar_for_events_is_wrong(desk: Desk) -> None:
    desk.configure(desk.pair(calendar=desk.server.new_calendar(components=("VEVENT",)).url))
    ran = desk.run("check", "--json")
    assert (ran.code, results(ran)["calendar.calendar"]) == (3, "wrong")


def test_another_zone_than_the_accounts_is_a_warning(desk: Desk) -> None:
    desk.config.write_text(
        desk.config.read_text().replace("[pair.calendar]", 'time_zone = "Europe/Paris"\n[pair.calendar]')
    )
    ran = desk.run("check", "--json")
    assert (ran.code, results(ran)["liondesk.time_zone"]) == (0, "warning")
    assert "America/Los_Angeles" in says(ran, "liondesk.time_zone")


def test_without_an_account_url_zone_and_assignee_must_be_given(desk: Desk) -> None:
    desk.config.write_text(desk.config.read_text().replace(f'account_url = "{desk.liondesk}"', 'account_url = ""'))
    ran = desk.run("check", "--json")
    assert ran.code == 3
    assert results(ran)["liondesk.time_zone"] == "wrong"
    assert results(ran)["liondesk.assigned_user_id"] == "warning"


def test_files_that_others_can_read_are_warnings(desk: Desk) -> None:
    desk.sync()
    desk.config.chmod(0o644)
    (desk.folder / "state.db").chmod(0o644)
    ran = desk.run("check", "--json")
    assert ran.code == 0
    assert (results(ran)["config"], results(ran)["state"]) == ("warning", "warning")
    assert ran.err == ""


def test_a_state_that_cannot_be_kept_is_wrong(desk: Desk) -> None:
    desk.config.write_text('state = "sqlite:///no/such/folder/state.db"\n' + desk.config.read_text())
    ran = desk.run("check", "--json")
    assert (ran.code, results(ran)["state"]) == (1, "wrong")
