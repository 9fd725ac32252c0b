"""What another cloud says in an error is printed so that a terminal acts on none of it."""

import logging

import pytest

from openstackoid.client.printing import make_errors_printable

from .conftest import Openstack
from .fake import Fake

SAID = "Home says: \x1b[2Jall is lost\x07"
SHOWN = "Home says: ?[2Jall is lost?"


@pytest.mark.parametrize("command", [("image", "list"), ("image", "delete", "foo")])
@pytest.mark.parametrize("scope", ["image=CloudTwo", "image=CloudOne & CloudTwo"])
@pytest.mark.parametrize("body", [{"error": {"message": SAID}}, {"badRequest": {"message": SAID}}])
def test_the_command_prints_no_escape_of_another_cloud(
    command: tuple[str, ...], scope: str, body: object, openstack: Openstack, cloud: Fake
) -> None:
    """Though it is openstacksdk's message, printed by cliff."""
    cloud.reply = lambda r: (400, body) if r.path.startswith("/image/v2/images") else None
    result = openstack(*command, "--os-scope", scope)
    assert result.code == 1
    assert SHOWN in result.err
    assert not {"\x1b", "\x07"} & set(result.err + result.out)


def test_without_a_scope_errors_are_as_ever(openstack: Openstack, cloud: Fake) -> None:
    """The cloud is one's own."""
    cloud.reply = lambda r: (
        (400, {"error": {"message": SAID}}) if r.path.startswith("/image/v2/images") else None
    )
    assert SAID in openstack("image", "list").err


def test_each_handler_is_changed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Inside a shell, several commands have a scope; lines and formats stay."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
    monkeypatch.setattr(logging.getLogger(), "handlers", [handler, logging.NullHandler()])
    make_errors_printable()
    first = handler.formatter
    make_errors_printable()
    assert handler.formatter is first
    record = logging.LogRecord("n", logging.ERROR, "f", 1, "a\nb %s", ("\x1b",), None)
    assert handler.format(record) == "ERROR: a\nb ?"
