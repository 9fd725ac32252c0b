"""What the gateways of a lab are told; nothing runs."""

import pytest

from openstackoid.federation import load
from openstackoid.identity import keys
from openstackoid.lab import Lab, addresses, databases, state


@pytest.mark.parametrize(("front", "proxies"), [("gateway", []), ("haproxy", ["127.0.0.1/32"])])
def test_a_gateway_behind_haproxy_knows_it(tmp_path, front, proxies):
    """And believes nobody else who the client is."""
    known = state.State(addresses.network("127.7.0.0/16")).behind(front)
    for name in ("A", "B"):
        known = known.having(name, tmp_path, ())
    state.save(tmp_path, known)
    for cloud in known.clouds:
        cloud.directory.mkdir()
        databases.make_passwords(cloud)
        keys.write(keys.make(), cloud.keys)
    Lab(tmp_path)._write_federations()
    for cloud in known.clouds:
        told = load(cloud.federation).clouds
        assert {name: [str(p) for p in c.own.proxies] for name, c in told.items()} == {
            "A": [],
            "B": [],
            cloud.name: proxies,
        }
        assert cloud.haproxy.exists() == (front == "haproxy")
