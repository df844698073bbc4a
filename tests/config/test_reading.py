"""config.toml: what it may say, and what is said about every mistake in it."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import fields

from bridge.config import Configuration, find, load
from bridge.config.places import user_folder
from bridge.config.settings import (
    NOT_BUILT,
    CalendarSettings,
    FileSettings,
    LionDeskSettings,
    OAuthSettings,
    PairSettings,
    WebSettings,
)
from bridge.errors import ConfigurationError, UsageError

EXAMPLE = Path(__file__).parents[2] / "config.example.toml"

PAIR = """
[[pair]]
name = "alice"
[pair.liondesk]
token = { env = "LIONDESK_TOKEN" }
[pair.calendar]
url = "https://dav.example.org/"
"""

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_(text: str) -> Path:
        file = tmp_path / "config.toml"
        file.write_text(text, "utf-8")
        file.chmod(0o600)
        return file

    return write_


def complaint(file: Path) -> str:
    with pytest.raises(ConfigurationError) as error:
        load(file)
    assert error.value.exit_code == 3
    text = str(error.value)
    assert str(file) in text
    assert "\n" not in text
    assert "Nothing was done" in text
    return text


# -- the example -------------------------------------------------------------------------------------------------------


def test_the_example_is_a_configuration() -> None:
    (pair,) = load(EXAMPLE).pairs
    assert (pair.name, pair.calendar.calendar) == ("alice", "LionDesk")


@pytest.mark.parametrize(
    "struct",
    [FileSettings, WebSettings, PairSettings, LionDeskSettings, OAuthSettings, CalendarSettings],
    ids=lambda struct: struct.__name__,
)
def test_the_example_mentions_every_key_with_a_line_of_why(struct: type[Struct]) -> None:
    text = EXAMPLE.read_text("utf-8")
    for key in fields(struct):
        assert re.search(
            rf"(?m)^(# )?{key.name} = |^\[+(pair\.)?{key.name}\]|{{ {key.name} = |, {key.name} = ", text
        ), key.name


def test_the_example_says_of_every_value_that_is_not_built_that_it_is_not() -> None:
    lines = EXAMPLE.read_text("utf-8").splitlines()
    for waiting in NOT_BUILT:
        (line,) = [line for line in lines if re.match(rf"(# )?{waiting.key} = ", line)]
        assert "not built yet" in line
        assert all(beginning in line for beginning in waiting.beginnings)


def test_what_the_example_shows_for_optional_keys_is_what_holds_without_them(write: Write) -> None:
    example, bare = load(EXAMPLE), load(write(PAIR))
    for shown, left_out, given_ in (
        (example.pairs[0], bare.pairs[0], {"liondesk", "calendar"}),
        (example.pairs[0].liondesk, bare.pairs[0].liondesk, {"token", "time_zone", "assigned_user_id"}),
        (example.pairs[0].calendar, bare.pairs[0].calendar, {"username", "password"}),
        (example.web, bare.web, set[str]()),
    ):
        for key in (each.name for each in fields(shown)):
            if key not in given_:
                assert getattr(shown, key) == getattr(left_out, key), key


# -- values ------------------------------------------------------------------------------------------------------------


def test_a_configuration_holds_what_the_interface_says_where_it_says_nothing(write: Write) -> None:
    file = write(PAIR)
    configuration = load(file)
    (pair,) = configuration.pairs
    assert configuration.state == f"sqlite:///{file.parent}/state.db"
    assert configuration.web.listen == "127.0.0.1:8440"
    assert configuration.warnings == ()
    assert (pair.every, pair.keep_completed) == (timedelta(minutes=5), timedelta(days=30))
    assert (pair.direction, pair.conflict) == ("both", "newest")
    assert pair.liondesk.url == "https://communications.liondesk.com/api/v1"
    assert pair.liondesk.account_url == "https://api-v2.liondesk.com"
    assert (pair.calendar.start, pair.calendar.alarm) == (timedelta(), timedelta(minutes=15))


def test_the_account_url_of_another_server_is_none_so_that_no_token_strays(write: Write) -> None:
    assert load(_with(write, liondesk='url = "http://127.0.0.1:8000/api/v1"')).pairs[0].liondesk.account_url == ""
    own = load(_with(write, liondesk='url = "https://communications.liondesk.com/api/v1/"')).pairs[0].liondesk
    assert own.account_url == "https://api-v2.liondesk.com"


def _with(write: Write, *, top: str = "", pair: str = "", liondesk: str = "", calendar: str = "") -> Path:
    text = PAIR.replace("[pair.liondesk]", f"{pair}\n[pair.liondesk]\n{liondesk}")
    return write(f"{top}\n{text}{calendar}\n")


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("30s", timedelta(seconds=30)),
        ("5m", timedelta(minutes=5)),
        ("1h30m", timedelta(minutes=90)),
        ("30d", timedelta(days=30)),
        ("2w", timedelta(days=14)),
        ("off", None),
    ],
)
def test_durations_are_read(write: Write, text: str, means: timedelta | None) -> None:
    assert load(_with(write, calendar=f'alarm = "{text}"')).pairs[0].calendar.alarm == means
    assert load(_with(write, pair=f'keep_completed = "{text}"')).pairs[0].keep_completed == means


@pytest.mark.parametrize(("text", "means"), [("due", timedelta()), ("1m", timedelta(minutes=1))])
def test_a_lead_is_read(write: Write, text: str, means: timedelta) -> None:
    assert load(_with(write, calendar=f'start = "{text}"')).pairs[0].calendar.start == means


@pytest.mark.parametrize(
    ("state", "file"),
    [("state.db", "{folder}/state.db"), ("/var/lib/b.db", "/var/lib/b.db"), ("~/b.db", f"{Path.home()}/b.db")],
)
def test_a_relative_state_stands_beside_the_file(write: Write, state: str, file: str) -> None:
    path = _with(write, top=f'state = "sqlite:///{state}"')
    assert load(path).state == "sqlite:///" + file.format(folder=path.parent)


def test_a_byte_order_mark_is_no_mistake(write: Write) -> None:
    file = write(PAIR)
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    assert load(file).pairs[0].name == "alice"


# -- mistakes ----------------------------------------------------------------------------------------------------------

MISTAKES: list[tuple[dict[str, str], str]] = [
    # unknown keys: the nearest, and the table
    ({"top": "stat = 1"}, r"the top of the file has an unknown key 'stat': did you mean `state`\?"),
    ({"pair": 'evry = "5m"'}, r"\[\[pair\]\] 'alice' has an unknown key 'evry': did you mean `every`\?"),
    ({"liondesk": 'tokn = "x"'}, r"\[pair.liondesk\] of pair 'alice' has an unknown key 'tokn': did .* `token`\?"),
    ({"calendar": "xyz = 1"}, r"unknown key 'xyz': its keys are url, username, password, calendar"),
    ({"top": "[web]\nlisen = 1"}, r"\[web\] has an unknown key 'lisen': did you mean `listen`\?"),
    # types
    ({"calendar": 'contacts = "yes"'}, r"\[pair.calendar\] .* has a `contacts` that must be true or false, not text"),
    ({"calendar": "username = 7"}, r"`username` in \[pair.calendar\] of pair 'alice' must be text in quotes"),
    ({"liondesk": "assigned_user_id = 2"}, r"`assigned_user_id` .* must be text in quotes"),
    ({"top": 'web = "x"'}, r"\[web\] must be a table, not text"),
    ({"top": "state = 1"}, r"`state` in the top of the file must be text"),
    # durations
    *[
        ({"pair": f"every = {value}"}, r"`every` in \[\[pair\]\] 'alice' is .* no duration: write such as 5m")
        for value in ('"5 minutes"', '"5"', '"m"', '""', '"-5m"', '"5m "', '"off"', "5", "true", "1979-05-27")
    ],
    ({"pair": 'every = "0m"'}, r"`every` .* must be longer than nothing"),
    ({"pair": 'keep_completed = "999999999w"'}, r"`keep_completed` .* 3650d is the longest"),
    # choices
    ({"pair": 'conflict = "newst"'}, r"`conflict` in \[\[pair\]\] 'alice' is 'newst', .* did you mean 'newest'\?"),
    ({"pair": 'direction = "sideways"'}, r"it is one of both, to-calendar, to-liondesk"),
    ({"pair": "direction = ['both']"}, r"it is one of both, to-calendar, to-liondesk"),
    # what is not built
    ({"calendar": 'shape = "roling"'}, r"did you mean 'rolling'\?"),
    ({"calendar": 'component = "events"'}, r"did you mean 'event'\?"),
    ({"pair": 'conflict = "asks"'}, r"did you mean 'ask'\?"),
    ({"pair": "[pair.limits]\ndeletes = -1"}, r"`deletes` = -1: write 0 or more"),
    ({"pair": "[pair.limits]\nchange_share = 30"}, r"`change_share` = 30"),
    ({"top": 'state = "postgresql://db/x"'}, r'not built yet: only state = "sqlite:///FILE"'),
    # zones
    ({"liondesk": 'time_zone = "America/Los_Angles"'}, r"no time zone: did you mean 'America/Los_Angeles'\?"),
    ({"liondesk": 'time_zone = "Berlin"'}, r"did you mean 'Europe/Berlin'\?"),
    ({"liondesk": 'time_zone = "../../etc/passwd"'}, r"no time zone"),
    ({"liondesk": 'time_zone = "America"'}, r"no time zone"),
    ({"liondesk": "time_zone = -8"}, r"must be text"),
    # addresses
    ({"liondesk": 'url = "api.example.org"'}, r"`url` in \[pair.liondesk\] .* must be an address that begins"),
    ({"liondesk": 'url = "https://"'}, r"begins with https"),
    ({"liondesk": 'url = "https://host:port/"'}, r"begins with https"),
    ({"liondesk": 'url = "https://[::1/"'}, r"begins with https"),
    ({"liondesk": 'url = "ftp://host/"'}, r"begins with https"),
    ({"liondesk": 'url = "https://me:hunter2@host/"'}, r"must not hold a user name or a password"),
    ({"liondesk": 'url = "https://host/?token=1"'}, r"without \? or #"),
    ({"liondesk": 'url = "http://10.0.0.1/"'}, r"\[pair.liondesk\] .* of another machine in `url`.*allow_http"),
    ({"liondesk": 'account_url = "http://localhost.example.org/"'}, r"another machine in `account_url`"),
    ({"top": '[web]\nlisten = "8440"'}, r"HOST:PORT"),
    ({"top": '[web]\nlisten = "localhost:http"'}, r"HOST:PORT"),
    # state
    ({"top": 'state = "state.db"'}, r"must be sqlite:///FILE"),
    ({"top": 'state = "sqlite:///:memory:"'}, r"must be sqlite:///FILE"),
    ({"top": 'state = "sqlite:///~nobody-of-this-name/x"'}, r"home of a user whom this machine does not know"),
    ({"pair": 'on_cancel = "compleat"'}, r"`on_cancel` in \[\[pair\]\] 'alice' .* did you mean 'complete'"),
    ({"pair": 'on_complete_master = "ends"'}, r"`on_complete_master` .* did you mean 'end'"),
    ({"pair": 'on_calendar_delete = "opened"'}, r"`on_calendar_delete` .* did you mean 'open'"),
    ({"pair": 'missing_due = "tomorrow"'}, r"`missing_due` .* (did you mean 'today'|one of skip, today)"),
    # credentials
    ({"liondesk": "oauth = { client_id = 'x', client_secret = 'y', redirect_uri = 'https://x/' }"}, r"this machine"),
    ({"liondesk": "oauth = { client_id = 'x', client_secret = 'y', redirect_uri = 'http://[::1]/' }"}, r"with a port"),
    ({"liondesk": "oauth = { client_id = 'x' }"}, r"\[pair.liondesk\] oauth of pair 'alice' needs `client_secret`"),
    ({"calendar": 'username = "alice"'}, r"\[pair.calendar\] .* needs `password`, too"),
    ({"calendar": 'password = "x"'}, r"\[pair.calendar\] .* needs `username`, too"),
    ({"calendar": "password = { evn = 'X' }"}, r"`password` .* must be one of .*env.*command.*file.*keyring"),
    ({"calendar": "password = { env = 'X', file = 'y' }"}, r"must be one of"),
    ({"calendar": "password = { env = 1 }"}, r"must be one of"),
    ({"calendar": "password = { command = 'pass show' }"}, r"must be one of"),
    ({"calendar": "password = { command = [] }"}, r"must be one of"),
    ({"calendar": "password = { command = [1] }"}, r"`password` .* must be text"),
    ({"calendar": "password = {}"}, r"must be one of"),
    ({"calendar": "password = 12345"}, r"must be text, or a table"),
    ({"calendar": 'password = ""'}, r"must be text, or a table"),
]  # fmt: skip


@pytest.mark.parametrize(("where", "says"), MISTAKES, ids=[str(where) for where, _ in MISTAKES])
def test_a_mistake_is_named_with_its_place_and_a_way_out(write: Write, where: dict[str, str], says: str) -> None:
    text = complaint(_with(write, **where))
    assert re.search(says, text), text
    assert "hunter2" not in text


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", r"has no pair .* add a \[\[pair\]\]"),
        ("pair = []", r"has no pair"),
        ("pair = 1", r"has no pair"),
        ("pair = [1]", r"number 1 must be a table"),
        (PAIR.replace("[[pair]]", "[pair]"), r"write \[\[pair\]\], with two brackets"),
        (PAIR.replace("[[pair]]", "[[pairs]]").replace("[pair.", "[pairs."), r"key 'pairs': did you mean `pair`"),
        (PAIR + PAIR, r"two pairs have the name 'alice'"),
        ('[[pair]]\nname = "a"', r"\[\[pair\]\] 'a' needs `liondesk`"),
        ("[[pair]]\nliondesk = 1", r"\[\[pair\]\] number 1 .*"),
        (PAIR.replace('name = "alice"', ""), r"\[\[pair\]\] number 1 needs `name`"),
        (PAIR.replace('name = "alice"', 'name = "-x"'), r"`name` .* must begin with"),
        (PAIR.replace('name = "alice"', 'name = ""'), r"`name` .* must have something in it"),
        (PAIR.replace("token", "time_zone = 'UTC' #"), r"\[pair.liondesk\] of pair 'alice' needs `token`"),
        (PAIR.replace("url", "calendar"), r"\[pair.calendar\] of pair 'alice' needs `url`"),
        ('state = "a\nb', r"is not valid TOML: .*line 1, column \d+"),
        ("a = 1\nb = = 2", r"is not valid TOML: .*line 2, column 5"),
        ("a = 1\na = 2\n", r"line 2"),
        ("a = " + "9" * 5000, r"is not valid TOML"),
        ("a = " + "[" * 5000, r"is not valid TOML"),
    ],
)  # fmt: skip
def test_a_file_that_is_wrong_as_a_whole_is_said_to_be(write: Write, text: str, says: str) -> None:
    found = complaint(write(text))
    assert re.search(says, found), found


def test_a_file_that_is_no_text_or_no_file_is_said_to_be(write: Write) -> None:
    file = write("")
    file.write_bytes(b"\xff\xfe")
    assert "UTF-8" in complaint(file)
    assert "cannot be read" in complaint(file.parent)


@pytest.mark.parametrize("host", ["localhost", "a.localhost", "127.0.0.1", "127.8.9.1", "[::1]", "LOCALHOST"])
def test_this_machine_may_be_spoken_to_unencrypted(write: Write, host: str) -> None:
    load(_with(write, liondesk=f'url = "http://{host}:80/"'))


def test_an_explicit_yes_allows_http(write: Write) -> None:
    load(_with(write, liondesk='url = "http://10.0.0.1/"\nallow_http = true'))
    file = write(PAIR.replace("https://dav", "http://dav"))
    assert "allow_http" in complaint(file)
    load(write(file.read_text("utf-8") + "allow_http = true\n"))


KEYS = sorted(
    {key.name for kind in (FileSettings, PairSettings, LionDeskSettings, CalendarSettings) for key in fields(kind)}
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["5m", "off", "https://a/"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from([*KEYS, "file"]), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(["", "pair", "pair.liondesk", "pair.calendar", "web"]), st.sampled_from(KEYS), ANYTHING)
def test_whatever_stands_at_a_key_is_read_or_refused_in_one_paragraph(
    write: Write, monkeypatch: pytest.MonkeyPatch, table: str, key: str, value: object
) -> None:
    whole = tomllib.loads(PAIR)
    at = {
        "": whole,
        "pair": whole["pair"][0],
        "pair.liondesk": whole["pair"][0]["liondesk"],
        "pair.calendar": whole["pair"][0]["calendar"],
        "web": whole.setdefault("web", {}),
    }
    at[table][key] = value
    file = write("")
    with monkeypatch.context() as patched:
        patched.setattr("bridge.config.reading.tomllib.loads", lambda _: whole)
        try:
            assert isinstance(load(file), Configuration)
        except ConfigurationError as error:
            assert "\n" not in str(error)  # noqa: PT017 - either is right


# -- where it is -------------------------------------------------------------------------------------------------------


def test_the_file_is_looked_for_where_the_interface_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here, home = tmp_path / "here", tmp_path / "home"
    named, pointed = tmp_path / "named.toml", tmp_path / "pointed.toml"
    users = home / "liondesk-bridge" / "config.toml"
    users.parent.mkdir(parents=True)
    here.mkdir()
    monkeypatch.chdir(here)
    environ = {"XDG_CONFIG_HOME": str(home)}
    with pytest.raises(ConfigurationError, match=re.escape(str(users))):
        find(None, environ)
    users.touch()
    assert find(None, environ) == users
    (here / "config.toml").touch()
    assert find(None, environ) == here / "config.toml"
    environ["LIONDESK_BRIDGE_CONFIG"] = str(pointed)
    with pytest.raises(ConfigurationError, match=r"\$LIONDESK_BRIDGE_CONFIG"):
        find(None, environ)
    pointed.touch()
    assert find(None, environ) == pointed
    with pytest.raises(ConfigurationError, match="--config"):
        find(named, environ)
    named.touch()
    assert find(named, environ) == named
    assert find(Path("config.toml"), environ) == here / "config.toml"


@pytest.mark.parametrize(
    ("platform", "environ", "folder"),
    [
        ("linux", {}, ".config/liondesk-bridge"),
        ("darwin", {}, "Library/Application Support/liondesk-bridge"),
        ("win32", {}, "AppData/Roaming/liondesk-bridge"),
    ],
)
def test_each_platform_has_its_folder(platform: str, environ: dict[str, str], folder: str) -> None:
    assert user_folder(environ, platform) == Path.home() / folder


def test_windows_and_xdg_can_say_otherwise() -> None:
    assert user_folder({"APPDATA": "/a"}, "win32") == Path("/a/liondesk-bridge")
    assert user_folder({"XDG_CONFIG_HOME": "/x"}, "darwin") == Path("/x/liondesk-bridge")


# -- pairs and warnings ------------------------------------------------------------------------------------------------


def test_pairs_are_selected_by_name_in_the_order_of_the_file(write: Write) -> None:
    configuration = load(write(PAIR + PAIR.replace("alice", "bob") + PAIR.replace("alice", "carol")))
    assert [pair.name for pair in configuration.select([])] == ["alice", "bob", "carol"]
    assert [pair.name for pair in configuration.select(["carol", "alice", "carol"])] == ["alice", "carol"]
    with pytest.raises(UsageError, match=r"no pair 'dave'.*alice, bob, carol") as error:
        configuration.select(["alice", "dave"])
    assert error.value.exit_code == 2


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_secrets_that_others_can_read_are_warned_of(write: Write) -> None:
    file = write(
        PAIR.replace('{ env = "LIONDESK_TOKEN" }', '"hunter2"') + 'username = "a"\npassword = { file = "pw" }\n'
    )
    assert load(file).warnings == ()
    file.chmod(0o640)
    (warning,) = load(file).warnings
    assert f'chmod 600 "{file}"' in warning
    file.chmod(0o600)
    password = file.parent / "pw"
    password.touch()
    password.chmod(0o644)
    (warning,) = load(file).warnings
    assert f'chmod 600 "{password}"' in warning
    assert "hunter2" not in warning


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_a_file_without_secrets_may_be_read_by_all(write: Write) -> None:
    file = write(PAIR)
    file.chmod(0o644)
    assert load(file).warnings == ()
