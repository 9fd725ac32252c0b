"""The configuration of a cloud's services."""

import re
from pathlib import Path

import pytest
from oslo_config import cfg

from openstackoid.lab import LabCloud, config, files
from openstackoid.lab.config import render


@pytest.fixture
def written(cloud: LabCloud) -> dict[str, str]:
    """Return, by path below etc/, the text of every configuration file of a cloud."""
    config.write(cloud)
    etc = cloud.directory / "etc"
    return {str(p.relative_to(etc)): p.read_text() for p in etc.rglob("*") if p.is_file()}


def test_values_are_written_as_oslo_config_reads_them(tmp_path: Path) -> None:
    """Paths keep their spaces, booleans are lower case."""
    file = tmp_path / "x.conf"
    file.write_text(render({"DEFAULT": {"a": Path("/a b/c"), "yes": True}, "other": {"n": 3}}))
    conf = cfg.ConfigOpts()
    conf.register_opts([cfg.StrOpt("a"), cfg.BoolOpt("yes")])
    conf.register_opts([cfg.IntOpt("n")], group="other")
    conf(["--config-file", str(file)], project="x")
    assert (conf.a, conf.yes, conf.other.n) == ("/a b/c", True, 3)


def test_services_find_one_another_at_frontends_only(
    cloud: LabCloud, written: dict[str, str]
) -> None:
    """No backend appears in any file: a scope would not travel past the gateway otherwise."""
    text = "".join(written.values())
    assert cloud.frontends["identity"] in text
    for service in cloud.services:
        assert f":{service.backend_port}" not in text


def test_only_the_owner_may_read_a_configuration(cloud: LabCloud, written: dict[str, str]) -> None:
    """They hold passwords."""
    for path in [*(cloud.directory / "etc" / name for name in written), cloud.passwords]:
        assert path.stat().st_mode & 0o777 == 0o600


def test_every_service_user_has_a_password_of_its_own(
    cloud: LabCloud, written: dict[str, str]
) -> None:
    """A file holds the password of its own user alone."""
    passwords = files.read_yaml(cloud.passwords)
    assert len(set(passwords.values())) == len(passwords) == 8
    for name, text in written.items():
        found = set(re.findall(r"^password = (.*)$", text, re.MULTILINE))
        users = set(re.findall(r"^username = (.*)$", text, re.MULTILINE))
        assert found == {passwords[user] for user in users}, name


def test_service_tokens_are_sent_and_demanded(written: dict[str, str]) -> None:
    """Neutron lets a member delete a server's port only if nova vouches for it."""
    assert "send_service_user_token = true" in written["compute/nova.conf"]
    for name in ("compute/nova.conf", "network/neutron.conf", "image/glance-api.conf"):
        assert "service_token_roles_required = true" in written[name]


def test_writing_again_changes_no_file(cloud: LabCloud, written: dict[str, str]) -> None:
    """Neither a password nor a modification time."""
    files_of = [p for p in (cloud.directory / "etc").rglob("*") if p.is_file()]
    before = {p: p.stat().st_mtime_ns for p in files_of}
    config.write(cloud)
    assert {p: p.stat().st_mtime_ns for p in files_of} == before
