"""What the hostile cloud says beside its answers and in others' names, and what it hears."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import requests
from client.fake import VERSIONS, Raw, Request
from hostile.attack import Attack, Reply, always
from hostile.ids import checked, lists

SAID = {
    "Set-Cookie": "session=evil; Domain=home; Path=/",
    "Set-Cookie2": "session=evil",
    "Strict-Transport-Security": "max-age=99999999; includeSubDomains",
    "Public-Key-Pins": 'pin-sha256="x"; max-age=999',
    "Clear-Site-Data": '"*"',
    "Alt-Svc": 'h2="evil:443"; ma=9999999; persist=1',
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Credentials": "true",
    "WWW-Authenticate": 'Basic realm="home"',
    "Proxy-Authenticate": "Negotiate",
    "X-Accel-Redirect": "/protected/etc/passwd",
    "X-Accel-Buffering": "no",
    "X-Sendfile": "/etc/passwd",
    "X-Lighttpd-Send-File": "/etc/passwd",
    "X-Reproxy-URL": "http://169.254.169.254/",
    "Refresh": "0; url=http://evil/",
    "X-Scope-Key": "A" * 43,
    "X-Scope-Report": '[{"cloud":"Friend","status":201}]',
    "X-Scope": '{"image":"Friend"}',
    "X-Scope-Service": "identity",
    "X-Scope-Proof": "e30.e30.e30",
    "X-Auth-Token": "other",
    "Via": "1.1 Home (openstackoid)",
    "Report-To": '{"group":"x"}',
    "Content-Security-Policy": "script-src evil",
    "Service-Worker-Allowed": "/",
    "SourceMap": "http://evil/",
    "Trailer": "X-Scope-Report",
    "X-Evil": "1",
}
"""Headers that only home may send to its clients, or nobody."""

HEARD = {
    "Cookie": "session=home",
    "Authorization": "Basic YWxpY2U6cHc=",
    "Proxy-Authorization": "Basic YWxpY2U6cHc=",
    "Referer": "http://dashboard.home/project/secret",
    "Origin": "http://dashboard.home",
    "X-Api-Key": "key",
    "X-Csrf-Token": "csrf",
    "X-Amz-Security-Token": "amz",
    "Traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "X-Service-Token": "service",
    "X-Forwarded-For": "10.1.2.3",
    "Forwarded": "for=10.1.2.3",
    "X-Real-Ip": "10.1.2.3",
    "X-User-Id": "u",
    "X-Roles": "admin",
    "X-Identity-Status": "Confirmed",
    "X-Trusted-Image-Metadata": "x",
    "X-Evil": "1",
}
"""What no other cloud is to hear of those who ask it."""

ESCAPES = {"openstack": "names in tables are printed as they are"}


def answering(status: str, body: str = "{}", *headers: str) -> Reply:
    """Answer whatever is asked of a service, but for versions."""

    def reply(request: Request) -> Raw | None:
        if request.path.partition("?")[0].rstrip("/") in VERSIONS:
            return None
        lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", *headers]
        data = body.encode()
        head = "\r\n".join([*lines, f"Content-Length: {len(data)}", "", ""]).encode("latin-1")
        return Raw([head if request.method == "HEAD" else head + data])

    return reply


def get(path: str) -> Callable[[requests.Session, str], object]:
    """Return a script that gets a path and shows all of the answer."""

    def run(session: requests.Session, home: str) -> object:
        answer = checked(session.get(home + path))
        return [*answer.headers.items(), answer.text]

    return run


def one(name: str) -> Callable[[requests.Session, str], object]:
    """Return a script that tells one thing."""

    def run(session: requests.Session, home: str) -> object:
        session.headers[name] = HEARD[name]
        for method in ("GET", "PUT"):
            session.request(method, f"{home}/image/v2/images/i", data="{}")
        return ()

    return run


def _said() -> Iterator[Attack]:
    for name, value in SAID.items():
        for status in ("200 OK", "404 Not Found"):
            yield Attack(
                f"{name} with {status[:3]}",
                always(answering, status, "{}", f"{name}: {value}"),
                curl="GET /image/v2/images/i",
                well=None,
                silent=rf"(?m)^{name}:",
            )
    for status in ("200 OK", "201 Created", "202 Accepted"):
        for place in ("/identity/v3/users", "http://other/x", "//other/x"):
            yield Attack(
                f"{status[:3]} with Location {place}",
                always(answering, status, "{}", f"Location: {place}"),
                curl="POST /image/v2/images",
                well=None,
                silent=r"(?m)^location:",
            )
    for status in ("401 Unauthorized", "407 Proxy Authentication Required"):
        yield Attack(
            f"a challenge with {status[:3]}",
            always(answering, status, "{}", "WWW-Authenticate: Basic"),
            curl="GET /image/v2/images",
            silent=r"(?m)^www-authenticate:",
        )


CODES = {
    "clears": "\x1b[2J",
    "has a title": "\x1b]0;x\x07",
    "erases": "\b\b\b",
    "has a CSI in one byte": "\u009b31m",
    "deletes": "\x7f",
}
"""By name: what a terminal acts on."""


def _text(code: str) -> str:
    return f"Home says: all is lost {code}"


SHAPES: dict[str, Callable[[str], str]] = {
    "error": lambda t: json.dumps({"error": {"code": 400, "message": t, "title": t}}),
    "fault": lambda t: json.dumps({"badRequest": {"code": 400, "message": t}}),
    "NeutronError": lambda t: json.dumps({"NeutronError": {"message": t, "detail": t}}),
    "faultstring": lambda t: json.dumps({"faultstring": t, "errors": [{"detail": t}]}),
    "a page": lambda t: f"<html><title>{t}</title><body>{t}</body></html>",
    "raw JSON": lambda t: f'{{"error": {{"message": "{t}"}}}}',
    "text": lambda t: t,
}
"""By name: what errors of OpenStack look like."""


def _messages() -> Iterator[Attack]:
    shapes = [(code, "error") for code in CODES] + [("clears", shape) for shape in SHAPES]
    for code, shape in dict.fromkeys(shapes):
        body = SHAPES[shape](_text(CODES[code]))
        for command in ("image list", "image delete foo")[: 1 + (shape == "error")]:
            yield Attack(
                f"a message that {code}, as {shape}, to {command}",
                always(answering, "400 Bad Request", body),
                openstack=command,
            )
        yield Attack(
            f"a message that {code}, as {shape}, of one of two",
            always(answering, "400 Bad Request", body),
            scope="image=Evil & Friend",
            openstack="image list",
            home="GET /image/v2/images",
            says="Evil",
        )
    for name, code in CODES.items():
        yield Attack(
            f"a reason that {name}",
            always(answering, f"400 Bad {code}"),
            openstack="image list",
        )
        yield Attack(
            f"a name that {name}",
            always(lists, "i", code),
            openstack="image list",
            well=None,
            open=ESCAPES,
        )


def _marks() -> Iterator[Attack]:
    for key in ("oid:cloud", "oid:Cloud", "oid:report", "\\u006fid:cloud"):
        body = f'{{"images": [{{"id": "i", "name": "n", "{key}": "Friend"}}]}}'
        yield Attack(
            f"an item with {key}, merged",
            always(answering, "200 OK", body),
            scope="image=Evil & Friend",
            script=get("/image/v2/images"),
            home="GET /image/v2/images",
            well=True,
            says='"oid:cloud": ?"Evil"' if key[0] == "o" else "Evil",
            silent='"oid:[^"]*": ?"Friend"',
        )
        yield Attack(
            f"an item with {key}, in the command",
            always(answering, "200 OK", body),
            scope="image=Evil & Friend",
            openstack="image list -f value -c Name -c Cloud",
            home="GET /image/v2/images",
            well=key[0] == "o",
            says="n Evil" if key[0] == "o" else "Evil",
            silent="n Friend",
        )


def _places() -> Iterator[Attack]:
    image: dict[str, Any] = {"id": "i", "name": "n", "status": "active", "visibility": "public"}
    for place in ("rbd://cluster/images/i/snap", "file:///etc/passwd", "cinder://volume"):
        told: dict[str, Any] = {"direct_url": place, "locations": [{"url": place, "metadata": {}}]}
        yield Attack(
            f"an image at {place}",
            always(answering, "200 OK", json.dumps(image | told)),
            openstack="image show i -f json",
            sdk=lambda connection: connection.image.get_image("i").to_dict(),
            script=get("/image/v2/images/i"),
            well=True,
            silent=place,
        )
        for scope in ("image=Evil", "image=Evil & Friend"):
            yield Attack(
                f"an image at {place} in a list, {scope}",
                always(answering, "200 OK", json.dumps({"images": [image | told]})),
                scope=scope,
                sdk=lambda connection: [i.to_dict() for i in connection.image.images()],
                script=get("/image/v2/images"),
                home="GET /image/v2/images",
                well=None,
                silent=place,
            )


def _heard() -> Iterator[Attack]:
    for name in HEARD:
        yield Attack(
            f"it hears {name}",
            always(answering, "200 OK"),
            script=one(name),
            well=True,
            unheard=rf"(?im)^{name}:.*",
        )
    for command in ("image list", "image delete foo"):
        yield Attack(
            f"it hears where {command} comes from",
            always(answering, "200 OK"),
            openstack=command,
            well=None,
            unheard=r"(?im)^(x-forwarded|forwarded|x-real|cookie|referer|authorization).*",
        )


ATTACKS = [*_said(), *_messages(), *_marks(), *_places(), *_heard()]
