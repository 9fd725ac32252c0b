"""Links in an answer of another cloud, led back through home.

Whoever reaches only the home gateway can follow every link: the address of another cloud's
frontend becomes that of the same service's frontend at home. Bodies are edited as they pass, and
all bytes but the addresses stay as they are. See docs/explanation/design.md#the-way-back.
"""

import re
from collections.abc import Iterator, Mapping
from urllib.parse import urljoin, urlsplit

from openstackoid.federation import Cloud
from openstackoid.federation.model import PUBLIC
from openstackoid.routing.projects import in_project
from openstackoid.routing.route import DOT_SEGMENT
from openstackoid.services import special

_KEYS = ("first", "href", "last", "next", "previous", "self")
"""Keys of links in OpenStack's APIs: nova's `links`, neutron's `*_links`, keystone's `links`."""

_KEY = re.compile(rb'"(?:%s)"\s{0,4}:\s{0,4}"\Z' % "|".join(_KEYS).encode())
_KEY_LENGTH = max(map(len, _KEYS)) + 12
"""Bytes from the quote before a key to the one before its value."""

_PLAIN = re.compile(r"[!-\[\]-~]*")
"""A reference that all clients read in one way: ASCII, no backslash, nothing unseen."""

_RELATIVE = re.compile(r"(?!//|[A-Za-z][A-Za-z0-9+.-]*:)")
"""How a reference without a host of its own begins."""

_HOST = ("//", "/\\")
"""What a path must not begin with, or it is a host."""

_REACH = 512
"""Bytes of a link in which the id of a project is looked for."""


class Links:
    """What replaces what, in the answers of one service of another cloud.

    `projects` are ids of projects there to those that whoever asks knows them by.
    """

    def __init__(
        self, theirs: Cloud, ours: Cloud, service: str, projects: Mapping[str, str] | None = None
    ) -> None:
        self.abroad = theirs is not ours
        """Whether the answers are another cloud's."""
        self._theirs = theirs
        self._ours = ours
        self._service = service
        self._projects = projects or {}
        self._new: dict[str, str] = {}
        for frontend in theirs.addresses:
            here = ours.frontend(frontend.service, frontend.interface)
            if here is not None:
                self._new[str(frontend.url)] = str(here)
        there, here = theirs.frontend(service, PUBLIC), ours.frontend(service, PUBLIC)
        if there and here and not special(service).links_from_root:
            self._new[there.path] = here.path

    def url(self, value: str) -> str:
        """Return a link, a Location or an endpoint as it leads through home."""
        for old in sorted(self._new, key=len, reverse=True):
            rest = value[len(old) :]
            ends = rest.startswith("/") or (old and rest[:1] in {"", "?"})
            if value.startswith(old) and ends and (self._new[old] or not rest.startswith(_HOST)):
                return self._new[old] + in_project(rest, self._service, self._projects)
        return value

    def redirection(self, location: str, path: str) -> str | None:
        """Return where a redirect leads through home, None if it must lead nobody anywhere.

        It may not leave the service it comes from: clients follow it, with the token of their home,
        and home has other services. `path` is that of the request there, with its query.
        """
        there = self._theirs.frontend(self._service, PUBLIC)
        if there is None or not _PLAIN.fullmatch(location):
            return None
        relative = _RELATIVE.match(location) is not None
        url = urljoin(f"{there.scheme}://{there.netloc}{path}", location) if relative else location
        through = self.url(url)
        if not self._is_at(self._theirs, url) or not self._is_at(self._ours, through):
            return None
        if relative:  # by the address that the client has of home
            return urlsplit(through)._replace(scheme="", netloc="").geturl() or "/"
        return through

    def _is_at(self, cloud: Cloud, url: str) -> bool:
        """Tell whether a URL is the service's in a cloud, and can be read as no other one's."""
        for frontend in cloud.addresses:
            rest = url.removeprefix(str(frontend.url))
            if rest != url and rest[:1] in {"", "/", "?"}:
                odd = rest.startswith("//") or DOT_SEGMENT.search(rest.partition("?")[0])
                return frontend.service == self._service and not odd
        return False

    def edit(self) -> "Editor":
        """Return an editor for one body."""
        return Editor(_encoded(self._new), _encoded(self._projects))


def _encoded(texts: Mapping[str, str]) -> dict[bytes, bytes]:
    return {old.encode(): new.encode() for old, new in texts.items()}


class Editor:
    """Edits one JSON body piece by piece; holds back no more than what of a link may change.

    A key and its value are found by their quotes: within a JSON string those are escaped, so that
    nothing in a text is taken for a link.
    """

    def __init__(self, new: Mapping[bytes, bytes], projects: Mapping[bytes, bytes]) -> None:
        self._new = new
        self._projects = projects
        self._longest = _KEY_LENGTH + max(map(len, new), default=0) + 1
        if projects:
            self._longest += _REACH + max(map(len, projects)) + 1
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """Return what of the body is certain by now."""
        self._held += data
        return b"".join(self._edited(len(self._held) - self._longest))

    def end(self) -> bytes:
        """Return the rest."""
        return b"".join(self._edited(len(self._held)))

    def _edited(self, until: int) -> Iterator[bytes]:
        """Yield the body up to `until`, or to the end of a link that begins before it."""
        position = 0
        for key, start, old, new in sorted((*self._links(), *self._ids())):
            if key >= until:
                break
            yield self._held[position:start]
            yield new
            position = start + len(old)
        if position < until:
            yield self._held[position:until]
            position = until
        self._held = self._held[position:]

    def _links(self) -> Iterator[tuple[int, int, bytes, bytes]]:
        """Yield where the key of each link begins, where its address begins, old and new address.

        Addresses are looked for first, the key before them only then: most of a body is neither.
        """
        held = self._held
        for old in self._new:
            # Of a path alone only what follows tells that it is a link; an empty value is none.
            ends = (b"/", b"?", b'"') if old else (b"/",)
            quote = held.find(b'"' + old)
            while quote >= 0:
                start = quote + 1
                end = start + len(old)
                to_host = not self._new[old] and held.startswith((b"//", b"/\\"), end)
                if held.startswith(ends, end) and not to_host:
                    key = _KEY.search(held, max(0, start - _KEY_LENGTH), start)
                    if key:
                        yield key.start(), start, old, self._new[old]
                quote = held.find(b'"' + old, start)

    def _ids(self) -> Iterator[tuple[int, int, bytes, bytes]]:
        """Yield the same of each project id that is a part of a link's path."""
        held = self._held
        for old, new in self._projects.items():
            for prefix in (b"/", b"/AUTH_"):
                slash = held.find(prefix + old)
                while slash >= 0:
                    start = slash + len(prefix)
                    if held.startswith((b"/", b"?", b'"'), start + len(old)):
                        value = held.rfind(b'"', max(0, slash - _REACH), slash) + 1
                        key = _KEY.search(held, max(0, value - _KEY_LENGTH), value)
                        if value and key:
                            yield key.start(), start, old, new
                    slash = held.find(prefix + old, start)
