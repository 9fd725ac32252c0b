"""Permits a connection to another cloud only if its host leads outside, or to an allowed network.

`federation.internal` has the rule.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from openstackoid.federation.internal import Permitted
from openstackoid.gateway.http import ForbiddenAddressError, Resolve


@dataclass(frozen=True, eq=False, slots=True)
class Permit:
    """The decision for each connection (see `gateway.http.outgoing.Permit`); one for each file.

    Connections that an earlier file has permitted are not used any more, as their origins differ.
    """

    permitted: Permitted

    async def __call__(self, host: str, port: int, resolve: Resolve) -> Sequence[str]:
        """Return the IP addresses of a host if all are permitted; raises ForbiddenAddressError."""
        addresses = await resolve(host)
        own = await self._own(port, resolve)
        for address in addresses:
            if fault := self.permitted.fault(address, own):
                raise ForbiddenAddressError(f"{address}, {fault}")
        return addresses

    async def _own(self, port: int, resolve: Resolve) -> list[str]:
        """Return the addresses of this cloud's own backends at a port."""
        own: list[str] = []
        for backend in self.permitted.backends_at(port):
            try:
                own += await resolve(backend)
            except OSError as error:
                here = self.permitted.here
                raise ForbiddenAddressError(
                    f"a port where {here} has a backend, too, whose name can't be resolved now: "
                    f"so it can't be told whether that is meant; mend the backends of {here}"
                ) from error
        return own
