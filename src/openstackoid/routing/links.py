"""Rewrites links in an answer of another cloud to addresses of home.

The address of another cloud's frontend becomes the address of the same service's frontend at home,
so a client that reaches only home's gateway can follow every link.
See docs/explanation/design.md#the-way-back.
"""

import re
from collections.abc import Mapping, Set
from urllib.parse import urljoin, urlsplit

from openstackoid.federation import Cloud
from openstackoid.federation.model import PUBLIC, Interface
from openstackoid.routing.addresses import frontend_of
from openstackoid.routing.link_editor import LinkEditor
from openstackoid.routing.projects import in_project
from openstackoid.routing.route import SLASH, has_dot_segment
from openstackoid.routing.value_editor import ValueEditor
from openstackoid.services import special

_PLAIN = re.compile(r"[!-\[\]-~]*")
"""A reference that all clients read in the same way: printable ASCII without a backslash."""

_RELATIVE = re.compile(r"(?!//|[A-Za-z][A-Za-z0-9+.-]*:)")
"""The beginning of a reference that has no host (RFC 3986, section 4.2)."""

_HOST = ("//", "/\\")
"""Beginnings of a reference that clients read as a host, not as a path."""

_UP = re.compile(rf"{SLASH}(\.|%2e){{2}}({SLASH}|[?#]|$)", re.IGNORECASE)
"""The segment ".." as any client may read it."""

_UNSEEN = re.compile(r"[\x00-\x20\x7f]")
"""Characters that clients drop from a URL: `/.<tab>./` is `/../` to them."""

_ESCAPED = re.compile(r"\\(?:u00([0-7][0-9A-Fa-f])|([/nrt]))")
"""An ASCII character as a JSON text may write it."""

_IN_HEADER = re.compile(r'"(?:[^"\\]|\\.)*+"?|<(?P<link>[^<>"]*)>')
"""A quoted parameter or a link of the header Link (RFC 8288, section 3).

An unclosed quote matches up to the end; otherwise many of them would take quadratic time.
"""


class Links:
    """Rewrites the links in answers of one service of a cloud (`theirs`) to those of home (`ours`).

    They become addresses of the interface that the request came in by. `projects` maps the ids of
    projects there to the ids that the client knows; with it, `theirs` may be home itself.
    """

    def __init__(
        self,
        theirs: Cloud,
        ours: Cloud,
        service: str,
        projects: Mapping[str, str] | None = None,
        interface: Interface = PUBLIC,
    ) -> None:
        self.remote = theirs is not ours
        """Whether the answers come from another cloud."""
        self._theirs = theirs
        self._ours = ours
        self._service = service
        self._projects = projects or {}
        self._interface = interface
        self._from = theirs.frontend(service, PUBLIC if self.remote else interface)
        self._to = ours.frontend(service, interface)

    def url(self, value: str) -> str:
        """Return a URL rewritten to home; a URL that is not the cloud's stays as it is.

        A relative one of another cloud that goes up (`..`) becomes the root of the service: within
        the address of home it would lead to another service of home.
        """
        rewritten = self.led(value)
        if rewritten is not None:
            return rewritten
        if self.remote and _RELATIVE.match(value) and _goes_up(value):
            to = None if special(self._service).links_from_root else self._to
            return f"{to.path if to else ''}/"
        return self._relative(value)

    def led(self, value: str, interface: Interface | None = None) -> str | None:
        """Return an absolute URL of the cloud rewritten to home.

        None if the URL is not the cloud's, if home has no frontend for the service, or if clients
        could read its path as another service's. `interface` is the interface to use in place of
        the one that the request came in by.
        """
        found = frontend_of(self._theirs, value)
        if found is None:
            return None
        service, rest = found[0].service, found[1]
        if not self.remote:
            return value.removesuffix(rest) + in_project(rest, service, self._projects)
        here = self._ours.frontend(service, interface or self._interface)
        path = rest.partition("?")[0]
        if here is None or "\\" in path or _UNSEEN.search(path) or has_dot_segment(path):
            return None
        return f"{here}{in_project(rest, service, self._projects)}"

    def header(self, value: str) -> str:
        """Return the value of a header Link (RFC 8288) with all links rewritten to home."""
        return _IN_HEADER.sub(self._in_header, value)

    def _in_header(self, match: re.Match[str]) -> str:
        link = match["link"]
        return match[0] if link is None else f"<{self.url(link)}>"

    def _relative(self, value: str) -> str:
        if self._from is None or self._to is None or special(self._service).links_from_root:
            return value
        old, new = self._from.path, self._to.path
        rest = self._from.rest(value)
        if rest is None or not (old or rest.startswith("/")):
            return value
        if not new and rest.startswith(_HOST):
            return value
        return new + in_project(rest, self._service, self._projects)

    def redirection(self, location: str, path: str) -> str | None:
        """Return the `Location` of a redirection rewritten to home, None if it must be refused.

        A redirection must stay within its service, because clients follow it with their token, and
        home has other services. `path` is the path of the request to the cloud, with its query.
        """
        return self._within(frozenset({self._service}), location, path)

    def resource(self, location: str, path: str) -> str | None:
        """Return the `Location` of a resource rewritten to home, None if it must be left out.

        It belongs to the service, or to one that it calls: an image that nova makes is glance's.
        """
        if has_dot_segment("/" + location.partition("?")[0]):
            return None
        services = special(self._service).calls | {self._service}
        return self._within(services, location, path)

    def _within(self, services: Set[str], location: str, path: str) -> str | None:
        if self._from is None or not _PLAIN.fullmatch(location):
            return None
        base = f"{self._from.scheme}://{self._from.netloc}"
        relative = _RELATIVE.match(location) is not None
        url = urljoin(f"{base}{path}", location) if relative else location
        rewritten = self.led(url)
        if rewritten is None or not (
            _serves(services, self._theirs, url) and _serves(services, self._ours, rewritten)
        ):
            return None
        if relative:  # stays relative, to the address that the client uses for home
            return urlsplit(rewritten)._replace(scheme="", netloc="").geturl() or "/"
        return rewritten

    def edit(self, values: Mapping[str, bytes] | None = None) -> LinkEditor | ValueEditor:
        """Return an editor for one JSON body; it also replaces the `values` of some keys."""
        moved = self._from and self._to and self._from.path != self._to.path
        relative = not special(self._service).links_from_root and bool(moved or self._projects)
        editor = LinkEditor(self.url, relative=relative)
        return ValueEditor(values, editor) if values else editor


def _serves(services: Set[str], cloud: Cloud, url: str) -> bool:
    """Return whether a URL is of one of the services in a cloud, and its rest is not a host."""
    found = frontend_of(cloud, url)
    return found is not None and found[0].service in services and not found[1].startswith("//")


def _goes_up(value: str) -> bool:
    """Return whether any client may read ".." as a segment of a link's path.

    The link is as it stands in a header, or in the text of a JSON string.
    """
    if value.count(".") + value.count("%2") < 2 and "\\" not in value:
        return False  # as most links, which is found faster
    plain = _ESCAPED.sub(_unescaped, value)
    return _UP.search("/" + _UNSEEN.sub("", plain).partition("?")[0]) is not None


def _unescaped(found: re.Match[str]) -> str:
    if found[1]:
        return chr(int(found[1], 16))
    return "/" if found[2] == "/" else ""  # clients drop the others
