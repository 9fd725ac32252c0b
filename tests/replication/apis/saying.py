"""What writes say, by place."""

from collections.abc import Iterable

from openstackoid.replication.desired import Place
from openstackoid.replication.operation import Write


def values_of(writes: Iterable[Write]) -> dict[Place, str]:
    """Return what writes say, without what they take out."""
    return {write.place: write.value for write in writes if write.value is not None}
