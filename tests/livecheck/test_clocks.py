"""Whose clock is off."""

import pytest

from openstackoid.livecheck.clocks import faults

AHEAD = "its clock is {} s ahead of most others; let it follow NTP"
DIFFER = "its clock and ours differ by {} s; let both follow NTP"


@pytest.mark.parametrize(
    ("clocks", "told"),
    [
        ({}, []),
        ({"One": {}}, []),
        ({"One": {"its gateway": 14.0, "image": -15.0}}, []),
        ({"One": {"image": 0.0}, "Two": {"image": 31.0}}, [f"Two: image: {AHEAD.format(31)}"]),
        # Nobody knows whose it is.
        ({"One": {"image": 300.0}}, [f"One: image: {DIFFER.format(300)}"]),
        (
            {"One": {"image": 300.0}, "Two": {"image": -300.0}},
            [f"One: image: {DIFFER.format(300)}", f"Two: image: {DIFFER.format(300)}"],
        ),
        (
            {"One": {"image": -60.0}, "Two": {"image": -61.0}, "Three": {"image": 40.0}},
            [
                f"One: image: {DIFFER.format(60)}",
                f"Two: image: {DIFFER.format(61)}",
                f"Three: image: {DIFFER.format(40)}",
            ],
        ),
        # The service of the same cloud is right, and so is this machine.
        (
            {"One": {"its gateway": 300.0, "image": 1.0}},
            [f"One: its gateway: {AHEAD.format(300)}"],
        ),
        (
            {"One": {"its gateway": -300.0, "image": 0.0, "compute": 1.0}, "Two": {"image": 0.0}},
            ["One: its gateway: its clock is 300 s behind most others; let it follow NTP"],
        ),
        # All of one cloud.
        (
            {"One": {"its gateway": 90.0, "image": 91.0}, "Two": {"its gateway": 0.0}},
            [f"One: its gateway: {AHEAD.format(90)}", f"One: image: {AHEAD.format(91)}"],
        ),
        # This machine's own.
        (
            {"One": {"its gateway": 300.0}, "Two": {"its gateway": 301.0, "image": 300.0}},
            ["this machine: its clock is 300 s behind most clouds'; let it follow NTP"],
        ),
        (
            {"One": {"a": -60.0}, "Two": {"a": -61.0}, "Three": {"a": -60.0}, "Four": {"a": 0.0}},
            [
                "this machine: its clock is 60 s ahead of most clouds'; let it follow NTP",
                f"Four: a: {AHEAD.format(60)}",
            ],
        ),
    ],
)
def test_whose_clock_is_off(clocks: dict[str, dict[str, float]], told: list[str]) -> None:
    """Said where more than half agree; each cloud has one vote, and so has this machine."""
    assert list(faults(clocks)) == told
