"""Finds the frontend of a URL, however the URL is written.

`https://Two.Example.Org.:443/compute` is `https://two.example.org/compute`. The same URL with
`http://` and either scheme's default port is found, too: services behind a proxy that terminates
TLS may write the wrong scheme.
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
"""By the scheme of a URL, the default port of the other scheme."""


def frontend_of(cloud: Cloud, url: str) -> tuple[Frontend, str] | None:
    """Return the frontend of a cloud that a URL belongs to, and the rest of the URL behind it.

    None if the URL is not one of the cloud's. The longest prefix wins.
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
    """Return the normalised host of `host` or `host:port`, None if it is not a host."""
    try:
        return host_of(netloc)
    except ValueError:
        return None
