"""What users have ordered."""

from openstackoid.replication.clock import AHEAD, Timestamp
from openstackoid.replication.operation import Action, Operation, in_time


def test_what_is_from_the_future_waits() -> None:
    """It counts once its time has come."""
    now, then = 1000, 1000 + 2 * AHEAD
    early, late = (
        Operation(Timestamp(at, 1, "Corte", 1), "flavor:m1.big", "flavor", Action.DELETE)
        for at in (now, then)
    )
    assert in_time([late, early], now) == ([early], [late])
    assert in_time([late, early], then) == ([late, early], [])
