"""A command in one cloud: what it comes to, and what is left of it."""

import io
import json
from argparse import Namespace
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from cliff.command import Command
from cliff.lister import Lister
from cliff.show import ShowOne
from keystoneauth1.exceptions import Forbidden, NotFound
from requests import PreparedRequest, Response, Session

from openstackoid.client.composite.branch import Branch
from openstackoid.client.composite.history import Write
from openstackoid.client.composite.streams import Console

Action = Callable[[], Any]


class Listing(Lister):
    """A list."""

    def take_action(self, parsed_args: Namespace) -> Any:
        """Stand in for what the command does."""
        raise NotImplementedError


class Showing(ShowOne):
    """One resource."""

    def take_action(self, parsed_args: Namespace) -> Any:
        """Stand in for what the command does."""
        raise NotImplementedError


class Doing(Command):
    """Something that shows nothing."""

    def take_action(self, parsed_args: Namespace) -> Any:
        """Stand in for what the command does."""
        raise NotImplementedError


def branch(kind: type[Command], action: Action) -> Branch:
    """Return a branch whose command does this."""
    session = SimpleNamespace(session=Session())
    app = SimpleNamespace(client_manager=SimpleNamespace(session=session))
    command = kind(app, None)  # type: ignore[arg-type]
    command.take_action = lambda parsed_args: action()  # type: ignore[method-assign]
    return Branch(Console("A"), app, command, lambda *_: None)  # type: ignore[arg-type]


def raising(error: BaseException) -> Action:
    """Return an action that ends with an error."""

    def action() -> Any:
        raise error

    return action


def ran(kind: type[Command], action: Action) -> Branch:
    """Return a branch that has run."""
    one = branch(kind, action)
    one.run(Namespace(), patience=5.0)
    return one


def test_what_is_shown_is_read_within_the_branch() -> None:
    """Rows are often fetched only when they are looked at."""
    rows = ran(Listing, lambda: (("ID",), iter([("a",), ("b",)])))
    assert (rows.ok, rows.result) == (True, (("ID",), [("a",), ("b",)]))
    shown = ran(Showing, lambda: (("id",), iter(["a"])))
    assert (shown.ok, shown.result) == (True, (("id",), ["a"]))
    assert ran(Doing, lambda: None).result == 0
    assert rows.history.patience == 5.0


@pytest.mark.parametrize(
    ("kind", "action", "ok", "status", "message"),
    [
        (Doing, lambda: 0, True, 200, ""),
        (Doing, lambda: 3, False, 400, "exit code 3"),
        (Doing, raising(NotFound("No thing found")), False, 404, "No thing found (HTTP 404)"),
        (Listing, raising(Forbidden("no")), False, 403, "no (HTTP 403)"),
        (Listing, raising(SystemExit(2)), False, 400, "2"),
        (Doing, raising(RuntimeError()), False, 400, "RuntimeError"),
    ],
)
def test_a_failure_comes_to_a_status(
    kind: type[Command], action: Action, ok: bool, status: int, message: str
) -> None:
    """Whether it is raised, or an exit code."""
    one = ran(kind, action)
    assert (one.ok, one.status, one.message) == (ok, status, message)


def test_errors_that_a_command_logs_are_looked_at_once() -> None:
    """What is logged while something is undone is no reason of the failure."""
    one = branch(Doing, lambda: 1)
    one.console.errors.append(NotFound())
    one.run(Namespace(), patience=5.0)
    one.console.errors.append(Forbidden())
    assert one.status == 404


def test_a_branch_that_is_left_out_says_nothing_of_its_cloud() -> None:
    """It has not asked it."""
    one = branch(Doing, raising(AssertionError()))
    one.leave_out("A is known to be down")
    assert (one.ok, one.status, one.message) == (False, None, "A is known to be down")
    assert not one.acted


def test_silence_is_told() -> None:
    """The client's libraries say only that they have waited."""
    one = ran(Doing, raising(RuntimeError("timed out")))
    one.history.silent, one.history.unreachable = True, "A has not answered for 5 s"
    assert one.message == "timed out; A has not answered for 5 s"


def answer(status: int, document: object, url: str = "http://a/things") -> Response:
    """Return an answer to a query."""
    response = Response()
    response.status_code = status
    response.raw = io.BytesIO(json.dumps(document).encode())
    response.request = PreparedRequest()
    response.request.prepare("GET", url)
    return response


def test_a_list_is_empty_if_a_filter_let_nothing_through() -> None:
    """One without rows that was asked for without a filter is an answer."""
    one = ran(Listing, lambda: (("ID",), []))
    one.history.queries.append(answer(200, {"things": []}))
    unfiltered = one.empty
    one.history.queries.append(answer(200, {"things": []}, "http://a/things?name=x"))
    assert (unfiltered, one.empty) == (False, True)
    assert one.lists
    assert not ran(Listing, lambda: (("ID",), [("a",)])).empty


@pytest.mark.parametrize(
    ("there", "undone", "acted"),
    [(True, None, True), (True, False, True), (True, True, False), (False, True, True)],
)
def test_what_was_undone_has_not_acted(there: bool, undone: bool | None, acted: bool) -> None:
    """If the cloud has said that there was something, for else it may yet be carried out."""
    one = ran(Doing, raising(RuntimeError("no")))
    assert not one.acted
    one.history.writes.append(Write("POST", "/things"))
    one.there, one.undone = there, undone
    assert one.acted is acted


def test_what_a_cloud_says_moves_no_cursor() -> None:
    """Neither by an error, nor by what is left in it; a caret stays below its fault."""
    failed = branch(Doing, raising(NotFound("no \x1b[2Jserver\n  ^\x07")))
    failed.run(Namespace(), 1)
    assert failed.message == "no ?[2Jserver\n  ^? (HTTP 404)"
    done = branch(Doing, lambda: 0)
    done.run(Namespace(), 1)
    done.remains = "image \x1b]0;x\x07 stays there"
    assert done.message == "image ?]0;x? stays there"
