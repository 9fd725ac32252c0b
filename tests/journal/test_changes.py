"""What a message makes of an intent, and what is still to be done about one."""

from journal.making import DONE, DONE_A, NOW, OPEN, SETTLED, UNKNOWN_B, UNSETTLED, intent

from openstackoid.journal import wire
from openstackoid.journal.changes import can_wait, changed, is_due, is_unfinished


def test_what_a_cloud_has_answered_is_known() -> None:
    """Beside what others have."""
    one = changed(intent(UNKNOWN_B, sent=b"token"), wire.Note("one", DONE_A))
    assert (one.parts, one.state, one.sent) == ((UNKNOWN_B, DONE_A), OPEN, b"token")


def test_an_end_forgets_the_token_unless_somebody_looks_again() -> None:
    """It is needed only for that."""
    begun = intent(sent=b"token")
    assert changed(begun, wire.End(begun.id, DONE, (DONE_A,), NOW)).sent == b""
    again = changed(begun, wire.End(begun.id, UNSETTLED, (UNKNOWN_B,), NOW, NOW + 60, "alice"))
    assert (again.sent, again.look_at, again.owner) == (b"token", NOW + 60, "alice")
    settled = changed(again, wire.Settle(begun.id))
    assert (settled.state, settled.look_at, settled.sent) == (SETTLED, None, b"")


def test_somebody_has_to_see_to_what_is_open_and_what_is_to_be_looked_at() -> None:
    """The latter in its time."""
    left = intent(state=UNSETTLED, look_at=NOW)
    assert is_unfinished(intent())
    assert is_unfinished(left)
    assert not is_unfinished(intent(state=UNSETTLED))
    assert is_due(intent(), NOW)
    assert [is_due(left, NOW - 1), is_due(left, NOW)] == [False, True]
    assert not is_due(intent(state=UNSETTLED), NOW)


def test_only_an_answer_that_nobody_waits_for_can_wait() -> None:
    """Neither can the end of a connection."""
    assert can_wait(wire.Note("one", DONE_A))
    assert not can_wait(wire.Note("one", DONE_A, answered=True))
    assert not can_wait(wire.End("one", DONE))
    assert not can_wait(None)
