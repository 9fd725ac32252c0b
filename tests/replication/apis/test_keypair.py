"""Keypairs of which the user has the private key."""

from typing import Any

import pytest
from replication.apis.saying import values_of

from openstackoid.replication.apis.api import NotReplicatedError
from openstackoid.replication.apis.keypair import KEYPAIR
from openstackoid.replication.clock import Timestamp
from openstackoid.replication.desired import desired
from openstackoid.replication.operation import Action, Write
from openstackoid.replication.plan import Change, Create, Replica
from openstackoid.replication.traces import Found

AT = Timestamp(1, 1, "Paris", 1)
PUBLIC = "ssh-ed25519 AAAA alice"


def asked(**keypair: object) -> Any:
    path = "/v2.1/os-keypairs"
    return KEYPAIR.asked("POST", path, {"keypair": {"name": "k", "public_key": PUBLIC, **keypair}})


def test_a_create_says_what_its_copy_is() -> None:
    """A line's end that a file has is no difference."""
    draft = asked(public_key=f"{PUBLIC}\n")
    assert (draft.action, draft.name) == (Action.CREATE, "k")
    for write in draft.writes:
        KEYPAIR.check(write)
    values = values_of(draft.writes)
    call = KEYPAIR.create("k", Create(AT, values))
    assert call.document == {"keypair": {"name": "k", "public_key": PUBLIC, "type": "ssh"}}
    shown = {"keypair": {"name": "k", "public_key": f"{PUBLIC}\n", "type": "ssh"}}
    assert KEYPAIR.seen([shown]).values == values
    assert KEYPAIR.found("k", desired([], KEYPAIR.kind), shown) == [Found("k", values)]


def test_each_cloud_would_make_another_key() -> None:
    """So the user has to."""
    with pytest.raises(NotReplicatedError, match="ssh-keygen"):
        KEYPAIR.asked("POST", "/v2.1/os-keypairs", {"keypair": {"name": "k"}})


@pytest.mark.parametrize("wrong", [{"type": "gpg"}, {"name": "a/\n"}, {"user_id": "1"}])
def test_what_is_no_keypair_is_refused(wrong: dict[str, object]) -> None:
    """Also one of another user, which is not his to order."""
    with pytest.raises(NotReplicatedError):
        asked(**wrong)


def test_it_is_deleted_by_its_name() -> None:
    """Nothing else can be done with it."""
    draft = KEYPAIR.asked("DELETE", "/v2.1/os-keypairs/a%20b", None)
    assert draft is not None
    assert (draft.action, draft.id) == (Action.DELETE, "a b")
    assert KEYPAIR.asked("PUT", "/v2.1/os-keypairs/a", {}) is None
    assert KEYPAIR.asked("POST", "/v2.1/servers", {}) is None
    assert KEYPAIR.change(Replica("a", AT, None), Change({}, AT)) == []


@pytest.mark.parametrize(
    "write", [Write("type", '"gpg"'), Write("public_key", "1"), Write("x", '"1"')]
)
def test_a_hostile_write_is_not_carried_out(write: Write) -> None:
    """Whoever has sent it."""
    with pytest.raises(ValueError, match="no "):
        KEYPAIR.check(write)


def test_it_is_looked_for_by_its_name() -> None:
    """Which is its id, too."""
    (call,) = KEYPAIR.looks("a b", desired([], KEYPAIR.kind), 1)
    assert call.path == KEYPAIR.path("a b") == "/v2.1/os-keypairs/a%20b"
    assert KEYPAIR.number("a b", {}, 3) == "a b"


def test_its_user_sees_what_nova_would_say() -> None:
    """The status, and where the result is."""
    assert KEYPAIR.shows("POST", "/v2.1/os-keypairs", "k") == (200, "/v2.1/os-keypairs/k")
    assert KEYPAIR.shows("DELETE", "/v2.1/os-keypairs/k", "k") == (202, None)
