"""Ids of the hostile cloud that are paths: a client puts them into the path of its next request."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import requests
from client.fake import VERSIONS, Request
from hostile.attack import Attack, Reply, always
from openstack.connection import Connection

TARGET = "identity/v3/users/u"
"""A user of home: identity is home's in all these scopes, and an administrator may delete him."""

UP = "../../../../../../"  # more than there are: who folds them stops at the root
SPELLINGS = {
    "dots": f"{UP}{TARGET}",
    "behind a name": f"x/{UP}{TARGET}",
    "encoded dots": f"{UP}{TARGET}".replace("..", "%2e%2E"),
    "encoded slashes": f"{UP}{TARGET}".replace("/", "%2f"),
    "all encoded": f"{UP}{TARGET}".replace(".", "%2e").replace("/", "%2F"),
    "encoded twice": f"{UP}{TARGET}".replace(".", "%252e").replace("/", "%252f"),
    "backslashes": f"{UP}{TARGET}".replace("/", "\\"),
    "both slashes": f"{UP}{TARGET}".replace("../", "..\\/"),
    "parameters": f"{UP}{TARGET}".replace("../", "..;/"),
    "parameters before": f";/{UP}{TARGET}",
    "fullwidth": f"{UP}{TARGET}".replace(".", "\uff0e").replace("/", "\uff0f"),
    "fullwidth dots": f"{UP}{TARGET}".replace(".", "\uff0e"),
    "dot leaders": f"{UP}{TARGET}".replace("..", "\u2025"),
    "division slashes": f"{UP}{TARGET}".replace("/", "\u2215"),
    "blanks": f"{UP}{TARGET}".replace("../", ".. /"),
    "tabs": f"{UP}{TARGET}".replace("../", ".\t./"),
    "a slash": f"/{TARGET}",
    "a host": f"//127.0.0.1/{TARGET}",
    "a URL": f"http://127.0.0.1/{TARGET}",
    "a dot": ".",
    "two dots": "..",
    "a query": f"?force=true&/{UP}{TARGET}",
    "a fragment": f"#/{UP}{TARGET}",
    "a NUL": f"\0/{UP}{TARGET}",
    "a newline": f"\r\n/{UP}{TARGET}",
    "nothing": "",
    "256 letters": "x" * 256,
}
"""By name: an id that is none."""

KINDS: dict[str, tuple[str, list[str]]] = {
    "image": ("image=Evil", ["image delete foo", "image set --name bar foo", "image show foo"]),
    "server": (
        "compute=Evil",
        ["server delete foo", "server set --name bar foo", "server stop foo", "server show foo"],
    ),
    "flavor": ("compute=Evil", ["flavor delete foo"]),
    "network": ("network=Evil,compute=Evil", ["network delete foo", "network set --name x foo"]),
    "router": ("network=Evil,compute=Evil", ["router delete foo"]),
    "volume": ("block-storage=Evil,compute=Evil", ["volume delete foo", "volume show foo"]),
    "snapshot": ("block-storage=Evil,compute=Evil", ["volume snapshot delete foo"]),
    "balancer": ("load-balancer=Evil", ["loadbalancer delete foo", "loadbalancer show foo"]),
    "share": ("shared-file-system=Evil", ["share delete foo", "share show foo"]),
    "zone": ("dns=Evil", ["zone delete foo", "zone show foo"]),
}
"""By name: a scope, and commands that find a resource by its name."""

NAME = re.compile(r".*?([a-z_-]+?)(?:/detail)?/?\Z")


def lists(id_: object, name: str = "foo") -> Reply:
    """Answer each list with one item, whose id is this; nothing is found by its id."""

    def reply(request: Request) -> tuple[int, Any] | None:
        path = request.path.partition("?")[0].rstrip("/")
        found = NAME.match(path)
        if request.method != "GET" or path in VERSIONS or not found:
            return None
        kind = found[1].replace("-", "_")
        if not kind.endswith("s"):
            return 404, {"error": {"code": 404, "message": "nothing"}}
        item = {"id": id_, "uuid": id_, "name": name, "status": "ACTIVE"}
        item |= {"stack_name": "foo", "links": [], "addresses": {}}
        return 200, {kind: [item], found[1]: [item]}

    return reply


def checked(response: requests.Response) -> requests.Response:
    """Return an answer that is good; raise what another one says."""
    if not response.ok:
        raise requests.HTTPError(response.text)
    return response


def first(kind: str) -> Callable[[requests.Session, str], object]:
    """Delete the first image of a list, as a script does that has never heard of hostile clouds."""

    def run(session: requests.Session, home: str) -> object:
        (image,) = checked(session.get(f"{home}/image/v2/images")).json()["images"]
        return checked(session.delete(f"{home}/image/v2/images/{image[kind]}")).text

    return run


def delete(connection: Connection) -> object:
    """Delete an image by its name."""
    image = connection.image.find_image("foo", ignore_missing=False)
    connection.image.delete_image(image.id, ignore_missing=False)
    return image.id


def created(id_: object) -> Reply:
    """Answer the creation of an image with this id."""

    def reply(request: Request) -> tuple[int, Any] | None:
        if request.method == "POST":
            image = {"id": id_, "name": "foo", "status": "queued", "schema": "/v2/schemas/image"}
            return 201, {**image, "file": f"/v2/images/{id_}/file", "self": f"/v2/images/{id_}"}
        return None

    return reply


