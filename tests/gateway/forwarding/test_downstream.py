"""What another cloud answers reaches the client led home, or is refused in words."""

import asyncio
import json
from pathlib import Path

import pytest
from gateway.backend import Backend, json_answer, saying
from gateway.played import HOST, Answered, Client, Clouds
from gateway.ports import free_ports
from ruamel.yaml import YAML

from openstackoid.gateway.server import Gateway
from openstackoid.gateway.settings import Settings

COMPUTE_TWO = "X-Scope: compute=CloudTwo"
IDENTITY_TWO = "X-Scope: identity=CloudTwo"


def spelled(address: str) -> list[str]:
    """Return an address in the ways in which services write their own."""
    rest = address.removeprefix("http://")
    return [address, f"HTTP://{rest}", f"https://{rest}", address.replace(HOST, f"{HOST}.")]


async def test_headers_with_links_lead_home(clouds: Clouds) -> None:
    """Location, Content-Location, and each link of Link, however often it comes."""
    there, here = clouds.frontends["CloudTwo"]["compute"], clouds.frontends["CloudOne"]["compute"]
    for address in spelled(there):
        clouds.backends["CloudTwo"]["compute"].answer = json_answer(
            "[]",
            "201 Created",
            f"Location: {address}/v1/a",
            f"Content-Location: {address}/v1/b",
            f'Link: <{address}/v1/c?marker=1>; rel="next", <https://docs/>; rel=help',
            f'Link: <{address}/v1/d>; title="<{address}>"',
            f"OpenStack-API-Version: <{address}/v1/e>",
        )
        answered = await clouds.ask("CloudOne", "compute", "/v1", COMPUTE_TWO)
        assert answered.values("location") == [f"{here}/v1/a"]
        assert answered.values("content-location") == [f"{here}/v1/b"]
        assert answered.values("link") == [
            f'<{here}/v1/c?marker=1>; rel="next", <https://docs/>; rel=help',
            f'<{here}/v1/d>; title="<{address}>"',
        ]
        assert answered.values("openstack-api-version") == [f"<{address}/v1/e>"]


@pytest.mark.parametrize("scope", [COMPUTE_TWO, "X-Scope: compute=CloudTwo|CloudOne"])
async def test_links_in_a_body_lead_home(clouds: Clouds, scope: str) -> None:
    """Those of OpenStack's APIs, references included; what users write stays."""
    there, here = clouds.frontends["CloudTwo"]["compute"], clouds.frontends["CloudOne"]["compute"]
    for address in spelled(there):
        secret = {"name": "b", "secret_ref": f"{address}/v1/secrets/b", "description": address}
        document = {"secrets": [secret | {"metadata": {"secret_ref": address}}]}
        clouds.backends["CloudTwo"]["compute"].answer = json_answer(json.dumps(document))
        answered = await clouds.ask("CloudOne", "compute", "/v1/secrets", scope)
        (got,) = json.loads(answered.body)["secrets"]
        assert got["secret_ref"] == f"{here}/v1/secrets/b"
        assert got["description"] == got["metadata"]["secret_ref"] == address


async def test_a_choice_of_versions_passes_with_its_body(clouds: Clouds) -> None:
    """Keystone sends a Location along, which may be any: then clients do without."""
    there, here = clouds.frontends["CloudTwo"]["identity"], clouds.frontends["CloudOne"]["identity"]
    for location, led in (
        (f"{there}/v3/", [f"{here}/v3/"]),
        ("/v3/", ["/identity/v3/"]),
        ("http://localhost:5000/v3/", []),
        (f"{clouds.frontends['CloudTwo']['image']}/v3", []),
    ):
        text = json.dumps({"versions": {"values": [{"links": [{"href": f"{there}/v3/"}]}]}})
        headers = [f"Location: {location}", "Last-Modified: yes"]
        clouds.backends["CloudTwo"]["identity"].answer = json_answer(text, "300 x", *headers)
        answered = await clouds.ask("CloudOne", "identity", "/", IDENTITY_TWO)
        assert (answered.status, answered.values("location")) == (300, led)
        assert answered.values("last-modified") == ["yes"]
        assert answered.body.decode() == text.replace(there, here)


@pytest.mark.parametrize(
    ("method", "location", "why"),
    [
        ("GET", "http://localhost:5000/v3/", "redirects to an address that is not its own"),
        ("DELETE", "http://localhost:5000/v3/", "redirects a DELETE"),
    ],
)
async def test_a_refused_redirection_says_why(
    clouds: Clouds, method: str, location: str, why: str
) -> None:
    """As it is true of the method."""
    clouds.backends["CloudTwo"]["identity"].answer = json_answer(
        "", "302 x", f"Location: {location}"
    )
    answered = await clouds.ask("CloudOne", "identity", "/v3/users", IDENTITY_TWO, method=method)
    assert answered.status == 502
    message = json.loads(answered.body)["error"]["message"]
    assert f"identity of CloudTwo {why}" in message


LOGIN = b'{"auth": {"identity": {"methods": ["password"]}}}'
EVIL = '{"token": {"catalog": [{"type": "compute", "endpoints": [{"url": "http://evil"}]}]}}'


