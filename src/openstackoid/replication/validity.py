"""Refuses operations that no gateway makes, before anybody keeps or carries them out."""

from openstackoid.replication import references
from openstackoid.replication.apis.api import Owner, is_line
from openstackoid.replication.apis.table import APIS
from openstackoid.replication.clock import Timestamp
from openstackoid.replication.kinds import Joined
from openstackoid.replication.operation import Action, Operation
from openstackoid.replication.parcel import Resource

MAX_WRITES = 256
MAX_MEMBERS = 64
MAX_AFTER = 64

MAX_VALUE = 65_536
"""Characters of a value at most."""

MAX_NUMBER = 2**53
"""What JSON, and what a journal is written in, hold without loss."""

MAX_SIZE = 131_072
"""Characters of all values of an operation at most."""


class BadOperationError(Exception):
    """An operation is not accepted; the message says why, and has nothing of its contents."""


def check(operation: Operation) -> Resource:
    """Return the resource of an operation; raises BadOperationError unless it is well-formed."""
    try:
        resource = Resource.of(operation.resource)
        api = APIS.get(operation.kind)
        if api is None:
            raise BadOperationError("of a kind that is not known here; a newer release may know it")
        parts = (resource.key, *((resource.issuer, resource.owner) if resource.issuer else ()))
        if resource.kind != operation.kind or not all(map(is_line, parts)):
            raise BadOperationError("its resource is not of its kind")
        if (api.owner is Owner.NOBODY) == bool(resource.issuer):
            raise BadOperationError("its resource has an owner that its kind can't have")
        _check_shape(operation)
        for write in operation.writes:
            api.check(write)
            if (kind := api.references.get(write.field)) is not None:
                references.check(write, kind)
            of_the_create = api.kind.fields[write.field] is Joined.FIXED
            if of_the_create and operation.action is not Action.CREATE:
                raise BadOperationError("it changes what can't be changed")
            alone = len(operation.writes) == 1 and operation.action is Action.CHANGE
            if write.field in api.kind.brought and not alone:
                raise BadOperationError("it says more than what is brought by itself")
    except (ValueError, RecursionError):
        pass  # the error of a decoder may quote what it has read
    else:
        return resource
    raise BadOperationError("it writes what its kind can't have")


def _is_time(at: Timestamp) -> bool:
    """Return whether the numbers of a timestamp are such as gateways make."""
    numbers = (at.milliseconds, at.count, at.incarnation)
    return is_line(at.cloud) and all(0 <= one < MAX_NUMBER for one in numbers)


def _check_shape(operation: Operation) -> None:
    """Raise BadOperationError unless the parts of an operation go together, and are few enough."""
    at, writes, members = operation.at, operation.writes, operation.members
    creates = operation.action is Action.CREATE
    if creates != bool(members) or len(set(members)) != len(members):
        raise BadOperationError("a create names each of its clouds once, and nothing else does")
    if len(members) > MAX_MEMBERS or not all(map(is_line, members)):
        raise BadOperationError("it has too many clouds")
    if bool(writes) == (operation.action is Action.DELETE):
        raise BadOperationError("a deletion writes nothing, and everything else does")
    if len(writes) > MAX_WRITES or len({write.place for write in writes}) != len(writes):
        raise BadOperationError("it writes too much, or something twice")
    sizes = [len(write.value or "") for write in writes]
    if max(sizes, default=0) > MAX_VALUE or sum(sizes) > MAX_SIZE:
        raise BadOperationError("a value is too long")
    if creates and any(write.value is None for write in writes):
        raise BadOperationError("a create takes nothing out")
    if not all(map(_is_time, (at, *operation.after))):
        raise BadOperationError("its time is none")
    if len(operation.after) > MAX_AFTER or any(one >= at for one in operation.after):
        raise BadOperationError("it comes after what is later")
