"""The keys and certificates that `openstackoid federation check` prints."""

import json
from datetime import UTC, datetime
from pathlib import Path

from click.testing import CliRunner, Result
from gateway.authority import CLIENTS, DAY, Authority

from openstackoid.commands.main import main
from openstackoid.identity.keys import ids, make, write


def check(file: Path) -> Result:
    return CliRunner().invoke(main, ["federation", "check", str(file)])


def test_check_tells_which_keys_there_are_and_which_is_unused(tmp_path: Path) -> None:
    """Of its own gateway; by which of its keys another one signs is not in the file."""
    old, new, theirs = make(), make(), make()
    for name, keys in (("old.json", old), ("new.json", new)):
        write(keys, tmp_path / name)
    published = [keys.public.model_dump() for keys in (old, new)]
    one = {
        "frontends": {"image": "http://one/"},
        "backends": {"image": "http://127.0.0.1:9"},
        "keys": published,
        "own": {"keys": ["new.json", "old.json"]},
    }
    two = {"frontends": {"image": "https://192.0.2.2/"}, "keys": theirs.public.model_dump()}
    file = tmp_path / "f.yaml"
    file.write_text(json.dumps({"clouds": {"One": one, "Two": two}}))
    result = check(file)
    assert (result.exit_code, result.stderr) == (0, "")
    _, _, table = result.stdout.partition("\n\n")
    assert [line.split() for line in table.splitlines()] == [
        ["Cloud", "Key", "For", "assertions", "Use"],
        ["One", *ids(old.public), "unused"],
        ["One", *ids(new.public), "signs"],
        ["Two", *ids(theirs.public), "accepted"],
    ]


def test_check_prints_the_certificates_of_its_own_gateway(tmp_path: Path) -> None:
    """With names, purposes and end; what is wrong with them is a warning."""
    end = datetime.now(UTC) + 9 * DAY
    authority = Authority()
    own = authority.issue(tmp_path, "one.example", end=end, purposes=(CLIENTS,))
    Path(tmp_path / "crl.pem").write_bytes(authority.revoke(own["certificate"]))
    entry = {
        "frontends": {"image": "https://one.example:1/"},
        "backends": {"image": "http://127.0.0.1:9"},
        "own": {**own, "crl": "crl.pem"},
    }
    file = tmp_path / "f.yaml"
    file.write_text(json.dumps({"clouds": {"One": entry}}))
    result = check(file)
    assert result.exit_code == 0
    _, _, table = result.stdout.partition("\n\n")
    heading, shown, accepted, revocations = (line.split() for line in table.splitlines())
    assert heading == ["File", "Certificate", "Names", "For", "Until"]
    name = Path(own["certificate"]).name
    assert shown == [name, "CN=one.example", "one.example", "clientAuth", f"{end:%Y-%m-%d}"]
    assert accepted[1:4] == ["CN=Authority", "-", "authority"]
    assert revocations[:4] == ["crl.pem", "CN=Authority", "-", "revocations"]
    soon, servers = result.stderr.splitlines()
    assert soon.startswith(
        f"Warning: One: {own['certificate']}: the certificate of CN=one.example "
    )
    assert "it is not for servers (serverAuth)" in servers
