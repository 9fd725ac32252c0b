"""What our plugin costs a command: `openstack server list` of a played cloud, with and without."""

import asyncio
import importlib.metadata
import json
import os
import resource
import sys
import sysconfig
import time
from dataclasses import dataclass, field
from pathlib import Path

import click
from aiohttp import web

from bench.processes import PROXY_CORES, on, output
from bench.stage import play

SERVERS = 20
PROJECT = "p" * 32
COMMAND = ("-m", "openstackclient.shell", "server", "list", "-f", "json")


@dataclass
class Runs:
    """Seconds of each run: on the clock, and of CPU."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)


async def measure(rounds: int, warm: bool, directory: Path) -> dict[str, Runs]:
    """Return the runs of each case, interleaved; if `warm`, after one that is not counted."""
    plain = _environment(directory / "without", "openstackoid")
    whole = _environment(directory / "with")
    cases: dict[str, list[str | Path]] = {
        "without the plugin": [plain, *COMMAND],
        "with the plugin, no scope": [whole, *COMMAND],
        "with the plugin and a scope": [whole, *COMMAND, "--os-scope", "compute=One"],
    }
    runs = {case: Runs() for case in cases}
    async with play(_answer) as (cloud, _):
        for number in range(0 if warm else 1, rounds + 1):
            for case, command in cases.items():
                click.echo(f"run {number} of {rounds}: openstack, {case}", err=True)
                wall, cpu = await _run(command, cloud, directory)
                if number:
                    runs[case].wall.append(wall)
                    runs[case].cpu.append(cpu)
    return runs


async def _run(command: list[str | Path], cloud: str, home: Path) -> tuple[float, float]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("OS_")}
    asked = {
        "HOME": str(home),
        "XDG_CACHE_HOME": str(home),
        "OS_AUTH_URL": f"{cloud}/identity/v3",
        "OS_USERNAME": "user",
        "OS_PASSWORD": "played",
        "OS_PROJECT_NAME": "project",
        "OS_USER_DOMAIN_NAME": "Default",
        "OS_PROJECT_DOMAIN_NAME": "Default",
    }
    pipe = asyncio.subprocess.PIPE
    used, start = _children_cpu(), time.perf_counter()
    with on(PROXY_CORES):
        process = await asyncio.create_subprocess_exec(
            *command, env=inherited | asked, stdout=pipe, stderr=pipe
        )
    printed, error = await process.communicate()
    wall, cpu = time.perf_counter() - start, _children_cpu() - used
    if process.returncode or len(json.loads(printed)) != SERVERS:
        raise click.ClickException(f"openstack server list: {error.decode()}")
    return wall, cpu


def _children_cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _environment(directory: Path, without: str | None = None) -> Path:
    """Make a copy of this Python's environment, without one distribution; return its Python."""
    output([sys.executable, "-m", "venv", "--without-pip", directory])
    files = importlib.metadata.files(without) or [] if without else []
    left_out = {file.parts[0] for file in files}
    [target] = directory.glob("lib/python*/site-packages")
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        if entry.name not in left_out:
            (target / entry.name).symlink_to(entry)
    return directory / "bin" / "python"


async def _answer(request: web.BaseRequest) -> web.StreamResponse:
    """Play Keystone, Nova and Glance, as far as the command asks them."""
    url = f"http://{request.host}"
    versions = {
        "/identity/v3": _version(f"{url}/identity/v3", "v3.14", "", ""),
        "/compute/v2.1": _version(f"{url}/compute/v2.1", "v2.1", "2.1", "2.96"),
        "/image/v2": _version(f"{url}/image/v2", "v2.16", "", ""),
    }
    path = request.path.rstrip("/")
    if path.endswith("/auth/tokens"):
        token = {"X-Subject-Token": "t" * 183}
        return web.json_response(_login(url), status=web.HTTPCreated.status_code, headers=token)
    if path in versions:
        return web.json_response({"version": versions[path]})
    if path == "/image":
        return web.json_response({"versions": [versions["/image/v2"]]})
    collection = next((c for c in ("servers", "flavors", "images") if f"/{c}" in path), None)
    if collection is None:
        raise web.HTTPNotFound
    return web.json_response({collection: [*map(_server, range(SERVERS))]})


def _version(url: str, name: str, least: str, most: str) -> dict[str, object]:
    links = [{"rel": "self", "href": f"{url}/"}]
    return {"id": name, "status": "CURRENT", "links": links, "version": most, "min_version": least}


def _login(url: str) -> dict[str, object]:
    places = {"identity": "/identity/v3", "compute": "/compute/v2.1", "image": "/image"}
    catalog = [
        {
            "type": service,
            "name": service,
            "id": service,
            "endpoints": [
                {
                    "id": service,
                    "interface": "public",
                    "region": "r",
                    "region_id": "r",
                    "url": f"{url}{path}",
                }
            ],
        }
        for service, path in places.items()
    ]
    domain = {"id": "default", "name": "Default"}
    return {
        "token": {
            "methods": ["password"],
            "user": {"id": "u" * 32, "name": "user", "domain": domain},
            "project": {"id": PROJECT, "name": "project", "domain": domain},
            "roles": [{"id": "m" * 32, "name": "member"}],
            "catalog": catalog,
            "issued_at": "2020-01-01T00:00:00.000000Z",
            "expires_at": "2120-01-01T00:00:00.000000Z",
        }
    }


def _server(number: int) -> dict[str, object]:
    return {
        "id": f"{number:032}",
        "name": f"server-{number}",
        "status": "ACTIVE",
        "addresses": {"private": [{"addr": f"10.0.0.{number}", "version": 4}]},
        "image": {"id": f"{number:032}"},
        "flavor": {"original_name": "m1.tiny", "vcpus": 1, "ram": 512, "disk": 1},
    }
