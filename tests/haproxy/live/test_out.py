"""Configurations that are written, with HAProxy itself asked before."""

from pathlib import Path

import pytest
import trustme
from click.testing import CliRunner, Result
from ruamel.yaml import YAML

from openstackoid.commands.main import main


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Return the file to be written, which is there."""
    cloud = {
        "bind": "127.0.0.2",
        "own": {"proxies": ["127.0.0.1"]},
        "frontends": {"image": "https://127.0.0.1:9292"},
        "backends": {"image": "http://127.0.0.3:9292"},
    }
    with (tmp_path / "f.yaml").open("w") as stream:
        YAML(typ="safe").dump({"clouds": {"One": cloud}}, stream)
    out = tmp_path / "haproxy.cfg"
    out.write_text("old")
    return out


@pytest.fixture
def both(tmp_path: Path) -> Path:
    """Write a certificate and its key."""
    file = tmp_path / "both.pem"
    trustme.CA().issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(file)
    return file


def render(out: Path, certificate: Path, *more: str) -> Result:
    file = out.with_name("f.yaml")
    asked = ["--federation", file, "--cloud", "One", "--certificate", certificate, "--out", out]
    return CliRunner().invoke(main, ["haproxy", "render", *map(str, asked), *more])


@pytest.mark.parametrize("more", [(), ("--fragment",)])
def test_what_haproxy_takes_is_written(
    out: Path, tmp_path: Path, more: tuple[str, ...], both: Path
) -> None:
    """Whole or as a fragment."""
    done = render(out, both, *more)
    assert (done.exit_code, done.stderr) == (0, f"{out}: written\n")
    assert out.read_text().startswith("# HAProxy in front of One")
    assert sorted(f.name for f in tmp_path.iterdir()) == ["both.pem", "f.yaml", "haproxy.cfg"]


@pytest.mark.parametrize("more", [(), ("--fragment",)])
def test_what_haproxy_does_not_take_changes_nothing(
    out: Path, tmp_path: Path, more: tuple[str, ...]
) -> None:
    """And HAProxy's own words are said."""
    done = render(out, tmp_path / "nowhere.pem", *more)
    assert (done.exit_code, done.stdout) == (1, "")
    assert f"{out} stays as it is, for haproxy does not take the configuration" in done.stderr
    assert "nowhere.pem" in done.stderr
    assert out.read_text() == "old"
    assert sorted(f.name for f in tmp_path.iterdir()) == ["f.yaml", "haproxy.cfg"]
