"""The stamp by which a gateway knows a request of another."""

import pytest

from openstackoid.routing.via import ENTRIES, is_stamp, origin, readable, stamp


@pytest.mark.parametrize("cloud", ["CloudOne", "a.b-c_1", "7"])
def test_a_stamp_is_read_as_it_was_written(cloud: str) -> None:
    """For every name that a cloud may have."""
    assert is_stamp(stamp(cloud))
    assert origin([stamp(cloud)]) == cloud


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
    assert origin(values) == cloud


@pytest.mark.parametrize(
    "values",
    [
        [stamp("One") + "," * (ENTRIES - 1)],
        [stamp("One"), *["1.1 squid"] * (ENTRIES - 1)],
        [stamp("One") + ", 1.1 a" * 9, ", 1.1 b" * (ENTRIES - 11)],
    ],
)
def test_no_more_than_the_last_entries_are_read(values: list[str]) -> None:
    """As many as any way could have; a flood of commas costs no more than they do."""
    assert readable(values)
    assert origin(values) == "One"
    for longer in ([*values[:-1], values[-1] + ","], [*values, ""]):
        assert not readable(longer)
        assert origin(longer) is None
    assert origin([stamp("One"), "," * 60_000, stamp("Two")]) == "Two"


def test_a_flood_of_commas_is_not_split(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is looked at is as much as is read, however long the header is."""
    looked_at = []

    class Looking:
        def fullmatch(self, entry: str) -> None:
            looked_at.append(entry)

    monkeypatch.setattr("openstackoid.routing.via._OURS", Looking())
    assert origin(["," * 60_000] * 2) is None
    assert looked_at == [""] * ENTRIES
