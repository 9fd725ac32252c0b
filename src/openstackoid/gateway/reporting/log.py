"""The gateway's log: one JSON object a line, on standard error, without any token."""

import json
import logging
import re
import select
import sys
import time
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TextIO
from urllib.parse import quote

import msgspec
import structlog

_LONGEST = select.PIPE_BUF
"""Bytes of a line: so many that processes write to one pipe do not get mixed (pipe(7))."""

_CUTS = (1024, 256, 64)
"""Characters that each text keeps in a line that is too long, until it is not."""

_SHOWN = 64
_LONG_WORD = re.compile(rf"[\w=+-]{{{_SHOWN + 1},}}")
_LONG = re.compile(rf"[^/]{{{_SHOWN + 1},}}")
_KEPT = "%/:@!$&'()*+,;=~"
"""What of a path is not percent-encoded, besides letters, digits and "._-"."""

_TOKEN = re.compile(r"(/tokens/+)[^/]+")


class _Output:
    """Where lines go. Loggers are made once each and keep it, whatever the stream is."""

    stream: TextIO = sys.stderr

    def msg(self, line: str) -> None:
        """Write a line; one that nobody takes, or that fits on no disk, is no reason to end."""
        try:
            self.stream.write(line + "\n")  # standard error has no buffer for more than a line
        except OSError:
            return

    log = debug = info = warn = warning = error = critical = msg


_output = _Output()


def configure(stream: TextIO = sys.stderr) -> None:
    """Set up structlog, and the standard library's loggers with it."""
    _output.stream = stream
    shared: list[structlog.typing.Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer = structlog.processors.JSONRenderer(serializer=_line)
    structlog.configure(
        processors=[*shared, renderer],
        logger_factory=lambda *_: _output,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _without_values,
                renderer,
            ],
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)


def write(fields: structlog.typing.EventDict) -> None:
    """Write an event that comes with each request, as `info` would in six times the time."""
    second, rest = divmod(time.time_ns(), 1_000_000_000)
    fields["level"] = "info"
    fields["timestamp"] = f"{_second(second)}.{rest // 1000:06d}Z"
    _output.msg(_line(fields))


@lru_cache(maxsize=1)
def _second(now: int) -> str:
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _line(event: structlog.typing.EventDict, **_: Any) -> str:
    """Return an event as JSON; texts are cut if it would be too long otherwise."""
    line = _encoded(event)
    for size in _CUTS:
        if len(line) < _LONGEST:
            break
        line = _encoded(_cut(event, size))
    return line.decode()


def _encoded(event: Any) -> bytes:
    """Return JSON; half of a surrogate pair, which is no text, comes out escaped."""
    try:
        return msgspec.json.encode(event, enc_hook=repr)
    except UnicodeEncodeError:
        return json.dumps(event, default=repr).encode()


def _cut(value: Any, size: int) -> Any:
    """Return a value with its texts cut."""
    match value:
        case str() if len(value) > size:
            return value[:size] + "…"
        case dict():
            return {key: _cut(one, size) for key, one in value.items()}
        case list() | tuple():
            return [_cut(one, size) for one in value]
    return value


def _without_values(
    _logger: object, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Keep the kind of an exception only: its text may quote a header, and with it a token."""
    info = event.pop("exc_info", None)
    if isinstance(info, tuple) and info[0] is not None:
        event["exception"] = info[0].__name__
    return event


def shown_path(path: str) -> str:
    """Return a path to log: without its query, tokens and other long segments.

    What is no path (a proxy's URL, which may hold a password) is left out.
    """
    if not path.startswith("/"):
        return ""
    shown = path.partition("?")[0]
    if not shown.isascii():
        shown = quote(shown.encode("utf-8", "surrogateescape"), safe=_KEPT)
    if "/tokens/" in shown:
        shown = _TOKEN.sub(r"\1…", shown)
    return _LONG.sub(_shortened, shown) if len(shown) > _SHOWN else shown


def shown_text(text: str) -> str:
    """Return a text to log: without words so long that they may be tokens."""
    return _LONG_WORD.sub(_shortened, text)


def _shortened(match: re.Match[str]) -> str:
    return f"{match[0][:8]}…"
