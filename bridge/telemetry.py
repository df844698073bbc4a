"""What the program says about itself: log lines on standard error, as text or JSON, without secrets.

    configure(log_format="json", verbosity=1)
    hide(token)
    with run_line(pair="alice", run="7f3a") as line:
        line.add(outcome="agreed", requests=3)

One canonical line a run, at level info, tells all that a person would search for. structlog is imported when the first
line is due: a quiet run without -v never pays for it. What other libraries log with Python's `logging` takes the same
way.
"""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Literal, TextIO, TypeAlias
from urllib.parse import quote

if TYPE_CHECKING:
    from stamina.instrumentation import RetryDetails

LogFormat: TypeAlias = Literal["text", "json"]

_LEVELS = (logging.WARNING, logging.INFO, logging.DEBUG)
"""By how often -v is given."""

_MASK = "***"
_TELLING_KEY = re.compile(r"(?i)token$|password|passwd|secret|authorization|cookie|api_?key")
_TELLING_TEXT = re.compile(
    r"(?i)(?<=\bAuthorization: )\w+ +\S+|\b(?:Bearer|Basic) +[\w.~+/=-]{12,}|(?<=://)[^/\s@]+(?=@)"
)
"""Credentials as HTTP and URLs spell them, and not the basic idea of a sentence."""


@dataclass(slots=True)
class _Output:
    """How lines leave the process. `ready`: structlog knows of it."""

    log_format: LogFormat = "text"
    threshold: int = _LEVELS[0]
    stream: TextIO | None = None
    ready: bool = False
    hidden: set[str] = field(default_factory=set)


_output = _Output()


def configure(*, log_format: LogFormat = "text", verbosity: int = 0, stream: TextIO | None = None) -> None:
    """Set up the lines of this process: warnings and errors, with `verbosity` 1 also runs, with 2 everything.

    `stream` is standard error where it is left out. What was hidden stays hidden.
    """
    _output.log_format = log_format
    _output.threshold = _LEVELS[min(verbosity, len(_LEVELS) - 1)]
    _output.stream = stream
    _output.ready = False
    root = logging.getLogger()
    root.setLevel(_output.threshold)
    if not any(isinstance(handler, _Forward) for handler in root.handlers):
        root.addHandler(_Forward())


def hide(secret: str) -> None:
    """From now on no line shows this text, as it is or as a URL spells it."""
    if secret:
        _output.hidden |= {secret, quote(secret, safe="")}


def log(level: int, event: str, **fields: object) -> None:
    """One line: an event in a few words, and what belongs to it. `level` is one of Python's `logging`.

    `exc_info=True` adds the traceback of the exception that is being handled.
    """
    if level < _output.threshold:
        return
    import structlog

    if not _output.ready:
        _set_up_structlog()
    structlog.get_logger().log(level, event, **fields)


@dataclass(frozen=True, slots=True)
class RunLine:
    """The canonical line of a run while it is being gathered."""

    fields: dict[str, object]

    def add(self, **fields: object) -> None:
        """More to tell, or newer values of what was told."""
        self.fields.update(fields)


@contextmanager
def run_line(**fields: object) -> Iterator[RunLine]:
    """Gather one line while a run lasts, and write it when the run ends, however it ends."""
    line = RunLine(dict(fields))
    started = perf_counter()
    try:
        yield line
    except BaseException as error:
        line.add(error=type(error).__name__)
        raise
    finally:
        log(logging.INFO, "run", **{"elapsed_s": round(perf_counter() - started, 3), **line.fields})


def log_retries() -> None:
    """Let stamina tell of retries here, at level info; by itself it would write to standard output."""
    from stamina.instrumentation import set_on_retry_hooks

    def tell(details: RetryDetails) -> None:
        log(
            logging.INFO,
            "retry",
            what=details.name,
            retry=details.retry_num,
            wait_s=round(details.wait_for, 3),
            because=type(details.caused_by).__name__,
        )

    set_on_retry_hooks([tell])


class _Forward(logging.Handler):
    """Hands the lines of other libraries over."""

    def emit(self, record: logging.LogRecord) -> None:
        """One line of another library, its line breaks flattened."""
        try:
            message = " ".join(record.getMessage().splitlines())
            log(record.levelno, message, logger=record.name, exc_info=record.exc_info)
        except Exception:  # noqa: BLE001 - logging's contract: a line that cannot be written stops nothing
            self.handleError(record)


def _set_up_structlog() -> None:
    import structlog

    stream = _output.stream or sys.stderr
    if _output.log_format == "json":
        render: structlog.typing.Processor = structlog.processors.JSONRenderer()
    else:
        render = structlog.dev.ConsoleRenderer(
            colors=stream.isatty() and not os.environ.get("NO_COLOR"),
            # Quoted, so that a task's text cannot pass for a line of its own.
            repr_native_str=True,
            exception_formatter=structlog.dev.plain_traceback,
        )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _without_secrets,
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_output.threshold),
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
    _output.ready = True


def _without_secrets(_logger: object, _method: str, line: MutableMapping[str, object]) -> Mapping[str, object]:
    return {key: _shown(key, value) for key, value in line.items()}


def _shown(key: str, value: object) -> object:
    if _TELLING_KEY.search(key):
        return _MASK
    match value:
        case None | bool() | int() | float():
            return value
        case Mapping():
            return {str(inner): _shown(str(inner), each) for inner, each in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_shown("", each) for each in value]
        case _:
            return _masked(str(value))


def _masked(text: str) -> str:
    # The longest first: one secret may be the beginning of another.
    for secret in sorted(_output.hidden, key=len, reverse=True):
        text = text.replace(secret, _MASK)
    return _TELLING_TEXT.sub(_MASK, text)
