"""The tables of reloads and of connections."""

import pytest

from bench.connections import command as connections
from bench.connections.quiet import is_short, shortages
from bench.reload import command as reload
from bench.reload.load import Outcome


def outcome(seconds: float, closed: int = 0, failed: int = 0) -> Outcome:
    answered = [seconds] * 100
    return Outcome(answered, len(answered) + closed + failed, closed, ["refused"] * failed)


BASE = reload.Row("gateway", reload.NOTHING, 0, outcome(0.005))


def row(text: str, number: int) -> list[str]:
    return [cell.strip() for cell in text.splitlines()[2 + number].strip("|").split("|")]


def test_lost_is_what_failed_and_what_was_closed_under_a_request() -> None:
    assert outcome(1, closed=2, failed=3).lost == 5
    assert outcome(1).lost == 0


def test_both_ways_to_lose_a_request_have_a_column() -> None:
    text = reload.report([reload.Row("gateway", "program", 4, outcome(0.01, 2, 3)), BASE])
    assert row(text, 0)[:6] == ["gateway: program", "4", "105", "100", "3", "2"]


def test_p99_is_compared_with_the_same_front_while_nothing_is_reloaded() -> None:
    haproxy = reload.Row("HAProxy", reload.NOTHING, 0, outcome(0.001))
    text = reload.report([BASE, reload.Row("gateway", "program", 4, outcome(0.01)), haproxy])
    assert [row(text, number)[-2:] for number in range(3)] == [
        ["-", "5.0"],
        ["2.00", "10.0"],
        ["-", "1.0"],
    ]


def test_where_nothing_was_answered_there_is_no_p99() -> None:
    lost = Outcome([], 3, 0, ["refused"] * 3)
    assert row(reload.report([reload.Row("gateway", reload.NOTHING, 0, lost)]), 0)[-1] == "nan"


def test_connections_are_told_with_memory_errors_and_the_ratio_of_times() -> None:
    rows = [
        connections.Row("none yet", 0, 2**20),
        connections.Row("and downloads", 500, 2**21, 1, 9.0, 0.9),
    ]
    text = connections.report(rows)
    assert row(text, 0) == ["none yet", "0", "1", "0", "-", "-"]
    assert row(text, 1) == ["and downloads", "500", "2", "1", "9.0", "0.90"]


def test_how_often_tcp_lacked_memory_is_read_by_name() -> None:
    netstat = """\
TcpExt: SyncookiesSent TCPMemoryPressures TCPTimeouts
TcpExt: 1 23 456
IpExt: InNoRoutes
IpExt: 7
"""
    assert shortages(netstat) == 23


@pytest.mark.parametrize("press", ["yes", "no"])
def test_whether_tcp_lacks_memory_already_is_read_by_name(press: str) -> None:
    protocols = f"""\
protocol  size sockets  memory press maxhdr
TCPv6     2432      0   383900   no     192
UDP       1344      0       0   NI       0
TCP       2304      1   383900   {press}     192
"""
    assert is_short(protocols) == (press == "yes")
