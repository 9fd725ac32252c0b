"""Why a request failed, from the logs of gateways."""

import json
from typing import Any

import pytest

from openstackoid.gateway.reporting.causes import find, why

GATEWAYS = "req-00000000-0000-0000-0000-00000000000a"
NOVAS = "req-00000000-0000-0000-0000-00000000000b"
OTHER = "req-00000000-0000-0000-0000-00000000000c"


def line(request_id: str, **fields: Any) -> str:
    """Return a line of the log about a request."""
    event = {"event": "request", "request_id": request_id, "status": 200, "timestamp": "2026"}
    return json.dumps(event | fields)


def test_what_a_service_s_id_led_to_is_found() -> None:
    """Nova's own id is only in the line of the boot; what Nova asked for has the gateway's."""
    lines = [
        line(GATEWAYS, error="image of Two could not be reached", status=504, timestamp="2"),
        line(OTHER, error="another failure", status=504),
        line(GATEWAYS, service_request_id=NOVAS, status=202, timestamp="1"),
    ]
    found = find(lines, NOVAS)
    assert [why(event) for event in found.telling] == ["image of Two could not be reached"]
    assert found.lines == 1  # the other one was before it was known that it is about the same
    assert len(find(lines, GATEWAYS).telling) == 1


def test_what_is_told_comes_in_the_order_of_time() -> None:
    """Logs of several gateways may be given one after another."""
    lines = [line(OTHER, status=500, error=text, timestamp=text) for text in ("2", "1")]
    assert [why(event) for event in find(lines, OTHER).telling] == ["1", "2"]


@pytest.mark.parametrize("text", ["", "no JSON", "[1]", "{", "5", '{"request_id": 5}', "[" * 9999])
def test_other_lines_are_left_out(text: str) -> None:
    """Whatever is in the log of a whole machine."""
    assert find([text, line(OTHER, status=500)], OTHER).lines == 1


def test_a_line_may_begin_with_what_a_journal_puts_before_it() -> None:
    """As systemd's does, with host and process."""
    assert find([f"Nov 30 host gateway[1]: {line(OTHER)}"], OTHER).lines == 1


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"status": None}, "whoever asked left before there was an answer"),
        ({"status": 409, "service": "image", "cloud": "Two"}, "image of Two says so itself"),
        (
            {"report": [{"cloud": "One", "status": 200}, {"cloud": "Two", "error": "is down"}]},
            "Two: is down",
        ),
        (
            {"report": [{"clouds": 9, "error": "no answer"}, {"cloud": "Two", "status": 409}]},
            "9 clouds: no answer; Two: 409",
        ),
        ({"event": "created", "cloud": "Two", "id": "x"}, "created x in Two"),
        ({"event": "write brought to its end", "clouds": {"Two": "removed"}}, "Two: removed"),
    ],
)
def test_it_is_said_what_went_wrong(fields: dict[str, Any], said: str) -> None:
    """In which cloud, and who says so."""
    (event,) = find([line(OTHER, **fields)], OTHER).telling
    assert why(event).startswith(said)


def test_what_went_well_is_not_told() -> None:
    """It is only counted."""
    found = find([line(OTHER), line(OTHER, report=[{"cloud": "One", "status": 200}])], OTHER)
    assert (found.lines, found.telling) == (2, [])
