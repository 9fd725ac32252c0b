"""The tables of the comparison."""

import statistics
from collections.abc import Mapping, Sequence

from bench.fanout import Row
from bench.proxies.client import Runs
from bench.proxies.rounds import Figures
from bench.table import NONE, TIMES, table


def proxies(figures: Mapping[str, Figures], direct: Figures, base: Figures) -> str:
    """Return the table of the fronts; ratios to `base`, latency beyond `direct`.

    With TLS it tells what a connection costs, too.
    """
    tls = bool(base.fresh)
    heading = [
        "",
        f"CPU, {TIMES}",
        *([f"CPU with handshake, {TIMES}"] if tls else []),
        f"requests/s, {TIMES}",
        f"down, {TIMES}",
        f"up, {TIMES}",
        "CPU, µs",
        *(["CPU with handshake, µs"] if tls else []),
        "requests/s",
        "p50, + µs",
        "p99, + µs",
        "down, MB/s",
        "up, MB/s",
        "memory, MiB",
    ]
    rows = []
    for name, found in figures.items():
        passed = found is not direct
        added = [_added(found.p50, direct.p50), _added(found.p99, direct.p99)]
        rows.append(
            [
                name,
                f"{cpu_ratio(found, base):.2f}" if passed else NONE,
                *([_ratio(found.fresh, base.fresh)] if tls else []),
                _ratio(found.rate, base.rate),
                _ratio(found.down, base.down),
                _ratio(found.up, base.up),
                _micro(found.cpu) if passed else NONE,
                *([_micro(found.fresh)] if tls else []),
                f"{statistics.median(found.rate):.0f}",
                *(f"{value:.0f}" if passed else NONE for value in added),
                f"{statistics.median(found.down) / 1e6:.0f}",
                f"{statistics.median(found.up) / 1e6:.0f}",
                f"{_mib(found.memory)} (+{_mib(found.growth)})" if passed else NONE,
            ]
        )
    return table(heading, rows)


def cpu_ratio(found: Figures, base: Figures) -> float:
    """Return the ratio of medians of CPU per request."""
    return statistics.median(found.cpu) / statistics.median(base.cpu)


def client(runs: Mapping[str, Runs]) -> str:
    """Return the table of the command; ratios to its first case."""
    medians = {
        case: (statistics.median(r.wall), statistics.median(r.cpu)) for case, r in runs.items()
    }
    base = next(iter(medians.values()))
    heading = ["`openstack server list`", f"time, {TIMES}", f"CPU, {TIMES}", "time, ms", "CPU, ms"]
    rows = [
        [
            case,
            f"{wall / base[0]:.2f}",
            f"{cpu / base[1]:.2f}",
            f"{wall * 1000:.0f}",
            f"{cpu * 1000:.0f}",
        ]
        for case, (wall, cpu) in medians.items()
    ]
    return table(heading, rows)


def fanout(found: Sequence[Row]) -> str:
    """Return the table of lists of several clouds; ratios to that of one."""
    heading = ["clouds", f"time, {TIMES}", "time, ms", "gateway, MiB"]
    rows = [
        [
            str(row.clouds),
            f"{row.seconds / found[0].seconds:.2f}",
            f"{row.seconds * 1000:.0f}",
            f"{row.rss / 2**20:.0f}",
        ]
        for row in found
    ]
    return table(heading, rows)


def _ratio(values: Sequence[float], base: Sequence[float]) -> str:
    return f"{statistics.median(values) / statistics.median(base):.2f}"


def _micro(values: Sequence[float]) -> str:
    return f"{statistics.median(values) * 1e6:.1f}"


def _added(values: Sequence[float], direct: Sequence[float]) -> float:
    return (statistics.median(values) - statistics.median(direct)) * 1e6


def _mib(values: Sequence[int]) -> int:
    return round(max(values) / 2**20)