HARMLESS = {"fullwidth", "fullwidth dots", "dot leaders", "division slashes", "blanks"} | {
    "nothing",
    "256 letters",
}
"""Spellings that lead nowhere else, whoever reads them: what they meet is the hostile cloud's."""


def nested(server: Mapping[str, object]) -> Reply:
    """Answer with a server that is in order, but for what it refers to."""
    whole = {"id": "s", "name": "foo", "status": "ACTIVE", "addresses": {}, "links": [], **server}

    def reply(request: Request) -> tuple[int, Any] | None:
        path = request.path.partition("?")[0]
        if request.method == "GET" and path.endswith(("/servers", "/servers/detail")):
            return 200, {"servers": [whole]}
        if request.method == "GET" and path.endswith(("/servers/s", "/servers/foo")):
            return 200, {"server": whole}
        return None

    return reply


REFERENCES: dict[str, dict[str, object]] = {
    "image": {"image": {"id": f"{UP}{TARGET}"}, "flavor": {"original_name": "m1"}},
    "flavor": {"flavor": {"id": f"{UP}{TARGET}"}, "image": ""},
    "volume": {"os-extended-volumes:volumes_attached": [{"id": f"{UP}{TARGET}"}], "image": ""},
    "project": {"tenant_id": f"{UP}{TARGET}", "image": "", "flavor": {"original_name": "m1"}},
}
"""By name: what a server refers to in another service."""


def written(text: str, encoding: str = "utf-8") -> Reply:
    """Answer the list of images with a text; nothing is found by its id."""

    def reply(request: Request) -> tuple[int, Any] | None:
        path = request.path.partition("?")[0]
        if path.endswith("/images"):
            return 200, text.encode(encoding)
        return (404, {}) if "/images/" in path else None

    return reply


EVIL = json.dumps(f"{UP}{TARGET}")
TEXTS = {
    "a key twice": f'{{"images":[{{"id":"i","name":"foo","id":{EVIL}}}]}}',
    "a key twice, in another order": f'{{"images":[{{"id":{EVIL},"name":"foo","id":"i"}}]}}',
    "a list twice": f'{{"images":[],"images":[{{"id":{EVIL},"name":"foo"}}]}}',
    "an escaped key": f'{{"images":[{{"\\u0069d":{EVIL},"name":"foo"}}]}}',
    "an escaped value": f'{{"images":[{{"id":{EVIL},"name":"foo"}}]}}'.replace(".", "\\u002e"),
    "escaped slashes": f'{{"images":[{{"id":{EVIL},"name":"foo"}}]}}'.replace("/", "\\/"),
    "many blanks": f'{{"images":[{{"id"{" " * 99}:{" " * 99}{EVIL},"name":"foo"}}]}}',
    "a list as id": f'{{"images":[{{"id":[{EVIL}],"name":"foo"}}]}}',
    "an object as id": f'{{"images":[{{"id":{{"id":{EVIL}}},"name":"foo"}}]}}',
    "a mark before it": f'\ufeff{{"images":[{{"id":{EVIL},"name":"foo"}}]}}',
    "blanks before it": f'{" " * 99_999}{{"images":[{{"id":{EVIL},"name":"foo"}}]}}',
    "after much else": f'{{"x":"{"y" * 999_999}","images":[{{"id":{EVIL},"name":"foo"}}]}}',
}
"""By name: a list of images as it is written."""

LONG = {"blanks before it", "after much else"}
"""Whose head has gone before the id is seen: nothing but a cut is left."""

UTF = ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "utf-7")

ATTACKS = [
    *(
        Attack(
            f"id of an image in {name}",
            always(written, text),
            openstack="image delete foo",
            sdk=delete,
            script=first("id"),
            well=False,
            says="" if name in LONG else "Evil",
        )
        for name, text in TEXTS.items()
    ),
    *(
        Attack(
            f"id of an image in {encoding}",
            always(written, TEXTS["a list twice"], encoding),
            openstack="image delete foo",
            sdk=delete,
            script=first("id"),
        )
        for encoding in UTF
    ),
    *(
        Attack(
            f"{command}: its {name}",
            always(nested, server),
            scope="compute=Evil",
            openstack=command,
            says="Evil",
        )
        for name, server in REFERENCES.items()
        for command in ("server show foo", "server list --long")
    ),
    *(
        Attack(
            f"id of an image, {name}",
            always(lists, id_),
            openstack="image delete foo",
            sdk=delete,
            script=first("id"),
            well=None if name in HARMLESS else False,
            says="" if name in HARMLESS else "Evil",
        )
        for name, id_ in SPELLINGS.items()
    ),
    *(
        Attack(
            f"{command}, {name}",
            always(lists, SPELLINGS[name]),
            scope=scope,
            openstack=command,
            says="Evil",
        )
        for scope, commands in KINDS.values()
        for command in commands
        for name in ("dots", "encoded twice", "a query")[: 3 if command == commands[0] else 1]
    ),
    *(
        Attack(
            f"id of a new image, {name}",
            always(created, id_),
            openstack=f"image create --file {__file__} foo",
            says="Evil",
        )
        for name, id_ in SPELLINGS.items()
        if name in {"dots", "encoded slashes", "encoded twice", "backslashes", "tabs", "two dots"}
        or name.startswith("a ")
    ),
]
