"""Origins of URLs (RFC 6454: scheme, host and port), as requests connects to them."""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv6Address
from urllib.parse import urlsplit

from requests import Request
from requests.exceptions import RequestException
from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request goes, whatever its path."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}"

    @classmethod
    def of(cls, url: str) -> "Origin":
        """Return the origin of a prepared request's URL; raises ValueError if there are two.

        requests prepares a URL by urllib3's parser and connects by that of the standard library:
        what they read differently, or hides its host behind a user's name, has no origin.
        """
        try:
            parts, parsed = urlsplit(url), parse_url(url)
            port = _PORTS[parts.scheme] if parts.port is None else parts.port
            origin = cls(parts.scheme, _host(parts.hostname), port)
            other = (parsed.scheme, _host(parsed.host), parsed.port)
        except (LocationParseError, KeyError) as error:
            raise ValueError("no address of a web server") from error
        plain = url.isascii() and url.isprintable() and not set(url) & {"\\", " "}
        if "@" in parts.netloc or parsed.auth is not None:
            raise ValueError("an address with a user's name")
        if not plain or other != (origin.scheme, origin.host, parts.port):
            raise ValueError("an address that can be read in two ways")
        return origin


def origins(values: Iterable[object]) -> frozenset[Origin]:
    """Return the origins of those values that are URLs, written as people write them."""
    return frozenset(filter(None, map(_origin, values)))


def _origin(value: object) -> Origin | None:
    if not (isinstance(value, str) and value.lower().startswith(("http://", "https://"))):
        return None
    try:
        return Origin.of(Request("GET", value).prepare().url or "")
    except (RequestException, ValueError):
        return None


def _host(host: str | None) -> str:
    """Return a host as it is compared; raises ValueError."""
    name = (host or "").removeprefix("[").removesuffix("]").lower()
    if not name:
        raise ValueError("no address of a web server")
    return str(IPv6Address(name.replace("%25", "%"))) if ":" in name else name
