"""One admitted request, with all that carrying it out needs."""

import asyncio
import json

from gateway.backend import Connection, Received, json_answer
from gateway.credentials import reload
from gateway.played import Clouds


async def test_a_request_goes_by_the_file_of_its_beginning_to_its_end(clouds: Clouds) -> None:
    """Links in its answer lead home though a reload has taken the cloud out of the file."""
    arrived, changed = asyncio.Event(), asyncio.Event()
    link = f"{clouds.frontends['CloudTwo']['image']}/v2/images?marker=1"

    async def answer(_: Received, connection: Connection) -> None:
        arrived.set()
        await changed.wait()
        await json_answer(json.dumps({"next": link}))(Received(b""), connection)

    clouds.backends["CloudTwo"]["image"].answer = answer
    client = await clouds.open("CloudOne", "image")
    await client.send("GET", "/v2/images", "X-Scope: image=CloudTwo")
    await arrived.wait()
    two = clouds.document["clouds"].pop("CloudTwo")
    clouds.document["clouds"]["CloudOne"]["trust"] = {}
    clouds.save()
    await clouds.gateways["CloudOne"].reload()
    changed.set()
    answered = await client.answer()
    ours = clouds.frontends["CloudOne"]["image"]
    assert json.loads(answered.body) == {"next": f"{ours}/v2/images?marker=1"}
    later = await clouds.ask("CloudOne", "image", "/v2/images", "X-Scope: image=CloudTwo")
    assert later.status == 400
    clouds.document["clouds"]["CloudTwo"] = two
    await reload(clouds)