async def test_a_catalog_without_region_ids_leads_home(clouds: Clouds) -> None:
    """And what the scope takes elsewhere is added, at the path that its clients expect."""
    there, here = clouds.frontends["CloudTwo"], clouds.frontends["CloudOne"]
    endpoint = {"interface": "public", "region": "R", "url": f"{there['compute']}/v2.1"}
    entry = {"type": "compute", "id": "c", "endpoints": [endpoint]}
    token = {"project": {"id": "p" * 32}, "catalog": [entry]}
    text = json.dumps({"token": token})
    clouds.backends["CloudTwo"]["identity"].answer = json_answer(text, "201 Created")
    scope = "X-Scope: identity=CloudTwo,object-store=CloudTwo"
    answered = await clouds.ask(
        "CloudOne", "identity", "/v3/auth/tokens", scope, method="POST", body=LOGIN
    )
    assert types_in(answered) == ["compute", "identity", "object-store"]
    compute, _, store = json.loads(answered.body)["token"]["catalog"]
    assert answered.values("content-length") == [str(len(answered.body))]
    assert compute["endpoints"] == [endpoint | {"url": f"{here['compute']}/v2.1"}]
    assert {e["url"] for e in store["endpoints"]} == {f"{here['object-store']}/v1/AUTH_{'p' * 32}"}
    assert {e["region"] for e in store["endpoints"]} == {"R"}


def types_in(answered: Answered) -> list[str]:
    """Return the services in a token's catalog; identity is added, for the scope names it."""
    return [entry["type"] for entry in json.loads(answered.body)["token"]["catalog"]]


JSON = b"Content-Type: application/json\r\n"
UNEDITED = {
    "another type": (EVIL.encode(), b"Content-Type: text/plain\r\n"),
    "no type": (EVIL.encode(), b""),
    "packed": (
        b"\x1f\x8b\x08\x00",
        b"Content-Type: application/json\r\nContent-Encoding: gzip\r\n",
    ),
    "cut off": (EVIL[:-1].encode(), JSON),
    "of version 2": (
        b'{"access": {"serviceCatalog": [{"endpoints": [{"publicURL": "http://evil"}]}]}}',
        JSON,
    ),
    "too long": (b'{"token": "%s"}' % (b"x" * 2**21), JSON),
}


@pytest.mark.parametrize("row", UNEDITED)
@pytest.mark.parametrize("path", ["/v3/auth/tokens", "/v2.0/tokens"])
async def test_a_catalog_that_cannot_be_edited_is_refused(
    clouds: Clouds, row: str, path: str
) -> None:
    """In words, before anything of it is sent."""
    body, kind = UNEDITED[row]
    head = b"HTTP/1.1 201 Created\r\n%sContent-Length: %d\r\n\r\n" % (kind, len(body))
    clouds.backends["CloudTwo"]["identity"].answer = saying(head + body)
    answered = await clouds.ask(
        "CloudOne", "identity", path, IDENTITY_TWO, method="POST", body=LOGIN
    )
    if row in {"another type", "no type"}:
        # It is JSON all the same, and what leads elsewhere is left out.
        assert types_in(answered) == ["identity"]
        return
    assert answered.status == 502
    assert json.loads(answered.body)["error"]["cloud"] == "CloudTwo"
    assert b"evil" not in answered.body


async def test_an_error_of_another_keystone_passes_with_its_cloud_s_name(clouds: Clouds) -> None:
    """Nobody takes a catalog from one, and a proxy's may be in any shape."""
    for kind in ("application/json", "text/html"):
        clouds.backends["CloudTwo"]["identity"].answer = saying(
            b"HTTP/1.1 503 x\r\nContent-Type: %s\r\nContent-Length: 5\r\n\r\n[1, 2" % kind.encode()
        )
        answered = await clouds.ask("CloudOne", "identity", "/v3/auth/tokens", IDENTITY_TWO)
        assert (answered.status, answered.body) == (503, b"CloudTwo: [1, 2")


async def test_a_catalog_of_one_of_several_clouds_is_edited_as_well(clouds: Clouds) -> None:
    """Whatever it says that it is."""
    for kind in ("application/json", "text/plain"):
        clouds.backends["CloudTwo"]["identity"].answer = saying(
            b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s"
            % (kind.encode(), len(EVIL), EVIL.encode())
        )
        scope = "X-Scope: identity=CloudTwo|CloudOne"
        answered = await clouds.ask("CloudOne", "identity", "/v3/auth/tokens", scope)
        assert b"evil" not in answered.body
        assert types_in(answered) == ["identity"]


async def test_links_lead_to_the_interface_that_was_asked(tmp_path: Path) -> None:
    """Whoever comes in by the internal one may have no way to the public one."""
    (port,) = free_ports(1)
    hosts = {"public": "127.0.0.2", "internal": "127.0.0.3"}
    frontends = {name: f"http://{host}:{port}" for name, host in hosts.items()}
    async with Backend() as two:
        there = f"http://127.0.0.1:{two.port}"
        two.answer = json_answer(f'{{"next": "{there}/x"}}', "200 OK", f"Location: {there}/y")
        clouds = {
            "One": {
                "frontends": {"compute": frontends},
                "backends": {"compute": "http://127.0.0.1:1"},
                "own": {"allow": ["127.0.0.0/8"]},
            },
            "Two": {"frontends": {"compute": there}, "insecure": True},
        }
        file = tmp_path / "federation.yaml"
        with file.open("w") as stream:
            YAML(typ="safe").dump({"clouds": clouds}, stream)
        gateway = Gateway(Settings(file, "One"))
        await gateway.start()
        for name, host in hosts.items():
            connection = await asyncio.open_connection(host, port)
            client = Client(*connection, f"{host}:{port}", "")
            await client.send("GET", "/v2.1/servers", "X-Scope: compute=Two")
            answered = await client.answer()
            client.writer.close()
            assert json.loads(answered.body) == {"next": f"{frontends[name]}/x"}
            assert answered.values("location") == [f"{frontends[name]}/y"]
        await gateway.close()
