"""The Via entry by which a gateway knows a request of another."""

import pytest

from openstackoid.routing.via import ENTRIES, is_via_entry, readable, sender, via_entry


@pytest.mark.parametrize("cloud", ["CloudOne", "a.b-c_1", "7"])
def test_a_via_entry_is_read_as_it_was_written(cloud: str) -> None:
    """For every name that a cloud may have."""
    assert is_via_entry(via_entry(cloud))
    assert sender([via_entry(cloud)]) == cloud


@pytest.mark.parametrize(
    ("values", "cloud"),
    [
        ([], None),
        ([""], None),
        (["1.1 One"], None),
        (["1.1 One (squid)"], None),
        ([f"1.1 {'n' * 65} (openstackoid)"], None),
        (["2 One (openstackoid)"], None),
        (["1.1 One (openstackoid) x"], None),
        (["1.1 One (openstackoid)", "1.1 squid"], "One"),
        (["1.1 squid, 1.1 One (openstackoid)\t,1.1 varnish"], "One"),
        (["1.1 One (openstackoid),1.1 Two (openstackoid)"], "Two"),
        (["1.1 Two (openstackoid)", "1.1 One (openstackoid)"], "One"),
    ],
)
def test_the_origin_is_the_last_gateway(values: list[str], cloud: str | None) -> None:
    """Other proxies may stand between, and may have joined the headers."""
    assert sender(values) == cloud


@pytest.mark.parametrize(
    "values",
    [
        [via_entry("One") + "," * (ENTRIES - 1)],
        [via_entry("One"), *["1.1 squid"] * (ENTRIES - 1)],
        [via_entry("One") + ", 1.1 a" * 9, ", 1.1 b" * (ENTRIES - 11)],
    ],
)
def test_no_more_than_the_last_entries_are_read(values: list[str]) -> None:
    """As many as any way could have; a flood of commas costs no more than they do."""
    assert readable(values)
    assert sender(values) == "One"
    for longer in ([*values[:-1], values[-1] + ","], [*values, ""]):
        assert not readable(longer)
        assert sender(longer) is None
    assert sender([via_entry("One"), "," * 60_000, via_entry("Two")]) == "Two"


def test_a_flood_of_commas_is_not_split(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is looked at is as much as is read, however long the header is."""
    looked_at = []

    class Looking:
        def fullmatch(self, entry: str) -> None:
            looked_at.append(entry)

    monkeypatch.setattr("openstackoid.routing.via._OURS", Looking())
    assert sender(["," * 60_000] * 2) is None
    assert looked_at == [""] * ENTRIES
