"""What is written down of a copy."""

import msgspec
from replication.making import Gateway, ram

from openstackoid.replication.copy import Attempt, Copy, Refused
from openstackoid.replication.operation import Action
from openstackoid.replication.plan import Change, Create, Delete, Drift, Replica
from openstackoid.replication.traces import Trace


def test_all_that_is_written_down_is_read_again() -> None:
    """Whichever order is under way, or was refused."""
    at = Gateway.of("Paris").order(Action.CREATE, ram(1)).at
    place = ("description", None)
    drift = (Drift("description", None, "x"),)
    copy = Copy(
        Replica("7", at, {place: "1"}, {place: at}),
        Attempt(Change({place: None}, at, drift), 1.0, 2.0),
        (Refused(Create(at, {place: "1"}), 403, "no", 3.0), Refused(Delete("8", at), 409, "", 3.0)),
        (Trace("8", at),),
        (Trace("9"),),
        overwritten=drift,
    )
    text = msgspec.msgpack.encode(copy)
    assert msgspec.msgpack.decode(text, type=Copy) == copy
    assert msgspec.msgpack.decode(msgspec.msgpack.encode({}), type=Copy) == Copy()
