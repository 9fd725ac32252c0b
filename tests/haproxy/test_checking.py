"""What keeps a configuration from working; HAProxy is played by a script that says what it got."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme
from haproxy.test_certificates import own
from haproxy.test_plan import HTTPS, OWN, federation

from openstackoid.federation.own import Own
from openstackoid.haproxy import plan
from openstackoid.haproxy.checking import MissingError, executable, faults, unseen_faults
from openstackoid.haproxy.configuration import GLOBAL

Play = Callable[[str], Path]


@pytest.fixture
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Play:
    """Put a script on the PATH that is haproxy."""

    def written(script: str) -> Path:
        file = tmp_path / "haproxy"
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)
        monkeypatch.setenv("PATH", os.pathsep.join([str(tmp_path), os.environ["PATH"]]))
        return file

    return written


def test_haproxy_on_the_path_comes_first(play: Play) -> None:
    """Before the one of the system."""
    played = play("exit 0")
    assert executable() == str(played)


def test_haproxy_is_found_where_users_do_not_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """The directories of the system's daemons are looked into besides the PATH."""
    asked: list[str] = []
    monkeypatch.setenv("PATH", "/one:/two")

    def which(_: str, path: str) -> str:
        asked.append(path)
        return "/x/haproxy"

    monkeypatch.setattr(shutil, "which", which)
    assert executable() == "/x/haproxy"
    assert asked == ["/one:/two:/usr/local/sbin:/usr/sbin"]


@pytest.mark.parametrize("path", [None, ""])
def test_the_working_directory_is_not_looked_into(
    play: Play, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str | None
) -> None:
    """Without a PATH, a program that happens to lie there is not run."""
    play("exit 0")
    monkeypatch.chdir(tmp_path)
    if path is None:
        monkeypatch.delenv("PATH")
    else:
        monkeypatch.setenv("PATH", path)
    try:
        assert Path(executable()).parent in (Path("/usr/sbin"), Path("/usr/local/sbin"))
    except MissingError as error:
        assert "install" in str(error)  # noqa: PT017


def test_without_haproxy_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the name of the package."""
    monkeypatch.setattr(shutil, "which", lambda _, path: None)
    with pytest.raises(MissingError, match="apt-get install haproxy"):
        faults("", fragment=False)


def test_a_configuration_that_is_taken_has_no_faults(play: Play) -> None:
    """Whatever HAProxy says besides."""
    play("echo '[WARNING] careful' >&2")
    assert faults("global\n", fragment=False) == ""


def test_what_haproxy_says_is_told_without_its_notices_and_where_the_file_was(play: Play) -> None:
    """The file is temporary, so its directory would lead nowhere."""
    play('for f; do :; done\necho "[NOTICE] version" >&2\necho "[ALERT] $f:1: bad" >&2\nexit 1')
    assert faults("bad\n", fragment=False) == "[ALERT] haproxy.cfg:1: bad"


@pytest.mark.parametrize("said", ["", "[NOTICE] version"])
def test_a_failure_without_a_word_is_a_fault(play: Play, said: str) -> None:
    """It is told by its exit code."""
    play(f"echo '{said}' >&2\nexit 3" if said else "exit 3")
    assert faults("", fragment=False) == "exit 3"


def test_the_configuration_is_checked_alone_and_a_fragment_within_what_it_needs(
    play: Play,
) -> None:
    """Only checked: -c."""
    play('echo "$1" >&2\nshift\nfor f; do [ "$f" = -f ] || cat "$f" >&2; done\nexit 1')
    assert faults("é the whole\n", fragment=False) == "-c\né the whole"
    checked, *base, fragment = faults("the fragment\n", fragment=True).splitlines()
    assert (checked, fragment) == ("-c", "the fragment")
    assert base == ["global", *(f"    {line}" for line in GLOBAL)]


@pytest.mark.parametrize(
    ("hosts", "taken"),
    [
        (("127.0.0.1", "localhost"), True),
        (("localhost", "127.0.0.1"), True),
        (("127.0.0.1", "127.0.0.3"), False),
        (("127.0.0.1", "unknown.invalid"), False),
    ],
)
def test_two_schemes_at_one_address_are_a_fault_whatever_it_is_called(
    hosts: tuple[str, str], taken: bool
) -> None:
    """HAProxy takes both names, and then answers one scheme alone."""
    plain, secure = hosts
    frontends = {"image": f"http://{plain}:8888", "compute": f"https://{secure}:8888"}
    made = plan(
        federation(frontends=frontends, backends={}, bind="127.0.0.9"), "One", None, Path("x.pem")
    )
    found = list(unseen_faults(made, Own()))
    assert len(found) == taken
    for fault in found:
        assert f"{secure} is 127.0.0.1, where port 8888 cannot be http and https" in fault


def test_the_same_address_at_two_ports_is_no_fault() -> None:
    """Each port has its scheme."""
    frontends = {"image": "http://127.0.0.1:8888", "compute": "https://127.0.0.1:8889"}
    made = plan(
        federation(frontends=frontends, backends={}, bind="127.0.0.9"), "One", None, Path("x.pem")
    )
    assert list(unseen_faults(made, Own())) == []


def test_a_certificate_that_haproxy_would_not_accept_is_a_fault(tmp_path: Path) -> None:
    """One by the authority that the gateway names is none."""
    made = plan(federation(**HTTPS, own=OWN), "One", None, Path("x.pem"))
    ca = trustme.CA()
    issued = ca.issue_cert("one")
    assert list(unseen_faults(made, own(tmp_path, issued, ca))) == []
    other = own(tmp_path, issued, trustme.CA())
    (fault,) = unseen_faults(made, other)
    assert fault.startswith(
        f"HAProxy would not accept the certificate of the gateway, {other.certificate}: "
    )


def test_a_certificate_that_cannot_be_read_is_said_not_to_be_checked(tmp_path: Path) -> None:
    """Nobody takes silence for a check."""
    made = plan(federation(**HTTPS, own=OWN), "One", None, Path("x.pem"))
    none = Own(certificate=tmp_path / "none.pem", key=tmp_path / "none.key")
    (fault,) = unseen_faults(made, none)
    assert fault.startswith("the certificate of the gateway is not checked: ")


def test_a_gateway_without_tls_has_no_certificate_to_check(tmp_path: Path) -> None:
    """Its files are not looked at."""
    none = Own(certificate=tmp_path / "none.pem", key=tmp_path / "none.key")
    assert list(unseen_faults(plan(federation(), "One"), none)) == []
