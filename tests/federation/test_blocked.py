"""The file of what an operator has blocked."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from openstackoid.federation import loads
from openstackoid.federation.blocked import (
    Blocked,
    BlockedError,
    blocked_file,
    change_blocked,
    network,
    read_blocked,
)


def test_what_is_blocked_is_read_as_it_was_written(tmp_path: Path) -> None:
    """The first time and reason stay, and no file blocks nothing."""
    file = tmp_path / "blocked.json"
    assert read_blocked(file) == Blocked()
    change_blocked(file, lambda blocked: blocked.having("user", "mallory", why="first"))
    change_blocked(file, lambda blocked: blocked.having("user", "mallory", why="second"))
    assert read_blocked(file).user["mallory"].why == "first"
    change_blocked(file, lambda blocked: blocked.without("user", "mallory"))
    assert read_blocked(file) == Blocked()


def test_two_commands_at_once_lose_nothing(tmp_path: Path) -> None:
    """The one waits for the other."""
    file = tmp_path / "blocked.json"
    names = [f"u{n}" for n in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: change_blocked(file, lambda b: b.having("user", name)), names))
    assert sorted(read_blocked(file).user) == sorted(names)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "mend it"),
        ("[]", "mend it"),
        ('{"users": {}}', "users"),
        ('{"user": {"a": {}}}', "user.a.since"),
        ('{"address": {"192.0.2": {"since": ""}}}', "192.0.2"),
        ('{"address": {"0.0.0.0/0": {"since": ""}}}', "everybody"),
    ],
)
def test_a_file_that_is_none_is_told(tmp_path: Path, text: str, told: str) -> None:
    """With its name and the place."""
    file = tmp_path / "blocked.json"
    file.write_text(text)
    with pytest.raises(BlockedError, match=told) as caught:
        read_blocked(file)
    assert str(caught.value).startswith(str(file))


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """It is not taken for an empty one."""
    with pytest.raises(BlockedError, match="can't be read"):
        read_blocked(tmp_path)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("192.0.2.1", "192.0.2.1/32"),
        ("192.0.2.0/24", "192.0.2.0/24"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8::1/128", "2001:db8::1/128"),
    ],
)
def test_an_address_stands_for_a_network(text: str, shown: str) -> None:
    """One of IPv6 for all that its host can take."""
    assert str(network(text)) == shown


@pytest.mark.parametrize(
    "text", ["", "x", "::/0", "fe80::1%eth0", "::ffff:192.0.2.1", "::ffff:0:0/96"]
)
def test_what_no_client_has_is_no_address(text: str) -> None:
    """It would block nobody, or everybody."""
    with pytest.raises(ValueError, match=r"."):
        network(text)


def test_each_cloud_has_a_file(tmp_path: Path) -> None:
    """Beside the federation file, unless it names one."""
    file = tmp_path / "federation.yaml"
    frontends = 'frontends: {image: "http://NAME"}'
    one, two = (f"{{{frontends.replace('NAME', name)}" for name in ("one", "two"))
    text = f"clouds: {{One: {one}}}, Two: {two}, own: {{blocked: b.json}}}}}}"
    federation = loads(text, str(file))
    assert blocked_file(federation, "One", file) == tmp_path / "blocked-One.json"
    assert blocked_file(federation, "Two", file) == tmp_path / "b.json"
