"""The stamp by which a gateway knows a request of another."""

import pytest

from openstackoid.routing.via import is_stamp, origin, stamp


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
