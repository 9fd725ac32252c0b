"""Secrets that follow from a gateway's private key."""

from pathlib import Path

from openstackoid.identity.derived import derived
from openstackoid.identity.keys import make, read, write


def test_all_who_have_the_key_have_the_secret(tmp_path: Path) -> None:
    """One for each purpose and length; nobody else has any of them."""
    keys = make()
    write(keys, tmp_path / "keys.json")
    secret = derived(keys.sign, b"one", 32)
    assert derived(read(tmp_path / "keys.json").sign, b"one", 32) == secret
    assert len(secret) == 32
    others = {derived(keys.sign, b"two", 32), derived(make().sign, b"one", 32), secret}
    assert len(others) == 3
