"""With a scope, nothing that another cloud says becomes a command of the user's shell."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from .conftest import Openstack
from .fake import Fake, Request

SCOPE = ["--os-scope", "compute=CloudTwo,image=CloudTwo"]
SSH = ["server", "ssh", "--private", *SCOPE, "s1"]


def serving(cloud: Fake, address: object) -> None:
    """Let the cloud have one server with one address."""

    def reply(request: Request) -> tuple[int, Any] | None:
        path = request.path.partition("?")[0]
        if "/servers" not in path:
            return None
        found = {"version": 4, "addr": address, "OS-EXT-IPS:type": "fixed"}
        server = {"id": "s1", "name": "s1", "addresses": {"net": [found]}}
        return 200, {"server": server} if path.endswith("/s1") else {"servers": [server]}

    cloud.reply = reply


@pytest.fixture
def bin_(tmp_path: Path, credentials: dict[str, str]) -> Path:
    """Have an `ssh` in the path that writes down that it ran, and how."""
    directory = tmp_path / "bin"
    directory.mkdir()
    ssh = directory / "ssh"
    ssh.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/ran\n')
    ssh.chmod(0o700)
    credentials["PATH"] = f"{directory}:/usr/bin:/bin"
    return tmp_path


@pytest.mark.parametrize(
    "address",
    [
        "192.0.2.1; touch {0}/evil;",
        "$(touch {0}/evil)",
        "`touch {0}/evil`",
        "-oProxyCommand=touch${{IFS}}{0}/evil x",
        "192.0.2.1\ntouch {0}/evil",
        "fe80::1%$(touch {0}/evil)",
        "2001:db8::1%;touch {0}/evil",
        "evil.example.org",
        "",
        ["$(touch {0}/evil)"],
    ],
)
def test_an_address_is_no_command(
    address: str | list[str], openstack: Openstack, cloud: Fake, bin_: Path
) -> None:
    """`server ssh` runs a shell with it: what is no IP address is refused, and shown."""
    given = address.format(bin_) if isinstance(address, str) else [a.format(bin_) for a in address]
    serving(cloud, given)
    result = openstack(*SSH)
    assert result.code == 1
    assert "which a cloud has answered, is no IP address" in result.err
    assert not (bin_ / "evil").exists()
    assert not (bin_ / "ran").exists()


@pytest.mark.parametrize("name", ["x;touch {0}/evil", "$(touch {0}/evil)", "-x", "a b", ""])
def test_a_user_s_name_is_no_command(
    name: str, openstack: Openstack, cloud: Fake, bin_: Path
) -> None:
    """`server ssh` takes the name from the Keystone's answer, which may be another cloud's."""
    serving(cloud, "192.0.2.1")
    cloud.user = name.format(bin_)
    result = openstack(*SSH)
    assert (result.code, (bin_ / "ran").exists()) == (1, False)
    assert "is no name of a user" in result.err
    assert not (bin_ / "evil").exists()
    assert openstack(*SSH, "--", "-l", "root").code == 0
    assert (bin_ / "ran").read_text() == "192.0.2.1 -l root\n"


@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::1"])
def test_an_address_is_reached_as_ever(
    address: str, openstack: Openstack, cloud: Fake, bin_: Path
) -> None:
    """What is one, is given to ssh with the user's name."""
    serving(cloud, address)
    assert openstack(*SSH).code == 0
    assert (bin_ / "ran").read_text() == f"{address} -l alice\n"


@pytest.mark.parametrize("said", ["$(touch {0}/evil)", "`touch {0}/evil`", '\\"$(touch {0}/evil)"'])
@pytest.mark.parametrize("where", ["name", "key", "property"])
def test_what_a_script_evaluates_says_what_the_cloud_said(
    said: str, where: str, openstack: Openstack, cloud: Fake, tmp_path: Path
) -> None:
    """`-f shell` is for `eval`: nothing in an answer is run by that."""
    said = said.format(tmp_path)
    image: dict[str, Any] = {"id": "i1", "name": "debian", "status": "active", "tags": []}
    if where == "name":
        image["name"] = said
    else:
        image.update({said: "x"} if where == "key" else {"prop": said})

    def reply(request: Request) -> tuple[int, Any] | None:
        path = request.path.partition("?")[0]
        if "/v2/images" not in path:
            return None
        return 200, image if path.endswith("/i1") else {"images": [image]}

    cloud.reply = reply
    result = openstack("image", "show", "i1", "-f", "shell", *SCOPE)
    assert result.code == 0
    script = f'{result.out}\nprintf %s "$name"'
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    assert not (tmp_path / "evil").exists()
    assert done.stdout == image["name"]
