"""What a worker says outside of its log."""

import asyncio
import io
import json
from typing import Any

import structlog

from openstackoid.gateway.processes.output import BURST, MAX_LINE, Output


async def followed(*pieces: bytes) -> Output:
    """Return what has followed a stream of these pieces to its end."""
    output = Output(structlog.get_logger(), 7)
    stream = asyncio.StreamReader()
    following = asyncio.create_task(output.follow(stream))
    for piece in pieces:
        stream.feed_data(piece)
        await asyncio.sleep(0)
    stream.feed_eof()
    await following
    return output


def lines(logged: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in logged.getvalue().splitlines()]


async def test_each_line_is_an_event_however_it_comes(logged: io.StringIO) -> None:
    """Empty ones are none, and the last one need not be ended."""
    output = await followed(b"Trace", b'back:\n\n  File \xff "x"\r\nOop', b"s: \x1b[1m{}  ")
    said = lines(logged)
    assert [line["text"] for line in said] == [
        "Traceback:",
        '  File \ufffd "x"',
        "Oops: \x1b[1m{}",
    ]
    assert {(line["event"], line["level"], line["worker"]) for line in said} == {
        ("worker output", "error", 7)
    }
    assert output.last == "Oops: \x1b[1m{}"


async def test_what_is_too_much_is_counted(logged: io.StringIO) -> None:
    """The last line is known all the same: it says why a worker has ended."""
    output = await followed(b"line\n" * 5000 + b"why")
    said = lines(logged)
    assert BURST <= len(said) <= BURST + 5
    left_out = sum(line.get("left_out", 0) for line in said)
    assert sum("text" in line for line in said) + left_out == 5001
    assert output.last == "why"


async def test_a_line_without_end_is_cut(logged: io.StringIO) -> None:
    """It is not kept meanwhile."""
    await followed(*[b"word " * 10_000] * 100, b"\nnext\n")
    first, second = lines(logged)
    assert len(first["text"]) <= MAX_LINE
    assert second["text"] == "next"


async def test_what_may_be_a_token_is_cut_short(logged: io.StringIO) -> None:
    """Fernet tokens have more than 180 characters, and none of them parts a word."""
    await followed(f"ValueError: gAAAAAB{'a-_=' * 50}!SCOPE!image=CloudTwo\n".encode())
    assert lines(logged)[0]["text"] == "ValueError: gAAAAABa…!SCOPE!image=CloudTwo"
    path = "/usr/lib/python3/dist-packages/openstackoid/gateway/processes/supervisor.py"
    await followed(path.encode())
    assert lines(logged)[1]["text"] == path
