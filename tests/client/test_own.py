"""What only the gateway of one's own cloud knows."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from keystoneauth1.exceptions import NotFound
from osc_lib.exceptions import CommandError

from openstackoid.client.own import asked


class Session:
    """A session whose requests get one answer."""

    def __init__(self, answer: object) -> None:
        self._answer = answer

    def request(self, *_: object, **__: object) -> object:
        if isinstance(self._answer, Exception):
            raise self._answer
        return SimpleNamespace(json=lambda: self._answer)


def ask(answer: object) -> Any:
    manager = SimpleNamespace(
        session=Session(answer),
        region_name=None,
        interface=None,
        get_endpoint_for_service_type=lambda *_, **__: "http://one/identity/v3",
    )
    app = SimpleNamespace(client_manager=manager)
    return asked(app, "/x", lambda document: document["key"], "says nothing")


def test_it_is_read_of_the_document() -> None:
    """That the gateway has there."""
    assert ask({"key": 1}) == 1


def not_found(said: object) -> NotFound:
    def json() -> object:
        if isinstance(said, Exception):
            raise said
        return said

    return NotFound(response=cast("Any", SimpleNamespace(json=json)))


@pytest.mark.parametrize(
    "answer",
    [
        {},
        NotFound(),
        not_found(ValueError()),
        not_found({}),
        not_found({"error": {"message": "x"}}),
    ],
)
def test_what_is_no_gateway_is_named(answer: object) -> None:
    """Keystone itself answers 404, in its own words."""
    with pytest.raises(CommandError, match="http://one/identity says nothing"):
        ask(answer)


def test_a_gateway_says_itself_what_is_not_there() -> None:
    """Its errors say whether anything was sent."""
    error = {"message": "nothing of yours has this name", "sent": False}
    with pytest.raises(CommandError, match=r"\Anothing of yours has this name\Z"):
        ask(not_found({"error": error}))
