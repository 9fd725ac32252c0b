"""The gateway's log."""

import errno
import io
import json
import select

import pytest
import structlog

from openstackoid.gateway.reporting import log


@pytest.mark.parametrize("letter", ["a", "é", "\N{GRINNING FACE}", "\x00", "\ud800"])
def test_a_line_is_no_longer_than_a_pipe_takes_at_once(logged: io.StringIO, letter: str) -> None:
    """Or others that write to it, the other workers, would come in between."""
    log.write({"event": "request", "path": f"/{letter}" * 20_000, "status": 200, "user": letter})
    structlog.get_logger().warning("audit", cadf={"host": [letter * 9000, letter]})
    request, audit = logged.getvalue().splitlines(keepends=True)
    assert all(len(line.encode()) <= select.PIPE_BUF for line in (request, audit))
    said = json.loads(request)
    assert said["path"].startswith(f"/{letter}/{letter}")
    assert (said["status"], said["user"]) == (200, letter)
    assert json.loads(audit)["cadf"]["host"][1] == letter


def test_a_log_that_nobody_takes_ends_nothing() -> None:
    """A full disk, or a reader that has ended, is no reason to refuse requests."""

    class Full(io.StringIO):
        def write(self, _: str) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    log.configure(Full())
    log.write({"event": "request"})
    structlog.get_logger().error("worker ended")


@pytest.mark.parametrize("before", range(2020, 2060))
def test_of_a_long_path_whole_segments_are_shown(before: int) -> None:
    """However long it is; a token that is cut in two would not look like one any more."""
    path = "/" + "a/" * (before // 2) + "g" * 180
    shown = log.shown_path(path + "/b" * 20_000)
    assert shown.startswith("/a/a/a/")
    assert "g" * 9 not in shown
    assert len(shown) < len(path)
