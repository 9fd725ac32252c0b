"""What a create command made is deleted again, and what is left of it is said."""

import io
import json
from argparse import Namespace
from types import SimpleNamespace
from typing import Any

import pytest
from cliff.command import Command
from keystoneauth1.exceptions import NotFound
from requests import Response

from openstackoid.client.composite.branch import Branch
from openstackoid.client.composite.creation import Creation
from openstackoid.client.composite.history import Write
from openstackoid.client.composite.service import Known
from openstackoid.client.composite.streams import Console
from openstackoid.client.composite.undo import note, undo

KNOWN = Known("thing create", "openstack.things.v1")


class Delete(Command):
    """The sibling of the pretended create; `error` is what it ends with."""

    deleted: list[str] = []  # noqa: RUF012
    error: Exception | None = None

    def get_parser(self, prog_name: str) -> Any:
        """Take an id."""
        parser = super().get_parser(prog_name)
        parser.add_argument("id")
        return parser

    def take_action(self, parsed_args: Namespace) -> None:
        """Note what is deleted."""
        Delete.deleted.append(parsed_args.id)
        if Delete.error is not None:
            raise Delete.error


def write(status: int | None, body: bytes = b"{}", path: str = "/things") -> Write:
    """Return a POST with its answer, if there is one."""
    if status is None:
        return Write("POST", path)
    response = Response()
    response.status_code = status
    response.raw = io.BytesIO(body)
    return Write("POST", path, response)


def branch(*writes: Write, siblings: tuple[str, ...] = ("thing delete",)) -> Branch:
    """Return a branch that has failed after these writes."""
    Delete.deleted = []
    Delete.error = None
    point = SimpleNamespace(group=KNOWN.group, load=lambda: Delete)
    manager = SimpleNamespace(commands=dict.fromkeys(siblings, point), namespace="none")
    app = SimpleNamespace(command_manager=manager, options=Namespace(os_scope=["{}"]))
    failed = Branch(Console("A"), app, Delete(app, None), lambda *_: None)  # type: ignore[arg-type]
    failed.history.writes += writes
    failed.error = RuntimeError("no")
    return failed


CREATED = b'{"thing": {"id": "new"}}'


def test_what_was_created_is_deleted_again() -> None:
    """Then nothing is left, and nothing is deleted twice."""
    failed = branch(write(201, CREATED))
    assert failed.acted
    for _ in range(2):
        undo(failed, Creation(KNOWN))
    assert Delete.deleted == ["new"]
    assert failed.remains == "thing new was deleted again"
    assert not failed.acted


@pytest.mark.parametrize("status", [400, 409, 503])
def test_where_nothing_was_done_nothing_is_deleted(status: int) -> None:
    """Be there an id of ours, or not."""
    failed = branch(write(status))
    undo(failed, Creation(KNOWN, chosen="ours"))
    assert Delete.deleted == []
    assert failed.remains == ""


def test_what_cannot_be_deleted_is_named() -> None:
    """With the reason, and what to do."""
    failed = branch(write(201, CREATED))
    Delete.error = RuntimeError("it is in use")
    undo(failed, Creation(KNOWN))
    assert failed.remains == "thing new could not be deleted again (it is in use); delete it there"
    assert failed.acted


def test_what_was_said_to_be_there_must_be_found() -> None:
    """Else it is somewhere else."""
    failed = branch(write(201, CREATED))
    Delete.error = NotFound("No thing found")
    undo(failed, Creation(KNOWN))
    assert "could not be deleted again" in failed.remains
    assert failed.acted


def test_what_was_not_answered_may_not_be_there() -> None:
    """It is not called left over; but it may yet arrive, so no other cloud is tried."""
    failed = branch(write(None))
    Delete.error = NotFound("No thing found")
    undo(failed, Creation(KNOWN, chosen="ours"))
    assert Delete.deleted == ["ours"]
    assert failed.remains == "thing ours is not there now"
    assert failed.acted
    found = branch(write(None))
    undo(found, Creation(KNOWN, chosen="ours"))
    assert found.remains == "thing ours was deleted again"
    assert not found.acted


@pytest.mark.parametrize(
    ("creation", "siblings", "remains"),
    [
        (Creation(KNOWN), (), "thing new stays there"),
        (Creation(KNOWN, several=True), ("thing delete",), "thing new and those created with it"),
        (Creation(Known("thing set", KNOWN.group)), ("thing delete",), "POST /things was carried"),
    ],
)
def test_what_nobody_knows_how_to_undo_is_said_to_stay(
    creation: Creation, siblings: tuple[str, ...], remains: str
) -> None:
    """And is left alone."""
    failed = branch(write(201, CREATED), siblings=siblings)
    undo(failed, creation)
    assert Delete.deleted == []
    assert failed.remains.startswith(remains)


def test_what_an_action_answers_with_is_not_deleted() -> None:
    """It was there before."""
    failed = branch(write(202, CREATED, "/things/new/action"))
    undo(failed, Creation(KNOWN))
    assert Delete.deleted == []


def test_what_may_have_been_done_is_noted() -> None:
    """Also where it stays by policy."""
    failed = branch(write(201, CREATED), write(None, path="/things/new/more"))
    note(failed, Creation(KNOWN))
    assert failed.remains == (
        "thing new stays there; POST /things/new/more may have been carried out; look there"
    )


def test_a_cloud_that_was_silent_is_asked_again_to_undo() -> None:
    """It may be back."""
    failed = branch(write(None))
    failed.history.silent = True
    undo(failed, Creation(KNOWN, chosen="ours"))
    assert not failed.history.silent
    assert Delete.deleted == ["ours"]


@pytest.mark.parametrize("identifier", ["-h", "--help", "--", "-x"])
def test_an_id_is_no_option_of_the_command_that_deletes(identifier: str) -> None:
    """The cloud has chosen it."""
    failed = branch(write(201, json.dumps({"id": identifier}).encode()))
    undo(failed, Creation(KNOWN))
    assert Delete.deleted == [identifier]
