"""The comparison of what assertions cost."""

import pytest
from click.testing import CliRunner

from bench import assertion


def test_each_thing_that_is_done_with_an_assertion_is_a_row(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each is done without an error, and the first row is what the others are compared with."""
    monkeypatch.setattr(assertion, "ROUNDS", 1)
    monkeypatch.setattr("bench.timing.CALLS", 2)
    monkeypatch.setattr(assertion, "NEW", 5)
    monkeypatch.setattr(assertion, "machine", lambda: "this machine")
    monkeypatch.setattr("bench.tools.require", lambda: None)
    result = CliRunner().invoke(assertion.assertion, [])
    assert result.exit_code == 0
    machine, _, _, rule, *rows = result.output.splitlines()
    assert machine == "this machine."
    assert set(rule) <= set("|-: ")
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    assert [row[0] for row in cells] == [
        "Ed25519 alone, to check",
        "an assertion that is known",
        "one that is new",
        "a request with one that is known",
        "to make one",
        "its stamp, to check",
    ]
    assert cells[0][1] == "1.000"
    assert all(len(row) == 3 for row in cells)
