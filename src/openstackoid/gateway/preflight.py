"""Checks before a start whether a gateway's listeners, keys, certificates and account will work."""

from collections.abc import Iterator
from pathlib import Path

from openstackoid.federation import Federation
from openstackoid.federation.blocked import BlockedError, blocked_file, read_blocked
from openstackoid.gateway.admission.peers import Peers, PeersError
from openstackoid.gateway.admission.replay import UsedSignatures
from openstackoid.gateway.listeners import ListenError, listeners_of
from openstackoid.gateway.trust import service_account as account
from openstackoid.gateway.trust.service_account import AccountError


def faults(federation: Federation, name: str, file: Path) -> Iterator[str]:
    """Yield the faults that keep a gateway from starting or from accepting foreign tokens.

    `file` is the federation file.
    """
    cloud = federation.clouds[name]
    hosts = {frontend.url.host for frontend in cloud.addresses}
    try:
        listeners_of(cloud, {host: [host] for host in hosts})  # names are resolved at the start
    except ListenError as error:
        yield f"{name}: {error}"
    try:
        Peers(federation, name, UsedSignatures())
    except PeersError as error:
        yield f"{name}: {error}"
    try:
        read_blocked(blocked_file(federation, name, file))
    except BlockedError as error:
        yield f"{name}: {error}"
    if cloud.trust or cloud.own.account:
        try:
            account.read(cloud.own.account, name)
        except AccountError as error:
            yield f"{name}: {error}"
