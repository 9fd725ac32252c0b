"""Requests, as the evaluation varies them."""

import pytest

from openstackoid.operators.request import Answer, Request


def test_a_query_stays_as_it_was_written_until_something_of_it_is_another() -> None:
    """A service may read it otherwise than we do."""
    request = Request.of("GET", "/things?a=%2f&b&a=x+y")
    assert request.target == "/things?a=%2f&b&a=x+y"
    assert request.asking(marker=None) is request
    assert request.asking(marker="m").target == "/things?a=%2F&b=&a=x+y&marker=m"
    assert request.asking(marker="m").asking(a=None).target == "/things?b=&marker=m"
    assert request.value("a") == "x y"
    assert request.value("c") is None


@pytest.mark.parametrize(("body", "document"), [(b'{"a": 1}', {"a": 1}), (b"{", None), (b"", None)])
def test_a_body_is_decoded_as_far_as_it_can_be(body: bytes, document: object) -> None:
    """Its bytes are what is sent."""
    request = Request.of("POST", "/things", body)
    assert (request.body, request.document) == (body, document)


def test_another_document_is_another_body() -> None:
    """Which is what is sent then."""
    request = Request.of("POST", "/things?x=%2f", b'{"a":1}').having({"a": 2})
    assert (request.body, request.document) == (b'{"a": 2}', {"a": 2})
    assert request.target == "/things?x=%2f"


def test_what_only_reads_is_safe() -> None:
    """And a success is 2xx or 3xx."""
    assert all(Request(method, "/").safe for method in ("GET", "HEAD", "OPTIONS"))
    assert not any(Request(method, "/").safe for method in ("POST", "PUT", "PATCH", "DELETE"))
    assert [Answer(status).ok for status in (200, 302, 404, 500)] == [True, True, False, False]
