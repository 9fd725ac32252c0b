"""Results of several clouds, made one."""

from cliff.columns import FormattableColumn

from openstackoid.client.composite import merge


class Upper(FormattableColumn[str]):
    """A cell that looks different to people."""

    def human_readable(self) -> str:
        """Shout."""
        return self._value.upper()


def test_rows_have_the_columns_of_all_clouds_and_the_cloud_last() -> None:
    """In the order in which they first occur; what a cloud does not have is None."""
    columns, rows = merge.rows(
        [("A", (("ID", "Name"), [(1, "x")])), ("B", (("Zone", "ID"), [("z", 2)]))]
    )
    assert columns == ("ID", "Name", "Zone", "Cloud")
    assert rows == [(1, "x", None, "A"), (2, None, "z", "B")]


def test_a_value_that_a_cloud_does_not_have_is_not_shown_for_it() -> None:
    """Rather than None, which a field may really have."""
    columns, cells = merge.values([("A", (("id", "tag"), (1, None))), ("B", (("id",), (2,)))])
    assert columns == ("id", "tag", "cloud")
    assert [cell.machine_readable() for cell in cells] == [
        {"A": 1, "B": 2},
        {"A": None},
        ["A", "B"],
    ]
    assert [cell.human_readable() for cell in cells] == ["A: 1\nB: 2", "A: None", "A, B"]


def test_cells_with_a_format_of_their_own_keep_it() -> None:
    """In both ways to read them."""
    _, (cell, _) = merge.values([("A", (("n",), [Upper("x")]))])
    assert (cell.human_readable(), cell.machine_readable()) == ("A: X", {"A": "x"})


def test_a_command_that_shows_nothing_stays_so() -> None:
    """As one that has printed a private key."""
    assert merge.values([("A", ((), ())), ("B", ((), ()))]) == ((), ())
    assert merge.value("A", ((), ())) == ((), ())
