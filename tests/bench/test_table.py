"""Tables in Markdown."""

import pytest

from bench.table import table


def test_columns_are_as_wide_as_they_have_to_be_and_numbers_stand_to_the_right() -> None:
    assert table(["", "ratio"], [["one", "1.00"], ["a longer name", "10.00"]]).splitlines() == [
        "|               | ratio |",
        "| ------------- | ----: |",
        "| one           |  1.00 |",
        "| a longer name | 10.00 |",
    ]


def test_a_row_that_lacks_a_cell_is_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        table(["", "one", "two"], [["row", "1"]])
