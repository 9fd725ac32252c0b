"""The comparison of the proof of a hop."""

import pytest
from click.testing import CliRunner

from bench import proof


def test_each_way_to_prove_is_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each side is run, and the first row is what the others are compared with."""
    monkeypatch.setattr(proof, "ROUNDS", 1)
    monkeypatch.setattr("bench.timing.CALLS", 1)
    monkeypatch.setattr(proof, "machine", lambda: "this machine")
    monkeypatch.setattr("bench.tools.require", lambda: None)
    result = CliRunner().invoke(proof.proof, [])
    assert result.exit_code == 0
    machine, _, _, rule, *rows = result.output.splitlines()
    assert machine == "this machine."
    assert set(rule) <= set("|-: ")
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    assert [row[0] for row in cells] == ["Ed25519 alone", "the proof of a hop", "by jwcrypto"]
    assert cells[0][1] == "1.00"
    assert all(len(row) == 5 for row in cells)
