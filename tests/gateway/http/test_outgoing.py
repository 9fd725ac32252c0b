"""What is asked of a service, as bytes."""

import pytest
from gateway.asking import many

from openstackoid.gateway.http.outgoing import Outgoing

HOST = ("Host", "x")


@pytest.mark.parametrize(
    ("method", "body", "repeatable"),
    [
        ("GET", None, True),
        ("HEAD", None, True),
        ("OPTIONS", b"ab", True),
        ("GET", many(b"ab"), False),
        ("DELETE", None, False),
        ("PUT", b"ab", False),
        ("POST", None, False),
        ("get", None, False),
    ],
)
def test_a_read_that_can_be_sent_again_may_be(
    method: str, body: bytes | None, repeatable: bool
) -> None:
    """No write, and no body that streams: it may have been read in part."""
    assert Outgoing(method, "/", (HOST,), body).repeatable is repeatable


@pytest.mark.parametrize(
    ("body", "headers", "chunked"),
    [
        (None, (HOST,), False),
        (b"", (HOST,), False),
        (b"ab", (HOST,), False),
        (many(b"ab"), (HOST,), True),
        (many(b"ab"), (HOST, ("CONTENT-length", "2")), False),
        (many(b"ab"), (HOST, ("X-Content-Length", "2")), True),
    ],
)
def test_a_body_of_unknown_length_goes_in_chunks(
    body: bytes | None, headers: tuple[tuple[str, str], ...], chunked: bool
) -> None:
    """What is said of the framing is said once."""
    request = Outgoing("PUT", "/", headers, body)
    assert request.chunked is chunked
    assert request.head.lower().count(b"\r\ntransfer-encoding: chunked\r\n") == chunked


def test_a_head_is_what_was_asked_for() -> None:
    """Case, order and encoding stay."""
    request = Outgoing("GET", "/a%2Fb?c=%7e", (HOST, ("x-ODD", "é"), ("x-odd", "\udcff")), None)
    assert request.head == (
        b"GET /a%2Fb?c=%7e HTTP/1.1\r\nHost: x\r\nx-ODD: \xc3\xa9\r\nx-odd: \xff\r\n\r\n"
    )


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n", "\0"])
@pytest.mark.parametrize("place", ["name", "value"])
def test_no_header_becomes_two(end: str, place: str) -> None:
    """A line end in a name or a value is an error, not a second header."""
    text = f"a{end}X-Roles: admin"
    header = (text, "b") if place == "name" else ("X-A", text)
    with pytest.raises(ValueError, match="line end"):
        _ = Outgoing("GET", "/", (HOST, header), None).head
