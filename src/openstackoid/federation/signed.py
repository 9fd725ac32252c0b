"""Finds frontends whose gateway would change a path that clients sign (Swift's temporary URLs)."""

from collections.abc import Iterator

from openstackoid.federation.model import Federation
from openstackoid.services import special


def moved_signed_paths(federation: Federation) -> Iterator[str]:
    """Yield a warning for each frontend with signed paths whose backend has another path.

    Clients sign the path that they see, and Swift checks the signature against the path it gets.
    """
    for name, cloud in federation.clouds.items():
        for frontend in cloud.addresses:
            behind = cloud.backend(frontend.service, frontend.interface)
            signed = special(frontend.service).signed_paths
            if signed and behind is not None and behind.path != frontend.url.path:
                yield (
                    f"{frontend.service} of {name} is at {frontend.url}, and its backend has "
                    f'another path, "{behind.path or "/"}": temporary URLs that are signed for the '
                    "one are refused at the other; give both the same path, or let clients sign "
                    "the backend's"
                )
