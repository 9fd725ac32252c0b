"""Links and redirections of the hostile cloud: clients follow them by themselves, token and all."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from client.fake import SERVICES, VERSIONS, Raw, Request
from hostile.attack import Attack, Reply, leading
from hostile.clients import Script
from hostile.ids import checked
from hostile.stage import BASES, Stage
from openstack.connection import Connection

USERS = "/identity/v3/users"
IMAGES = "/image/v2/images"

Target = Callable[[Stage], str]
"""An address to which a link may lead."""


def _host(url: str) -> str:
    return urlsplit(url).netloc


ELSEWHERE: dict[str, Target] = {
    "another cloud": lambda s: f"{s.friend.url}/image/v2/images?x",
    "another service of home": lambda s: f"{s.url}{USERS}",
    "home's user's name": lambda s: f"http://{_host(s.url)}@{_host(s.friend.url)}{USERS}",
    "home with a user's name": lambda s: f"http://alice:x@{_host(s.url)}{USERS}",
    "no scheme": lambda s: f"//{_host(s.friend.url)}{USERS}",
    "no scheme, backslashes": lambda s: f"\\\\{_host(s.friend.url)}{USERS}",
    "a slash and a backslash": lambda s: f"/\\{_host(s.friend.url)}{USERS}",
    "backslashes": lambda s: f"http:\\\\{_host(s.friend.url)}{USERS}",
    "a backslash before the at": lambda s: f"{s.friend.url}\\@{_host(s.url)}{USERS}",
    "three slashes": lambda s: f"http:///{_host(s.friend.url)}{USERS}",
    "capitals": lambda s: f"HTTP://{_host(s.friend.url)}{USERS}",
    "a path of home": lambda _: USERS,
    "steps": lambda _: f"../..{USERS}",
    "encoded steps": lambda _: f"%2e%2e/%2e%2e{USERS}",
    "steps from its own": lambda s: f"{s.evil.url}/image/v2/../..{USERS}",
    "encoded steps from its own": lambda s: f"{s.evil.url}/image/v2/%2e%2e/%2E.{USERS}",
    "encoded slashes from its own": lambda s: f"{s.evil.url}/image/v2/..%2f..{USERS}",
    "backslashes from its own": lambda s: f"{s.evil.url}/image/v2/..\\..{USERS}",
    "its own other service": lambda s: f"{s.evil.url}{USERS}",
}
"""By name: where nobody may be led who has asked for images."""

NOWHERE: dict[str, Target] = {
    "https": lambda s: f"https://{_host(s.friend.url)}{USERS}",
    "a file": lambda _: "file:///etc/passwd",
    "ftp": lambda s: f"ftp://{_host(s.friend.url)}/",
    "a script": lambda _: "javascript:alert(1)",
    "data": lambda _: "data:application/json,{}",
    "a name": lambda _: "http://home.invalid./image",
    "no port": lambda _: "http://127.0.0.1:99999/image",
    "IPv6": lambda _: "http://[::ffff:127.0.0.1]:1/image",
    "no URL": lambda _: "http://[::/image",
}
"""By name: where a client that goes there finds nothing that could tell."""

FOLLOWED = frozenset(ELSEWHERE) - {
    "no scheme, backslashes",
    "a slash and a backslash",
    "backslashes",
    "steps",
    "three slashes",
    "encoded steps",
    "steps from its own",
    "encoded steps from its own",
    "encoded slashes from its own",
    "backslashes from its own",
}
FOLLOWS = {"script": "a client without our plugin follows links in bodies (docs/security.md)"}
DISCOVERS = {"openstack": "discovery by barbicanclient follows a version's link within home (GET)"}
"""Why some rows are open."""


PAGES = 2
"""After so many there is no next, wherever a client has looked for it."""


def pages(link: str) -> Reply:
    """Answer each list with a page, and a link to a last one in all ways that clients know."""
    link += "&marker=i" if "?" in link else "?marker=i"
    answered: list[Request] = []

    def reply(request: Request) -> tuple[int, Any] | None:
        path = request.path.partition("?")[0].rstrip("/")
        if request.method != "GET" or path in VERSIONS or len(answered) == PAGES:
            return None
        answered.append(request)
        name = path.removesuffix("/detail").rsplit("/", 1)[-1]
        items = [{"id": "i", "uuid": "i", "name": "n", "status": "ACTIVE", "addresses": {}}]
        links = [{"rel": "next", "href": link}]
        more = {f"{name}_links": links, "next": link, "links": {"next": link}, "first": link}
        return 200, {name: items, **more, "schema": link, "self": link}

    return reply


def versions(link: str) -> Reply:
    """Answer with version documents whose every version is at another address."""

    def reply(request: Request) -> tuple[int, Any] | None:
        path = request.path.partition("?")[0].rstrip("/")
        if request.method != "GET" or path not in VERSIONS:
            return None
        links = [{"rel": rel, "href": link} for rel in ("self", "collection")]
        version = {"id": VERSIONS[path][0], "status": "CURRENT", "links": links}
        return 300, {"versions": [version | {"updated": "2024-01-01T00:00:00Z"}]}

    return reply


def follow(session: requests.Session, home: str) -> object:
    """Follow the links of a list of images to its last page."""
    url = f"{home}/image/v2/images"
    for _ in range(3):
        page = checked(session.get(url))
        for link in (page.json().get("next"), page.links.get("next", {}).get("url")):
            if link:
                checked(session.get(urljoin(url, link)))
    return page.status_code


def images(connection: Connection) -> object:
    """Return all images."""
    return list(connection.image.images())


def redirecting(status: int, *more: str) -> Callable[[str], Reply]:
    """Return what answers all questions for images, but for versions, with a redirection."""

    def to(link: str) -> Reply:
        lines = [f"HTTP/1.1 {status} Look There", *more, f"Location: {link}"]
        head = "\r\n".join([*lines, "Content-Length: 0", "", ""]).encode("latin-1")

        def reply(request: Request) -> Raw | None:
            versions = request.path.partition("?")[0].rstrip("/") in VERSIONS
            return None if versions else Raw([head])

        return reply

    return to


def requested(method: str, path: str) -> Script:
    """Return a script that sends one request, and fails as its answer does."""
    return lambda session, home: checked(session.request(method, home + path, data="{}"))


COMMANDS = {
    "compute": "server list --no-name-lookup",
    "image": "image list",
    "network": "network list",
    "block-storage": "volume list",
    "object-store": "container list",
    "placement": "resource provider list",
    "orchestration": "stack list",
    "load-balancer": "loadbalancer list",
    "key-manager": "secret list",
    "shared-file-system": "share list",
    "dns": "zone list",
}
"""By service: a command that lists."""


def _lists() -> Iterator[Attack]:
    for name, target in (ELSEWHERE | NOWHERE).items():
        yield Attack(
            f"the next page is at {name}",
            leading(pages, target),
            openstack="image list",
            sdk=images if name in ELSEWHERE else None,
            well=None,
        )
    for name, target in ELSEWHERE.items():
        yield Attack(
            f"the next page is at {name}, for a script",
            leading(pages, target),
            script=follow,
            well=None,
            open=FOLLOWS if name in FOLLOWED else {},
        )
    for service, command in COMMANDS.items():
        # With compute, as what is bound to it would be home's.
        scope = ",".join(dict.fromkeys([f"{service}=Evil", "compute=Evil"]))
        for name in ("another cloud", "another service of home", "steps"):
            for what, links in (("the next page", pages), ("each version", versions)):
                yield Attack(
                    f"{what} of {service} is at {name}",
                    leading(links, ELSEWHERE[name]),
                    scope=scope,
                    openstack=command,
                    well=None,
                    open=DISCOVERS
                    if (service, links) == ("key-manager", versions)
                    and name == "another service of home"
                    else {},
                )


def _redirections() -> Iterator[Attack]:
    for name, target in (ELSEWHERE | NOWHERE).items():
        yield Attack(
            f"302 to {name}",
            leading(redirecting(302), target),
            openstack="image list",
            sdk=images,
            curl=f"GET {IMAGES}",
            script=requested("GET", IMAGES),
            says="Evil",
        )
    for status in (300, 301, 302, 303, 304, 305, 306, 307, 308, 399):
        for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
            for name in ("another cloud", "another service of home"):
                yield Attack(
                    f"{status} of {method} to {name}",
                    leading(redirecting(status), ELSEWHERE[name]),
                    curl=f"{method} {IMAGES}/i"
                    if name == "another cloud" and method != "HEAD"
                    else "",
                    script=requested(method, f"{IMAGES}/i") if name != "another cloud" else None,
                    well=None,
                )
    for command in ("image delete foo", "image set --name x foo", "server delete foo"):
        for status in (301, 307, 308):
            yield Attack(
                f"{status} of {command}",
                leading(redirecting(status), ELSEWHERE["another service of home"]),
                scope="image=Evil,compute=Evil",
                openstack=command,
                says="Evil",
            )
    yield Attack(
        "two redirections at once",
        leading(
            redirecting(302, "Location: /image/v2/x"),
            ELSEWHERE["another service of home"],
        ),
        curl=f"GET {IMAGES}",
        script=requested("GET", IMAGES),
        says="Evil",
    )
    yield Attack(
        "a redirection for ever",
        leading(redirecting(302), lambda s: f"{s.evil.url}/image/v2/images"),
        openstack="image list",
        curl=f"GET {IMAGES}",
        script=requested("GET", IMAGES),
    )


ATTACKS = [*_lists(), *_redirections()]
assert set(COMMANDS) == set(SERVICES) - {"identity"} == set(BASES) - {"identity"}
