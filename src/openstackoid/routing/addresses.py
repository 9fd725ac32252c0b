"""Finds the frontend that a URL belongs to, however the URL is written.

`https://Two.Example.Org.:443/compute` is `https://two.example.org/compute`. So is the same with
`http://`, at either scheme's port: services behind a proxy that ends TLS may not know of it.
"""

import re
from functools import lru_cache

from openstackoid.federation import Cloud, Frontend
from openstackoid.federation.model import DEFAULT_PORTS, host_of

_URL = re.compile(
    r"(https?)://([\w.-]{1,254}|\[[0-9a-f:.]+\])(?::(\d{0,5}))?(?=[/?]|\Z)", re.I | re.A
)
"""An absolute URL up to its path, without user and password."""

_OTHER_PORT = {"http": DEFAULT_PORTS["https"], "https": DEFAULT_PORTS["http"]}
"""The port that a URL without one has if its scheme is wrong."""


def frontend_of(cloud: Cloud, url: str) -> tuple[Frontend, str] | None:
    """Return the frontend of a cloud at a URL, and what follows the frontend's address in it.

    None if the URL is none of the cloud's. The longest prefix is meant.
    """
    match = _URL.match(url)
    if match is None or (host := folded(match[2])) is None:
        return None
    scheme, path = match[1].lower(), url[match.end() :]
    port = int(match[3]) if match[3] else DEFAULT_PORTS[scheme]
    found = _at(cloud, host, port, path)
    if found is None and port == DEFAULT_PORTS[scheme]:
        found = _at(cloud, host, _OTHER_PORT[scheme], path)
    return found


def _at(cloud: Cloud, host: str, port: int, rest: str) -> tuple[Frontend, str] | None:
    segments = rest.partition("?")[0].split("/", cloud.prefixes[0] + 1)
    for count in cloud.prefixes:
        prefix = "/".join(segments[: count + 1])
        if (frontend := cloud.at_prefix(host, port, prefix)) is not None:
            return frontend, rest[len(prefix) :]
    return None


@lru_cache(maxsize=256)
def folded(netloc: str) -> str | None:
    """Return the host of `host` or `host:port` as it is compared, None if it is no host."""
    try:
        return host_of(netloc)
    except ValueError:
        return None
