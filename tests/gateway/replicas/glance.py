"""A Glance that is played: it keeps the bytes that it gets whole, and gives ranges of them."""

import asyncio
import hashlib
import json
import re
from dataclasses import dataclass, field
from typing import Any

from gateway.backend import Connection, Received, json_answer
from gateway.played import TOKEN
from gateway.replicas.playing import EVENTUAL, ONE, TWO, Replicas

_RECORD = {"status": "queued", "os_hash_algo": None, "os_hash_value": None, "size": None}


@dataclass
class Glance:
    """Its images by id, and their data; `dying` uploads break off once something has come."""

    images: dict[str, dict[str, Any]] = field(default_factory=dict)
    data: dict[str, bytes] = field(default_factory=dict)
    dying: int = 0
    refusing: int = 0
    """The status of all uploads, if it is not 0."""
    uploads: int = 0
    ranges: list[str] = field(default_factory=list)
    given: asyncio.Event = field(default_factory=asyncio.Event)
    """Ranges are given as long as it is set."""
    lies: bool = False
    whole: bool = False
    """It knows no ranges."""

    def __post_init__(self) -> None:
        self.given.set()

    def has_data(self, id_: str, data: bytes) -> None:
        """Have data for an image."""
        self.data[id_] = data
        digest = hashlib.sha512(data).hexdigest()
        said = {"os_hash_algo": "sha512", "os_hash_value": digest, "size": len(data)}
        self.images[id_] |= {**said, "status": "active"}

    async def __call__(self, received: Received, connection: Connection) -> None:
        method, target, _ = received.line.split(" ")
        path = target.partition("?")[0][target.index("/v2") :].split("/")[2:]
        match method, path:
            case "PUT", ["images", id_, "file"]:
                await self._upload(id_, received, connection)
                return
            case "GET", ["images", id_, "file"] if id_ in self.data:
                await self._give(id_, received, connection)
                return
        body = await connection.body(received.head)
        status, said = self._answered(method, path, json.loads(body) if body else {})
        await json_answer(json.dumps(said), f"{status} Said")(Received(b""), connection)

    def _answered(self, method: str, path: list[str], document: Any) -> tuple[int, Any]:
        match method, path:
            case "POST", ["images"]:
                if document["id"] in self.images:
                    return 409, {"message": "it is there"}
                self.images[document["id"]] = {**_RECORD, **document}
                return 201, self.images[document["id"]]
            case "GET", ["images"]:
                return 200, {"images": list(self.images.values())}
            case "GET", ["images", id_] if id_ in self.images:
                return 200, self.images[id_]
            case "GET", ["images", _, "members"]:
                return 200, {"members": []}
            case "DELETE", ["images", id_] if id_ in self.images:
                del self.images[id_]
                self.data.pop(id_, None)
                return 204, {}
        return 404, {"message": "it is not there"}

    async def _upload(self, id_: str, received: Received, connection: Connection) -> None:
        self.uploads += 1
        status, image = self.refusing, self.images[id_]
        if image["status"] != "queued":
            status = 409
        if status:
            connection.writer.write(b"HTTP/1.1 %d No\r\nContent-Length: 2\r\n\r\n{}" % status)
            connection.writer.close()
            return
        image["status"] = "saving"
        try:
            data = await self._received(received, connection)
        except (asyncio.IncompleteReadError, ConnectionError):
            image["status"] = "queued"
            raise
        self.has_data(id_, data)
        await connection.send(b"HTTP/1.1 204 No Content\r\n\r\n")

    async def _received(self, received: Received, connection: Connection) -> bytes:
        reader, data = connection.reader, b""
        for length in received.values("content-length"):
            return await reader.readexactly(int(length))
        if not received.values("transfer-encoding"):
            return data
        while size := int(await reader.readuntil(b"\r\n"), 16):
            data += (await reader.readexactly(size + 2))[:-2]
            if self.dying:
                self.dying -= 1
                connection.writer.transport.abort()
                raise ConnectionError
        await reader.readexactly(2)
        return data

    async def _give(self, id_: str, received: Received, connection: Connection) -> None:
        (asked,) = received.values("range")
        self.ranges.append(asked)
        await self.given.wait()
        found = re.fullmatch(r"bytes=(\d+)-(\d+)", asked)
        assert found is not None
        piece = self.data[id_][int(found[1]) : int(found[2]) + 1]
        if self.lies:
            piece = bytes(len(piece))
        status = 200 if self.whole else 206
        head = f"HTTP/1.1 {status} Said\r\nContent-Length: {len(piece)}\r\n\r\n"
        await connection.send(head.encode() + piece)


def with_images(replicas: Replicas) -> dict[str, Glance]:
    """Give each cloud a Glance, and return them."""
    glances = {cloud: Glance() for cloud in replicas.novas}
    for cloud, glance in glances.items():
        replicas.clouds.backends[cloud]["image"].answer = glance
    return glances


async def created(replicas: Replicas) -> str:
    """Let alice create an image without data, and return its id."""
    image = {"name": "debian", "container_format": "bare", "disk_format": "raw"}
    answered = await replicas.order("POST", "/v2/images", image, service="image")
    assert answered.status == 201, answered.body
    return str(json.loads(answered.body)["id"])


async def upload(replicas: Replicas, image: str, data: bytes, *, chunked: bool = False) -> Any:
    """Let alice upload data, and return the answer."""
    if chunked:
        client = await replicas.clouds.open(ONE, "image")
        scoped = json.dumps({"*": ONE, "image": f"{ONE} & {TWO}"})
        about = (f"X-Auth-Token: {TOKEN}", f"X-Scope: {scoped}", EVENTUAL)
        framed = b"%x\r\n%s\r\n0\r\n\r\n" % (len(data), data)
        path = f"/v2/images/{image}/file"
        try:
            await client.send("PUT", path, *about, "Transfer-Encoding: chunked")
            client.writer.write(framed)
            return await client.answer("PUT")
        finally:
            client.writer.close()
    return await replicas.order(
        "PUT", f"/v2/images/{image}/file", None, "Content-Type: application/octet-stream",
        service="image", data=data,
    )  # fmt: skip
