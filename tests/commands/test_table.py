"""Tables that commands print."""

import pytest

from openstackoid.commands.table import print_table


def test_columns_are_as_wide_as_their_widest_cell(capsys: pytest.CaptureFixture[str]) -> None:
    """No line ends in blanks, and nothing is cut."""
    print_table([("Kind", "Name"), ("user", "x" * 100), ("a", "")])
    assert capsys.readouterr().out == f"Kind  Name\nuser  {'x' * 100}\na\n"
