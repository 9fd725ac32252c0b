"""Parcels as tests make them, without anybody who has signed anything."""

from msgspec.structs import replace

from openstackoid.replication.clock import Timestamp
from openstackoid.replication.operation import Action, Operation, Write
from openstackoid.replication.parcel import Parcel

ONE, TWO = "CloudOne", "CloudTwo"
ID = "flavor:::m1.big"
NOW = 1_000_000


def at(count: int, cloud: str = ONE, milliseconds: int = NOW) -> Timestamp:
    return Timestamp(milliseconds + count, count, cloud, 1)


CREATE = Operation(
    at(1), ID, "flavor", Action.CREATE, members=(ONE, TWO), writes=(Write("ram", "1"),)
)


def parcel(operation: Operation = CREATE, **changes: object) -> Parcel:
    return Parcel(replace(operation, **changes), {})


def change(count: int, description: str, *after: Timestamp, cloud: str = ONE) -> Parcel:
    """Return the parcel of a change."""
    write = Write("description", f'"{description}"')
    return Parcel(
        Operation(at(count, cloud), ID, "flavor", Action.CHANGE, tuple(after), writes=(write,)), {}
    )
