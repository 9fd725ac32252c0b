"""What keeps a gateway from starting is found without starting it."""

from pathlib import Path

import pytest

from openstackoid.federation import loads
from openstackoid.gateway.preflight import faults

SERVES = "backends: {image: 'http://127.0.0.3:9292'}"
FAULTS = {
    "nobody would speak TLS": f"CloudOne: {{frontends: {{image: 'https://one:9292'}}, {SERVES}}}",
    "http and https": (
        "CloudOne: {bind: '127.0.0.2', frontends: {image: {public: 'https://one:9292', "
        f"internal: 'http://two:9292'}}}}, {SERVES}, own: {{certificate: c.pem, key: k.pem}}}}"
    ),
    "can't be used": (
        f"CloudOne: {{frontends: {{image: 'https://one:9292'}}, {SERVES}, "
        "own: {certificate: missing.pem, key: missing.key}}"
    ),
    "missing.yaml can't be read": (
        f"CloudOne: {{frontends: {{image: 'http://one:9292'}}, {SERVES}, "
        "own: {account: missing.yaml}}"
    ),
}


def found(entry: str) -> list[str]:
    return list(faults(loads(f"clouds: {{{entry}}}"), "CloudOne", Path("federation.yaml")))


def test_a_block_list_that_is_broken_is_told(tmp_path: Path) -> None:
    """A gateway does not start with it."""
    (tmp_path / "blocked-CloudOne.json").write_text("[")
    entry = f"CloudOne: {{frontends: {{image: 'http://127.0.0.1:9292'}}, {SERVES}}}"
    described = loads(f"clouds: {{{entry}}}")
    (fault,) = faults(described, "CloudOne", tmp_path / "federation.yaml")
    assert "mend it, or delete it" in fault


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_told_with_the_cloud(
    fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that `federation check` finds it before a reload does."""
    monkeypatch.chdir(tmp_path)
    told = found(FAULTS[fault])
    assert any(fault in one and one.startswith("CloudOne: ") for one in told), told


def test_a_gateway_that_would_start_has_none() -> None:
    """Names of hosts are looked up at the start, not here."""
    assert (
        found(f"CloudOne: {{frontends: {{image: 'http://nowhere.invalid:9292'}}, {SERVES}}}") == []
    )
