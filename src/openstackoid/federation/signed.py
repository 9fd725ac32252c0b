"""Finds services whose gateway changes a path that clients sign."""

from collections.abc import Iterator

from openstackoid.federation.model import Federation
from openstackoid.services import special


def moved_signed_paths(federation: Federation) -> Iterator[str]:
    """Yield a warning for each address whose path is another one than that of its backend.

    Swift checks a temporary URL by the path that it sees, and clients sign the one that they see.
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
