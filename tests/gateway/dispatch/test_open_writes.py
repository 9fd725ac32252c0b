"""The unanswered writes of each cloud."""

from openstackoid.gateway.dispatch.open_writes import MAX_OPEN, OpenWrites


def test_each_cloud_is_counted_by_itself_until_it_has_answered() -> None:
    """A cloud that answers nothing keeps nobody from writing in another one."""
    writes = OpenWrites()
    waiting = [writes.waiting_for("Two") for _ in range(MAX_OPEN)]
    for one in waiting:
        assert writes.full(["One", "Two"]) is None
        one.__enter__()
    assert writes.full(["One", "Two"]) == "Two"
    assert writes.full(["One"]) is None
    waiting[0].__exit__(None, None, None)
    assert writes.full(["One", "Two"]) is None
