"""The demonstration of scripts/demo: boots a server in CloudOne from an image of CloudTwo.

It shows real commands with their output, and checks every claim through openstacksdk.
"""

import hashlib
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import click
from openstack.config import OpenStackConfig
from openstack.connection import Connection
from openstack.exceptions import BadRequestException

from openstackoid.lab import environment
from openstackoid.lab.lab import Lab
from openstackoid.lab.status import variables

_HOME, _OTHER = "CloudOne", "CloudTwo"
_IMAGE = f"only-in-{_OTHER}"
_SCOPE = ("--os-scope", f'{{"image": "{_OTHER}"}}')
_COLUMNS = ("-c", "name", "-c", "status", "-c", "image")
_OURS = "demo-"  # the prefix of the demonstration's server names

_seconds: dict[str, float] = {}


def main() -> None:
    """Run the demonstration; exits 1 at the first claim that does not hold."""
    lab = Lab(environment.lab_directory())
    with _phase("two clouds up"):
        _must(_show(lab, "openstackoid", "lab", "up", _HOME, _OTHER))
    logins = OpenStackConfig(config_files=[str(lab.clouds_yaml)], load_envvars=False)
    home, other = (Connection(config=logins.get_one(name)) for name in (_HOME, _OTHER))
    with _phase("servers of an earlier run deleted"):
        old = [server.id for server in home.compute.servers() if server.name.startswith(_OURS)]
        if old:
            _must(_show(lab, "openstack", "server", "delete", "--wait", *old))
    with _phase("images of both clouds"):
        checksum, image = _images(lab, home, other)
    for name, given in ((f"{_OURS}by-name", _IMAGE), (f"{_OURS}by-id", image)):
        with _phase(f"server {name}"):
            _must(_show(lab, *_create(name, given), *_SCOPE, "--wait", *_COLUMNS))
            _check_server(lab, home, name, image, checksum)
    with _phase("without the scope"):
        status = _show(lab, *_create(f"{_OURS}refused", _IMAGE))
        _check(status != 0, f"without the scope, {_HOME} has no such image")
        _check(_nova_refuses(home, image), "and its nova refuses the image's id, too")
    _farewell(lab)


def _images(lab: Lab, home: Connection, other: Connection) -> tuple[str, str]:
    """List the images of both clouds; return checksum and id of the other cloud's own one."""
    _must(_show(lab, "openstack", "image", "list"))
    _must(_show(lab, "openstack", "image", "list", cloud=_OTHER))
    here = {image.name: image for image in home.image.images()}
    there = {image.name: image for image in other.image.images()}
    _check(here["debian"].id != there["debian"].id, "debian has another id in each cloud")
    _check(_IMAGE in there and _IMAGE not in here, f"only {_OTHER} has {_IMAGE}")
    return there[_IMAGE].hash_value, there[_IMAGE].id


def _check_server(lab: Lab, home: Connection, name: str, image: str, checksum: str) -> None:
    found = home.compute.find_server(name, ignore_missing=False)
    server = home.compute.get_server(found.id)
    _check(server.status == "ACTIVE", f"{name} is ACTIVE in {_HOME}")
    _check(server.image.id == image, f"its image is {image}, of {_OTHER}")
    with (lab.cloud(_HOME).instances / server.id / "disk").open("rb") as disk:
        downloaded = hashlib.file_digest(disk, "sha512").hexdigest()
    _check(downloaded == checksum, f"its disk is that image: sha512 {downloaded[:24]}…")


def _nova_refuses(home: Connection, image: str) -> bool:
    flavor = home.compute.find_flavor("m1.tiny", ignore_missing=False)
    network = home.network.find_network("private", ignore_missing=False)
    try:
        home.compute.create_server(
            name=f"{_OURS}refused",
            image_id=image,
            flavor_id=flavor.id,
            networks=[{"uuid": network.id}],
        )
    except BadRequestException as refusal:
        click.echo(f"nova: {refusal.status_code} {refusal.details}")
        return True
    return False


def _create(name: str, image: str) -> list[str]:
    options = ["--flavor", "m1.tiny", "--network", "private", "--image", image]
    return ["openstack", "server", "create", name, *options]


def _show(lab: Lab, *command: str, cloud: str = _HOME) -> int:
    """Print a command as a user types it, run it, and return its exit code."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("OS_")}
    typed = shlex.join(command)
    if command[0] == "openstack":
        environ |= variables(lab, lab.cloud(cloud), environ)
        typed = f"OS_CLOUD={cloud} {typed}"
    click.secho(f"\n$ {typed}", bold=True)
    program = [sys.executable, str(environment.script(command[0])), *command[1:]]
    return subprocess.run(program, env=environ, check=False).returncode  # noqa: S603


def _must(status: int) -> None:
    if status:
        raise SystemExit(f"The last command failed with exit code {status}; so does the demo.")


def _check(holds: bool, claim: str) -> None:
    click.secho(f"  {'✓' if holds else '✗'} {claim}", fg="green" if holds else "red")
    if not holds:
        raise SystemExit(f"This does not hold: {claim}")


@contextmanager
def _phase(name: str) -> Iterator[None]:
    begun = time.monotonic()
    yield
    _seconds[name] = time.monotonic() - begun


def _farewell(lab: Lab) -> None:
    click.echo()
    for phase, seconds in (*_seconds.items(), ("together", sum(_seconds.values()))):
        click.echo(f"{phase:<40} {seconds:5.1f} s")
    there = environment.dir_option(lab.directory)
    click.echo("\nBoth clouds are up. Go on by hand:\n")
    click.echo("    . .venv/bin/activate")
    click.echo(f'    eval "$(openstackoid lab env {_HOME}{there})"')
    click.echo(f"    {shlex.join([*_create('mine', _IMAGE), *_SCOPE, '--wait'])}")
    click.echo(f"    openstackoid lab down{there}")


if __name__ == "__main__":
    main()
