"""What a gateway recognizes of what it finds in its cloud."""

from collections.abc import Mapping

from replication.making import FLAVOR, Gateway, ram

from openstackoid.replication.desired import Desired, Place, desired
from openstackoid.replication.kinds import Recognized
from openstackoid.replication.operation import Action
from openstackoid.replication.traces import Found, Trace, traces

SMALL: Mapping[Place, str] = {("ram", None): "1", ("description", None): "any"}
BIG: Mapping[Place, str] = {("ram", None): "2"}


def of(gateway: Gateway) -> Desired:
    """Return what is desired by all that a gateway knows."""
    return desired(gateway.known.values(), FLAVOR)


def test_a_mark_says_which_create_has_made_something() -> None:
    """Whatever else it says."""
    paris = Gateway.of("Paris")
    create = paris.order(Action.CREATE, ram(1))
    found = Found("7", BIG, create.at)
    assert traces([found], of(paris), Recognized.MARK) == [Trace("7", create.at)]


def test_without_a_mark_nothing_is_a_copy() -> None:
    """Many networks may have one name."""
    paris = Gateway.of("Paris")
    paris.order(Action.CREATE, ram(1))
    assert traces([Found("7", SMALL)], of(paris), Recognized.MARK) == []


def test_what_has_the_name_and_the_fixed_fields_is_the_copy() -> None:
    """Whoever has made it: there can be one alone."""
    paris = Gateway.of("Paris")
    create = paris.order(Action.CREATE, ram(1))
    assert traces([Found("7", SMALL)], of(paris), Recognized.NAME) == [Trace("7", create.at)]


def test_what_has_the_name_but_other_fixed_fields_is_in_doubt() -> None:
    """Somebody has made it by hand, and it can't become the copy."""
    paris = Gateway.of("Paris")
    paris.order(Action.CREATE, ram(1))
    assert traces([Found("7", BIG)], of(paris), Recognized.NAME) == [Trace("7")]


def test_a_name_alone_is_no_reason_to_delete() -> None:
    """Somebody may have made it anew."""
    paris = Gateway.of("Paris")
    paris.order(Action.CREATE, ram(1))
    paris.order(Action.DELETE)
    assert traces([Found("7", SMALL)], of(paris), Recognized.NAME) == [Trace("7")]
