"""Leads links in an answer of another cloud back through home.

Whoever reaches only the home gateway can follow every link: an address of another cloud's frontend
becomes that of the same service's frontend at home. See docs/explanation/design.md#the-way-back.
"""

import re
from collections.abc import Mapping
from urllib.parse import urljoin, urlsplit

from openstackoid.federation import Cloud
from openstackoid.federation.model import PUBLIC, Interface
from openstackoid.routing.addresses import frontend_of
from openstackoid.routing.link_editor import LinkEditor
from openstackoid.routing.projects import in_project
from openstackoid.routing.route import has_dot_segment
from openstackoid.services import special

_PLAIN = re.compile(r"[!-\[\]-~]*")
"""A reference that all clients read in one way: ASCII, no backslash, nothing unseen."""

_RELATIVE = re.compile(r"(?!//|[A-Za-z][A-Za-z0-9+.-]*:)")
"""How a reference without a host of its own begins."""

_HOST = ("//", "/\\")
"""What a path must not begin with, or it is a host."""

_IN_HEADER = re.compile(r'"(?:[^"\\]|\\.)*+"?|<(?P<link>[^<>"]*)>')
"""A quoted parameter or a link of the header Link (RFC 8288, section 3).

A quote that nothing closes goes to the end, or many of them would be looked through many times.
"""


class Links:
    """Replaces addresses in the answers of one service of another cloud.

    They become addresses of the interface at home by which the request came. `projects` maps ids of
    projects there to those that the client knows them by; with it, the cloud may be home itself.
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
        """Whether the answers are another cloud's."""
        self._theirs = theirs
        self._ours = ours
        self._service = service
        self._projects = projects or {}
        self._interface = interface
        self._from = theirs.frontend(service, PUBLIC if self.remote else interface)
        self._to = ours.frontend(service, interface)

    def url(self, value: str) -> str:
        """Return a URL as it leads through home; what is no address of the cloud stays."""
        led = self.led(value)
        return self._relative(value) if led is None else led

    def led(self, value: str, interface: Interface | None = None) -> str | None:
        """Return an absolute URL of the cloud as it leads through home.

        None if it is none of the cloud's, home does not have the service, or some client might take
        it for another one's. `interface` is the one to lead to in place of the one that was asked.
        """
        found = frontend_of(self._theirs, value)
        if found is None:
            return None
        service, rest = found[0].service, found[1]
        if not self.remote:
            return value.removesuffix(rest) + in_project(rest, service, self._projects)
        here = self._ours.frontend(service, interface or self._interface)
        path = rest.partition("?")[0]
        if here is None or "\\" in path or has_dot_segment(path):
            return None
        return f"{here}{in_project(rest, service, self._projects)}"

    def header(self, value: str) -> str:
        """Return the value of a header Link (RFC 8288), all its links led through home."""
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
        """Return where a redirect leads through home, None if it must lead nobody anywhere.

        It may not leave the service it comes from: clients follow it, with the token of their home,
        and home has other services. `path` is that of the request there, with its query.
        """
        if self._from is None or not _PLAIN.fullmatch(location):
            return None
        base = f"{self._from.scheme}://{self._from.netloc}"
        relative = _RELATIVE.match(location) is not None
        url = urljoin(f"{base}{path}", location) if relative else location
        through = self.led(url)
        if through is None or not (
            self._serves(self._theirs, url) and self._serves(self._ours, through)
        ):
            return None
        if relative:  # by the address that the client has of home
            return urlsplit(through)._replace(scheme="", netloc="").geturl() or "/"
        return through

    def _serves(self, cloud: Cloud, url: str) -> bool:
        """Tell whether a URL is the service's in a cloud, its path none that could be a host."""
        found = frontend_of(cloud, url)
        return (
            found is not None
            and found[0].service == self._service
            and not found[1].startswith("//")
        )

    def edit(self) -> LinkEditor:
        """Return an editor for one body of JSON."""
        moved = self._from and self._to and self._from.path != self._to.path
        relative = not special(self._service).links_from_root and bool(moved or self._projects)
        return LinkEditor(self.url, relative=relative)
