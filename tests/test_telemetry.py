"""Log lines: where they go, when there are any, and what they never show."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
import stamina
import structlog

from bridge import telemetry
from bridge.telemetry import LogFormat

Lines = Callable[[], list[dict[str, object]]]


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    yield io.StringIO()
    telemetry.configure()
    telemetry._output.hidden.clear()
    structlog.reset_defaults()
    stamina.instrumentation.set_on_retry_hooks(None)
    root.setLevel(level)
    root.handlers[:] = handlers


@pytest.fixture
def lines(stream: io.StringIO) -> Lines:
    telemetry.configure(log_format="json", verbosity=1, stream=stream)
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


def run_python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)


def test_a_quiet_run_says_nothing_and_imports_no_structlog() -> None:
    done = run_python(
        "import sys; from bridge import telemetry as t; t.configure(); t.hide('x')\n"
        "with t.run_line(pair='a'): pass\n"
        "print('structlog' in sys.modules)"
    )
    assert (done.stdout, done.stderr) == ("False\n", "")


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_lines_go_to_standard_error_alone(log_format: LogFormat) -> None:
    done = run_python(
        f"from bridge import telemetry as t; t.configure(log_format='{log_format}', verbosity=1)\n"
        "with t.run_line(pair='alice'): pass"
    )
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "alice" in done.stderr
    assert "\x1b" not in done.stderr


@pytest.mark.parametrize(
    ("verbosity", "levels"),
    [(0, ["error"]), (1, ["info", "error"]), (2, ["debug", "info", "error"]), (9, ["debug", "info", "error"])],
)
def test_verbosity_decides_what_is_said(stream: io.StringIO, verbosity: int, levels: list[str]) -> None:
    telemetry.configure(log_format="json", verbosity=verbosity, stream=stream)
    for level in (logging.DEBUG, logging.INFO, logging.ERROR):
        telemetry.log(level, "something happened")
    assert [json.loads(line)["level"] for line in stream.getvalue().splitlines()] == levels


def test_a_run_is_one_canonical_line(lines: Lines) -> None:
    with telemetry.run_line(pair="alice", run="r1") as line:
        line.add(outcome="partial", requests={"liondesk": 2, "calendar": 1})
        line.add(outcome="agreed")
    (written,) = lines()
    assert str(written.pop("timestamp")).endswith("Z")
    assert isinstance(written.pop("elapsed_s"), float)
    assert written == {
        "event": "run",
        "level": "info",
        "pair": "alice",
        "run": "r1",
        "outcome": "agreed",
        "requests": {"liondesk": 2, "calendar": 1},
    }


def test_a_run_that_fails_has_its_line_too(lines: Lines) -> None:
    with pytest.raises(ZeroDivisionError), telemetry.run_line(pair="alice"):
        raise ZeroDivisionError
    (written,) = lines()
    assert written["error"] == "ZeroDivisionError"


@pytest.mark.parametrize("log_format", ["text", "json"])
@pytest.mark.parametrize(
    "fields",
    [
        {"said": "the word is hunter2/+, he said"},
        {"deep": {"list": [("hunter2/+",)], "set": {"hunter2/+"}}},
        {"url": "https://host/?t=hunter2%2F%2B"},
        {"error": ValueError("hunter2/+")},
        {"headers": {"Authorization": "hunter3", "Set-Cookie": "hunter3"}},
        {"password": "hunter3", "access_token": "hunter3", "client_secret": ["hunter3"]},
        {"request": "GET / Authorization: Bearer hunter3"},
        {"request": "Basic aHVudGVyMzpodW50ZXIz"},
        {"url": "https://alice:hunter3@host/"},
    ],
    ids=str,
)
def test_no_line_shows_a_secret(stream: io.StringIO, log_format: LogFormat, fields: dict[str, object]) -> None:
    telemetry.configure(log_format=log_format, stream=stream)
    telemetry.hide("hunter2/+")
    telemetry.hide("hunter2")
    telemetry.log(logging.ERROR, "it was hunter2/+", **fields)
    assert "***" in stream.getvalue()
    assert not {word for word in ("hunter", "aHVud", "/+", "%2F") if word in stream.getvalue()}


def test_a_traceback_shows_no_secret_either(lines: Lines) -> None:
    telemetry.hide("hunter2")
    try:
        raise ValueError("hunter2")  # noqa: TRY301 - the traceback is what is tested
    except ValueError:
        telemetry.log(logging.ERROR, "it failed", exc_info=True)
    (written,) = lines()
    assert "ValueError: ***" in str(written["exception"])
    assert "hunter2" not in str(written)


def test_words_that_only_sound_like_secrets_are_shown(lines: Lines) -> None:
    telemetry.log(logging.INFO, "the basic idea", sync_tokens=3, summary="Call the bearer of news")
    (written,) = lines()
    assert (written["event"], written["sync_tokens"]) == ("the basic idea", 3)


def test_what_other_libraries_log_takes_the_same_way(lines: Lines) -> None:
    telemetry.hide("hunter2")
    logging.getLogger("httpx").info("GET %s\nsecond line", "https://host/hunter2")
    logging.getLogger("httpx").debug("too much")
    (written,) = lines()
    assert (written["event"], written["logger"]) == ("GET https://host/*** second line", "httpx")


def test_a_tasks_text_cannot_pass_for_a_line_of_its_own(stream: io.StringIO) -> None:
    telemetry.configure(stream=stream)
    telemetry.log(logging.ERROR, "refused", summary="Call\n2026-03-09T09:00:00Z [error] all is lost")
    assert stream.getvalue().count("\n") == 1


def test_a_retry_is_told_here_and_not_on_standard_output(lines: Lines, capsys: pytest.CaptureFixture[str]) -> None:
    telemetry.log_retries()
    for attempt in stamina.retry_context(on=ValueError, attempts=2, wait_initial=0, wait_max=0, wait_jitter=0):
        with attempt:
            if attempt.num == 1:
                raise ValueError("hunter2")
    (written,) = lines()
    assert (written["event"], written["retry"], written["because"]) == ("retry", 1, "ValueError")
    assert capsys.readouterr().out == ""
