"""Reads and writes the file of what a cloud's operator has blocked at its gateway.

{"cloud": {"CloudTwo": {"since": "2026-01-31T12:00:00Z", "why": "…"}}, "user": {}, "address": {},
"key": {}}
"""

import fcntl
import os
from collections.abc import Callable
from datetime import UTC, datetime
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from pydantic import Field, ValidationError

from openstackoid import files
from openstackoid.federation.base import Model
from openstackoid.federation.model import Federation

Kind: TypeAlias = Literal["cloud", "user", "address", "key"]
KINDS: tuple[Kind, ...] = get_args(Kind)


_ONE_HOST = 64
"""The length of the prefix of the network in which one host can take any address (RFC 4291)."""


class BlockedError(Exception):
    """The file cannot be used; the message says why, and what to do."""


class Entry(Model):
    """When somebody was blocked, and why."""

    since: str
    why: str = ""


class Blocked(Model):
    """What is blocked: clouds by name, users by name, id or fingerprint, addresses, networks, keys.

    A key has the id by which proofs and assertions name it.
    """

    cloud: dict[str, Entry] = Field(default_factory=dict)
    user: dict[str, Entry] = Field(default_factory=dict)
    address: dict[str, Entry] = Field(default_factory=dict)
    key: dict[str, Entry] = Field(default_factory=dict)

    def having(self, kind: Kind, *names: str, why: str = "") -> "Blocked":
        """Return the list with more entries, blocked now; an older one of such a name stays."""
        since = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        entries = {name: Entry(since=since, why=why) for name in names} | getattr(self, kind)
        return self.model_copy(update={kind: entries})

    def without(self, kind: Kind, *names: str) -> "Blocked":
        """Return the list without some entries."""
        entries = {n: entry for n, entry in getattr(self, kind).items() if n not in names}
        return self.model_copy(update={kind: entries})


def blocked_file(federation: Federation, cloud: str, file: Path) -> Path:
    """Return the file of what a cloud blocks; without `own.blocked` it is beside the federation's.

    `file` is the federation file.
    """
    return federation.clouds[cloud].own.blocked or file.with_name(f"blocked-{cloud}.json")


def read_blocked(file: Path) -> Blocked:
    """Return what a file blocks, nothing if there is no such file; raises BlockedError."""
    try:
        blocked = Blocked.model_validate_json(file.read_text(encoding="utf-8"))
        for text in blocked.address:
            network(text)
    except FileNotFoundError:
        return Blocked()
    except (OSError, ValueError) as error:
        raise BlockedError(f"{file}: {_reason(error)}; mend it, or delete it") from error
    return blocked


def change_blocked(file: Path, change: Callable[[Blocked], Blocked]) -> None:
    """Read a file, change what it blocks, and write it; raises BlockedError.

    Another command that changes it at the same time waits.
    """
    try:
        directory = os.open(file.resolve().parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(directory, fcntl.LOCK_EX)
            changed = change(read_blocked(file))
            new = not file.exists()
            files.replace(file, changed.model_dump_json(indent=1) + "\n")
            if new:  # root writes it, perhaps for himself alone, and the gateway reads it
                file.chmod(0o644)
        finally:
            os.close(directory)
    except OSError as error:
        raise BlockedError(f"{file}: can't be written: {error.strerror}") from error


def network(text: str) -> IPv4Network | IPv6Network:
    """Return the network that an address or a network in a text stands for; raises ValueError.

    An address of IPv6 stands for its /64 network: one host can take any address of it.
    """
    found = ip_network(text)
    if found.prefixlen == 0:
        raise ValueError(f"{text} is everybody")
    if isinstance(found, IPv6Network):
        if "%" in text or found.network_address.ipv4_mapped is not None:
            raise ValueError(f"{text} is no address that a client has")
        if "/" not in text:
            return found.supernet(new_prefix=_ONE_HOST)
    return found


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, OSError):
        return f"can't be read: {error.strerror}"
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        return f"{place}: {first['msg']}" if place else first["msg"]
    return str(error)
