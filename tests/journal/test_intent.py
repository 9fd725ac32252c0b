"""What is known of a write."""

from journal.making import DONE_A, UNKNOWN_B, intent

from openstackoid.journal.intent import Part, new_id


def test_ids_sort_by_their_time() -> None:
    """So the oldest write comes first, whoever wrote it."""
    ids = [new_id() for _ in range(3)]
    assert len(set(ids)) == 3
    assert {one[14] for one in ids} == {"7"}
    assert {one[19] for one in ids} <= set("89ab")
    early = "01a22bd3-2b8b-7329-aaff-968a2c4fecb7"
    assert early < new_id()


def test_a_cloud_has_one_part() -> None:
    """The last that was said of it."""
    one = intent(DONE_A, UNKNOWN_B).having(Part("A", 204))
    assert one.part("A") == Part("A", 204)
    assert one.part("B") == UNKNOWN_B
    assert one.part("C") is None


def test_no_token_is_shown() -> None:
    """Not where an intent is printed by mistake."""
    assert "token" not in repr(intent())
