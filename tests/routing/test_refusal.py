"""A request that is not carried out."""

from http import HTTPStatus

import pytest

from openstackoid.routing import Refusal
from openstackoid.routing.refusal import Refusal as Defined


def test_a_refusal_says_its_message() -> None:
    """Where it is logged or raised to the top, nothing but what the client reads is shown."""
    refusal = Refusal(HTTPStatus.NOT_FOUND, "no such service", cloud="One", service="image")
    assert str(refusal) == refusal.message == "no such service"
    assert (refusal.status, refusal.cloud, refusal.service) == (404, "One", "image")


def test_what_is_not_known_is_left_open() -> None:
    """Whether it was sent and when to ask again is said only by who knows."""
    refusal = Refusal(HTTPStatus.BAD_GATEWAY, "gone", cloud="One")
    assert (refusal.service, refusal.sent, refusal.retry_after) == ("", None, None)
    told = Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "busy", cloud="One", sent=False, retry_after=0)
    assert (told.sent, told.retry_after) == (False, 0)


def test_a_refusal_names_its_cloud() -> None:
    """Among several gateways on the way the reader has to know which one it was."""
    with pytest.raises(TypeError, match="cloud"):
        Refusal(HTTPStatus.BAD_REQUEST, "bad")  # type: ignore[call-arg]


def test_a_refusal_is_no_fault_of_the_program() -> None:
    """Whoever catches what is wrong with a value or a connection does not catch it by mistake."""
    assert Refusal is Defined
    assert not issubclass(Refusal, ValueError | OSError | LookupError)
