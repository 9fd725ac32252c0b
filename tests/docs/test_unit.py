"""The systemd unit: it has no right that it does not need, and is at the paths of the how-to."""

import re
from collections import defaultdict
from pathlib import Path

import pytest

from openstackoid.gateway.settings import Settings
from openstackoid.journal.link import CLOSE

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "contrib" / "openstackoid-gateway.service"
HOW_TO = (ROOT / "docs" / "how-to" / "gateway.md").read_text()


def service() -> dict[str, list[str]]:
    """Return the values of each key of the unit's section Service, in their order."""
    found: dict[str, list[str]] = defaultdict(list)
    section = ""
    for line in UNIT.read_text().splitlines():
        if line.startswith("["):
            section = line
        elif section == "[Service]" and line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found[key].append(value)
    return found


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("NoNewPrivileges", "yes"),
        ("CapabilityBoundingSet", ""),
        ("ProtectSystem", "strict"),
        ("ProtectHome", "yes"),
        ("PrivateTmp", "yes"),
        ("PrivateDevices", "yes"),
        ("PrivateUsers", "yes"),
        ("RestrictAddressFamilies", "AF_INET AF_INET6 AF_UNIX"),
        ("SystemCallArchitectures", "native"),
        ("MemoryDenyWriteExecute", "yes"),
    ],
)
def test_the_gateway_has_no_right_that_it_does_not_need(key: str, value: str) -> None:
    """Whoever gets into it gets no further; nothing later in the unit takes that back."""
    assert service()[key] == [value]


def test_the_gateway_calls_what_a_network_service_calls() -> None:
    """And of that nothing for which one has to be root; it writes to its own directory alone."""
    assert service()["SystemCallFilter"] == ["@system-service", "~@privileged"]
    assert "AmbientCapabilities" not in service()
    assert "ReadWritePaths" not in service()
    assert service()["StateDirectory"] == ["openstackoid"]


def test_the_unit_is_at_the_paths_of_the_how_to() -> None:
    """Whoever follows the page has the program, the file and the unit where systemd looks."""
    program = service()["ExecStart"][0].split()[0]
    assert f"python3 -m venv {Path(program).parents[1]}\n" in HOW_TO
    environment = dict(one.split("=", 1) for one in service()["Environment"])
    federation = Path(environment["OPENSTACKOID_FEDERATION"])
    assert f"sudo install -m 0644 federation.yaml {federation.parent}/" in HOW_TO
    assert re.search(rf"{UNIT.relative_to(ROOT)} /etc/systemd/system/", HOW_TO)


def test_systemd_waits_until_requests_are_done() -> None:
    """Otherwise it would kill the gateway while requests may still go on."""
    drained = Settings.__dataclass_fields__["drain_timeout"].default
    assert isinstance(drained, float)
    assert int(service()["TimeoutStopSec"][0]) > drained + CLOSE
