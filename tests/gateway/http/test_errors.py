"""What goes wrong between two sides, as those who catch it see it."""

import pytest

from openstackoid.gateway.http.errors import (
    ConnectionClosedError,
    HttpError,
    IdleTimeoutError,
    LinkLostError,
    ProtocolError,
    UnreachableError,
)


@pytest.mark.parametrize(
    "error",
    [
        UnreachableError(None),
        IdleTimeoutError(),
        LinkLostError(),
        ConnectionClosedError(),
        ProtocolError("it is none"),
    ],
)
def test_who_relays_needs_to_catch_one_kind(error: Exception) -> None:
    """Whatever the other side did is an HttpError."""
    assert isinstance(error, HttpError)


def test_silence_is_a_timeout_whatever_it_comes_from() -> None:
    """A lost link is silence that will not end; a service that refuses is none."""
    assert issubclass(IdleTimeoutError, TimeoutError)
    assert issubclass(LinkLostError, IdleTimeoutError)
    assert not issubclass(UnreachableError, TimeoutError)
    assert not issubclass(ConnectionClosedError, TimeoutError)


@pytest.mark.parametrize("reason", [None, ConnectionRefusedError(111, "refused by 10.0.0.1")])
def test_an_address_is_in_the_reason_alone(reason: OSError | None) -> None:
    """The text of a service that cannot be reached names no address."""
    error = UnreachableError(reason)
    assert error.reason is reason
    assert str(error) == ""


def test_what_is_no_http_is_the_client_s_fault_unless_it_is_told() -> None:
    """400, or the status that says more."""
    assert ProtocolError("it is none").status == 400
    error = ProtocolError("its head is too long", 431)
    assert (str(error), error.status) == ("its head is too long", 431)
