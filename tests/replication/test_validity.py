"""Operations that no gateway makes."""

from typing import Any

import pytest
from msgspec.structs import replace

from openstackoid.replication.clock import Timestamp
from openstackoid.replication.operation import Action, Operation, Write
from openstackoid.replication.validity import (
    MAX_AFTER,
    MAX_MEMBERS,
    MAX_SIZE,
    MAX_VALUE,
    MAX_WRITES,
    BadOperationError,
    check,
)

AT = Timestamp(1000, 1, "Paris", 1)
ID = "flavor:::m1.big"
CHANGE = Operation(AT, ID, "flavor", Action.CHANGE, writes=(Write("description", '"d"'),))
CREATE = replace(CHANGE, action=Action.CREATE, members=("Paris", "Corte"))
DELETE = replace(CHANGE, action=Action.DELETE, writes=())


def test_what_gateways_make_is_taken() -> None:
    """A create, a change and a deletion."""
    for one in (CREATE, CHANGE, DELETE):
        assert check(one).key == "m1.big"


def specs(number: int, size: int = 1) -> tuple[Write, ...]:
    return tuple(Write("specs", '"' + "x" * size + '"', f"k{n}") for n in range(number))


@pytest.mark.parametrize(
    ("operation", "changes"),
    [
        (CHANGE, {"kind": "server", "resource": "server:Paris:1:x"}),
        (CHANGE, {"kind": "image"}),
        (CHANGE, {"resource": "flavor:::a\nb"}),
        (CHANGE, {"resource": "flavor:Paris:1:m1.big"}),
        (CHANGE, {"resource": "flavor"}),
        (CHANGE, {"kind": "keypair", "resource": "keypair:::k"}),
        (CHANGE, {"kind": "keypair", "resource": "keypair:Paris:%0A:k"}),
        (CHANGE, {"at": Timestamp(2**53, 1, "Paris", 1)}),
        (CHANGE, {"at": Timestamp(1, 1, "P" * 256, 1)}),
        (CHANGE, {"after": (Timestamp(1, 1, "P" * 256, 1),)}),
        (CHANGE, {"at": Timestamp(1, -1, "Paris", 1)}),
        (CHANGE, {"after": (Timestamp(1, 1, "Paris", 2**64),)}),
        (CHANGE, {"members": ("Paris",)}),
        (CHANGE, {"writes": ()}),
        (CHANGE, {"writes": (Write("ram", "1"),)}),
        (CHANGE, {"writes": (Write("description", "no JSON"),)}),
        (CHANGE, {"writes": (Write("description", "[" * 60_000),)}),
        (CHANGE, {"writes": 2 * specs(1)}),
        (CHANGE, {"writes": specs(MAX_WRITES + 1)}),
        (CHANGE, {"writes": (Write("description", '"' + "x" * MAX_VALUE + '"'),)}),
        (CHANGE, {"writes": specs(MAX_WRITES, MAX_SIZE // MAX_WRITES)}),
        (CHANGE, {"after": (Timestamp(1000, 1, "Paris", 1),)}),
        (CHANGE, {"after": tuple(Timestamp(1, n, "Paris", 1) for n in range(MAX_AFTER + 1))}),
        (CREATE, {"members": ()}),
        (CREATE, {"members": ("Paris", "Paris")}),
        (CREATE, {"members": tuple(f"C{n}" for n in range(MAX_MEMBERS + 1))}),
        (CREATE, {"members": ("",)}),
        (CREATE, {"writes": (Write("specs", None, "k"),)}),
        (DELETE, {"writes": specs(1)}),
    ],
)
def test_what_no_gateway_makes_is_refused(operation: Operation, changes: dict[str, Any]) -> None:
    """Before it is kept, or anything of it is sent to a service."""
    with pytest.raises(BadOperationError):
        check(replace(operation, **changes))


SUBNET = replace(
    CREATE,
    kind="subnet",
    resource="subnet:Paris:1:s",
    writes=(Write("network", '"network:Paris:1:n"'),),
)


@pytest.mark.parametrize(
    "named",
    ['"image:Paris:1:n"', '"7"', '["network:Paris:1:n"]', '"network:Paris:1:n\\n"', "null"],
)
def test_an_operation_names_only_what_there_can_be(named: str) -> None:
    """Whoever has sent it."""
    assert check(SUBNET).key == "s"
    with pytest.raises(BadOperationError):
        check(replace(SUBNET, writes=(Write("network", named),)))
