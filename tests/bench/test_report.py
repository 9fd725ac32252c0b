"""The tables of the comparison."""

import pytest

from bench.fanout import Row
from bench.proxies import report
from bench.proxies.client import Runs
from bench.proxies.rounds import Figures
from bench.table import NONE, TIMES

MIB = 2**20


def figures(factor: float, *, tls: bool = False) -> Figures:
    """Return three rounds, of which the median is the second, and the last went wrong."""
    return Figures(
        cpu=[factor * 9e-6, factor * 10e-6, factor * 90e-6],
        fresh=[factor * 1e-3] * 3 if tls else [],
        rate=[factor * 100, factor * 110, factor * 900],
        p50=[factor * 1e-4] * 3,
        p99=[factor * 1e-3] * 3,
        down=[factor * 1e9] * 3,
        up=[factor * 5e8] * 3,
        memory=[10 * MIB, 12 * MIB, 11 * MIB],
        growth=[MIB, 2 * MIB, 0],
    )


def cells(text: str) -> dict[str, dict[str, str]]:
    """Return the cells of a table, by row and column."""
    heading, _, *rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.replace(TIMES, "x").splitlines()
    ]
    return {row[0]: dict(zip(heading[1:], row[1:], strict=True)) for row in rows}


def test_ratios_are_those_of_medians() -> None:
    direct, base, other = figures(0.5), figures(1), figures(3)
    found = cells(report.proxies({"no proxy": direct, "a": base, "b": other}, direct, base))
    assert found["a"]["CPU, x"] == found["a"]["up, x"] == "1.00"
    assert found["b"]["CPU, x"] == found["b"]["requests/s, x"] == found["b"]["down, x"] == "3.00"
    assert found["b"]["CPU, µs"] == "30.0"
    assert found["b"]["down, MB/s"] == "3000"


def test_latency_is_what_is_added_to_that_without_a_proxy() -> None:
    direct, base = figures(0.5), figures(1)
    found = cells(report.proxies({"a": base}, direct, base))
    assert (found["a"]["p50, + µs"], found["a"]["p99, + µs"]) == ("50", "500")


def test_no_proxy_has_no_cost_and_adds_nothing() -> None:
    direct, base = figures(0.5), figures(1)
    row = cells(report.proxies({"no proxy": direct, "a": base}, direct, base))["no proxy"]
    none = {column for column, cell in row.items() if cell == NONE}
    assert none == {"CPU, x", "CPU, µs", "p50, + µs", "p99, + µs", "memory, MiB"}


def test_of_memory_it_is_the_most_that_is_told() -> None:
    base = figures(1)
    assert cells(report.proxies({"a": base}, figures(1), base))["a"]["memory, MiB"] == "12 (+2)"


def test_only_with_tls_a_handshake_has_columns() -> None:
    plain, base, other = figures(1), figures(1, tls=True), figures(2, tls=True)
    found = cells(report.proxies({"a": base, "b": other}, plain, base))
    assert found["b"]["CPU with handshake, x"] == "2.00"
    assert found["b"]["CPU with handshake, µs"] == "2000.0"
    assert not any(
        "handshake" in column for column in cells(report.proxies({"a": plain}, base, plain))["a"]
    )


def test_commands_are_compared_with_the_first() -> None:
    runs = {"without": Runs([1, 2, 9], [1, 1, 1]), "with": Runs([3, 3, 3], [2, 2, 2])}
    found = cells(report.client(runs))
    assert found["with"] == {
        "time, x": "1.50",
        "CPU, x": "2.00",
        "time, ms": "3000",
        "CPU, ms": "2000",
    }


def test_lists_of_several_clouds_are_compared_with_that_of_one() -> None:
    found = cells(report.fanout([Row(1, 0.05, 50 * MIB), Row(100, 0.1, 60 * MIB)]))
    assert found["100"] == {"time, x": "2.00", "time, ms": "100", "gateway, MiB": "60"}


def test_a_median_of_nothing_is_no_figure() -> None:
    with pytest.raises(ValueError, match="median"):
        report.proxies({"a": Figures()}, Figures(), Figures())
