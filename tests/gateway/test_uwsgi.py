"""What says who a user is, in front of a real uWSGI with its default buffer for a whole head."""

import asyncio
import os
import sys
import uuid
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import pytest
import requests
from gateway.credentials import reload
from gateway.keystone import OURS, Keystone
from gateway.keystone import token as known
from gateway.played import TRUST, Clouds
from gateway.ports import free_ports
from identity.sizes import LENGTHS, SCOPES, SHORT, TOKENS, USERS, document
from keystoneauth1.session import Session
from keystoneauth1.token_endpoint import Token

from openstackoid.gateway.trust.issuing import MAX_TOKEN

SERVICE = Path(__file__).with_name("wsgi_service.py")


@dataclass
class Behind:
    """The clouds, with a uWSGI in place of CloudTwo's compute service and image service.

    `home` is CloudOne's Keystone.
    """

    clouds: Clouds
    home: Keystone

    async def ask(
        self,
        scope: str,
        token: str,
        path: str = "/v2.1/servers",
        cloud: str = "CloudOne",
        **more: str,
    ) -> requests.Response:
        """Send a request as openstacksdk does, by way of a cloud's gateway."""
        service = "compute" if path.startswith("/v2.1") else "image"
        url = self.clouds.frontends[cloud][service]
        headers = {"X-Openstack-Request-Id": f"req-{uuid.uuid4()}", **more}
        if scope:
            headers["X-Scope"] = scope
        agent = [("openstacksdk", version("openstacksdk"))]
        session = Session(auth=Token(url, token), additional_user_agent=agent)
        answer: requests.Response = await asyncio.to_thread(
            session.get,
            url + path,
            headers=headers,
            endpoint_filter={"service_type": service},
            microversion="2.100" if service == "compute" else None,
            raise_exc=False,
        )
        return answer


async def until_it_listens(process: Process, port: int) -> None:
    """Wait; the service is loaded by then."""
    while True:
        assert process.returncode is None
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except ConnectionRefusedError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return


@asynccontextmanager
async def uwsgi(log: Path, environment: Mapping[str, str]) -> AsyncIterator[int]:
    """Run a uWSGI without a setting for its buffer; give its port."""
    (port,) = free_ports(1)
    command = (Path(sys.executable).with_name("uwsgi"), "--http-socket", f"127.0.0.1:{port}")
    options = ("--master", "--need-app", "--die-on-term", "--wsgi-file", SERVICE)
    with log.open("wb") as stream:
        process = await asyncio.create_subprocess_exec(
            *command, *options, stdout=stream, stderr=stream, env={**os.environ, **environment}
        )
    try:
        await until_it_listens(process, port)
        yield port
    finally:
        process.terminate()
        await process.wait()


@pytest.fixture
async def behind(clouds: Clouds, tmp_path: Path) -> AsyncIterator[Behind]:
    """Give the clouds, beside two more that a scope may name."""
    described = clouds.document["clouds"]
    (volumes,) = free_ports(1)
    for cloud in ("CloudOne", "CloudTwo"):
        host = "127.0.0.2" if cloud == "CloudTwo" else "127.0.0.9"
        described[cloud]["frontends"]["block-storage"] = f"http://{host}:{volumes}"
    for cloud in ("CloudThree", "CloudFour"):
        frontends = {s: f"http://{cloud}.example/{s}".lower() for s in ("image", "block-storage")}
        described[cloud] = {"frontends": frontends, "insecure": True}
    clouds.document["shared"] = [
        {"clouds": ["CloudTwo", "CloudFour"], "services": ["block-storage"]}
    ]
    described["CloudTwo"]["trust"]["CloudOne"] = TRUST | {"projects": {"guest": OURS}}
    roles = [{"id": "r1", "name": "service"}]
    clouds.backends["CloudTwo"]["identity"].answer = Keystone(known(roles=roles))
    home = clouds.backends["CloudOne"]["identity"].answer = Keystone(SHORT)
    log = tmp_path / "uwsgi.log"
    identity = clouds.frontends["CloudTwo"]["identity"]
    async with uwsgi(log, {"IDENTITY": f"{identity}/v3"}) as port:
        for service in ("compute", "image"):
            described["CloudTwo"]["backends"][service] = f"http://127.0.0.1:{port}"
        await reload(clouds)
        yield Behind(clouds, home)


async def test_every_user_of_the_table_of_sizes_is_known_or_refused(behind: Behind) -> None:
    """By the service behind it, or by home's gateway where the table says more than 2900."""
    for (scope, names, kind), length in LENGTHS.items():
        behind.home.document = USERS[names]
        path = "/v2/images" if scope == "image" else "/v2.1/servers"
        answer = await behind.ask(SCOPES[scope], TOKENS[kind](), path)
        assert answer.status_code == (200 if length <= MAX_TOKEN else 431), answer.text
        if answer.ok:
            user = USERS[names]["token"]["user"]["id"]
            assert answer.json()["user"] == f"{user}@CloudOne"


async def most(fits: Callable[[int], Awaitable[bool]], numbers: range) -> int:
    """Return the largest of these numbers that fits; all below it do, too."""
    low, high = numbers[0], numbers[-1]
    assert await fits(low)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if await fits(middle) else (low, middle)
    return low


async def longest(behind: Behind) -> str:
    """Return the longest token, with its scope, that CloudTwo's compute service can get."""
    scope, token = "compute=CloudTwo,image=CloudTwo", ""

    async def let_out(length: int) -> bool:
        """Let home's Keystone name roles of so many characters in all."""
        nonlocal token
        roles = [f"{n}".ljust(length // 10 + (n < length % 10), "r") for n in range(10)]
        behind.home.document = document("alice", "demo", "Default", ["member", *roles])
        answer = await behind.ask(scope, TOKENS["Fernet"]())
        assert answer.status_code in {200, 431}, answer.text
        token = answer.json()["token"] if answer.ok else token
        return answer.ok

    await most(let_out, range(10, 2500))
    assert MAX_TOKEN - 4 < len(token) <= MAX_TOKEN
    return token


async def test_the_longest_token_that_is_let_out_fits(behind: Behind) -> None:
    """Also where a service goes on with it, by a token of its own that is a JWS."""
    token = await longest(behind)
    own = {"X-Service-Token": TOKENS["JWS"]()}
    answer = await behind.ask("", token, "/v2/images", cloud="CloudTwo", **own)
    assert answer.status_code == 200, answer.text
    assert answer.json()["token"] == token


async def test_a_head_that_does_not_fit_is_refused_with_the_reason(behind: Behind) -> None:
    """One byte more than uWSGI takes: it closes the connection, and the gateway says why."""
    token = await longest(behind)
    answer: requests.Response | None = None

    async def taken(length: int) -> bool:
        nonlocal answer
        got = await behind.ask("", token, f"/v2/images?{'q' * length}", cloud="CloudTwo")
        if not got.ok:
            answer = got
        return got.ok

    assert await most(taken, range(2000)) > 300  # uWSGI counts a query twice
    assert answer is not None
    assert answer.status_code == 502
    assert "some servers take 4096, as uWSGI does" in answer.json()["error"]["message"]
