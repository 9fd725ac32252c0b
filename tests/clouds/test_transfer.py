"""Bodies larger than any memory should be: 2 GiB through two gateways, both ways."""

import hashlib
import threading
from collections.abc import Iterator

import psutil
import pytest
from clouds.api import Api
from clouds.commands import Commands, run
from clouds.conftest import of_gateways

from openstackoid.lab import Lab

SIZE = 2 * 2**30
PIECE = 2**20
FLAT = 16 * 2**20


class Highest:
    """The highest memory (RSS, bytes) of some processes, looked at all the time."""

    def __init__(self, watched: list[psutil.Process]) -> None:
        self.start = {p.pid: p.memory_info().rss for p in watched}
        self.highest = dict(self.start)
        self._watched = watched
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def _watch(self) -> None:
        while not self._stop.wait(0.05):
            for p in self._watched:
                self.highest[p.pid] = max(self.highest[p.pid], p.memory_info().rss)

    def growth(self) -> int:
        """Stop looking; return by how much the worst of them grew."""
        self._stop.set()
        self._thread.join()
        return max(self.highest[pid] - start for pid, start in self.start.items())


def pieces(digest: "hashlib._Hash") -> Iterator[bytes]:
    """Yield 2 GiB that differ from piece to piece."""
    for number in range(SIZE // PIECE):
        piece = number.to_bytes(8, "big") * (PIECE // 8)
        digest.update(piece)
        yield piece


@pytest.mark.timeout(900)
def test_two_gibibytes_pass_in_constant_memory(lab: Lab, commands: Commands, api: Api) -> None:
    """An upload from CloudOne to CloudTwo's Glance, and back, to the byte."""
    body = {"name": "big", "disk_format": "raw", "container_format": "bare"}
    image = api.post("image", "/v2/images", body, "image=CloudTwo").json()["id"]
    path = f"/v2/images/{image}/file"
    api.get("image", "/v2/images", "image=CloudTwo")  # connections and caches are there
    memory = Highest(of_gateways(lab, "CloudOne", "CloudTwo"))
    sent, received = hashlib.sha256(), hashlib.sha256()
    headers = {"Content-Type": "application/octet-stream"}
    try:
        answer = api.request(
            "PUT", "image", path, "image=CloudTwo", data=pieces(sent), headers=headers
        )
        assert answer.status_code == 204
        with api.get("image", path, "image=CloudTwo", stream=True) as download:
            assert download.headers["Content-Length"] == str(SIZE)
            for piece in download.iter_content(PIECE):
                received.update(piece)
    finally:
        growth = memory.growth()
        run(commands.openstack(f"image delete {image}", scope="image=CloudTwo"))
    assert received.hexdigest() == sent.hexdigest()
    assert growth < FLAT
