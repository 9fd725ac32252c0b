"""`openstackoid federation`."""

import json
import socket
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from openstackoid import livecheck
from openstackoid.commands.main import main

ENDPOINTS = json.dumps(
    [
        {
            "Region": "R",
            "Service Type": service,
            "Interface": "public",
            "Enabled": True,
            "URL": f"http://one/{service}",
        }
        for service in ("identity", "image")
    ]
)
ENTRY = """\
clouds:
  One:
    region: R
    frontends:
      identity: http://one/identity
      image: http://one/image
"""


def run(
    *arguments: str | Path, stdin: str | bytes | None = None, names: dict[str, str] | None = None
) -> Result:
    """Return what `openstackoid federation …` does where names lead to these addresses."""

    async def resolve(host: str) -> list[str]:
        if host[0].isdigit():
            return [host]
        if host not in (names or {}):
            raise socket.gaierror
        return [(names or {})[host]]

    arguments = ("federation", *arguments)
    return CliRunner().invoke(main, [*map(str, arguments)], input=stdin, obj=resolve)


def test_check_prints_each_address_in_full(tmp_path: Path) -> None:
    """One line per interface, never cut to the width of a terminal."""
    file = tmp_path / "f.yaml"
    long = "a-rather-long-host-name.that-no-terminal-of-eighty-columns-would-show.example"
    file.write_text(
        "clouds:\n  One:\n    frontends:\n"
        f'      image: {{public: "http://{long}:9292", internal: "http://[fe80:a:b::1]:9292"}}\n'
        "      ledger: http://one/ledger\n"
        "    backends: {image: 'http://127.0.0.1:19292'}\n"
    )
    result = run("check", file)
    assert (result.exit_code, result.stderr) == (0, "")
    assert [line.split() for line in result.stdout.splitlines()] == [
        ["Cloud", "Service", "Interface", "Frontend", "Backend"],
        ["One", "image", "public", f"http://{long}:9292", "http://127.0.0.1:19292"],
        ["One", "image", "internal", "http://[fe80:a:b::1]:9292", "http://127.0.0.1:19292"],
        ["One", "ledger", "(not", "official)", "public", "http://one/ledger", "-"],
    ]


def test_check_lists_the_faults(tmp_path: Path) -> None:
    """Exit code 1, the faults on stderr."""
    file = tmp_path / "f.yaml"
    file.write_text("clouds:\n  One:\n    frontends: {image: one}\n    foo: 1\n")
    result = run("check", file)
    assert (result.exit_code, result.stdout) == (1, "")
    assert [line.partition(":")[2] for line in result.stderr.splitlines()] == [
        f' {file}:3: clouds.One.frontends.image: "one" must be a URL like '
        'http://192.0.2.1:8774/compute ("" is no host)',
        "4: clouds.One.foo: unknown key; known are backends, bind, connect, frontends, gateway, "
        "insecure, keys, own, peer, region, trust",
    ]


def test_check_warns_where_the_path_of_objects_changes(tmp_path: Path) -> None:
    """On stderr, for it is right for whoever uses no temporary URLs."""
    file = tmp_path / "f.yaml"
    file.write_text(
        "clouds:\n  One:\n    frontends: {object-store: 'http://one/store'}\n"
        "    backends: {object-store: 'http://127.0.0.1:1/swift'}\n"
    )
    result = run("check", file)
    assert result.exit_code == 0
    assert "object-store of One is at http://one/store" in result.stderr
    assert "temporary URLs" in result.stderr


def test_check_tells_what_a_service_may_be_a_mistake_for(tmp_path: Path) -> None:
    """On stderr, for a service of one's own is allowed; also one whose infrastructure is shared."""
    file = tmp_path / "f.yaml"
    file.write_text(
        "clouds:\n  One: {frontends: {imagee: 'http://one/', ledger: 'http://one:1/'}}\n"
        "  Two: {frontends: {image: 'http://two/'}}\n"
        "shared: [{clouds: [One, Two], services: [netwrok]}]\n"
    )
    result = run("check", file)
    assert result.exit_code == 0
    assert result.stderr.splitlines() == [
        'Warning: "imagee" is no official service; did you mean "image"?',
        'Warning: "netwrok" is no official service; did you mean "network"?',
    ]


def test_check_warns_of_services_that_users_cannot_reach(tmp_path: Path) -> None:
    """One line for each, which names the line to add; of the file's own cloud, and no failure."""
    file = tmp_path / "f.yaml"
    others = "".join(
        f"  C{n}: {{frontends: {{image: 'https://c{n}:9292', dns: 'https://c{n}:9001'}}}}\n"
        for n in range(5)
    )
    text = f"clouds:\n  One:\n    frontends: {{image: 'http://one:9292'}}\n{others}"
    file.write_text(text)
    assert run("check", file).stderr == ""
    file.write_text(text.replace("{image: 'http://one:9292'}", "{image: 'http://one:9292'}\n"
                                 "    backends: {image: 'http://127.0.0.1:9292'}", 1))  # fmt: skip
    result = run("check", file)
    assert result.exit_code == 0
    assert result.stderr == (
        "Warning: One has no frontend for dns (of C0, C1, C2 and 2 more), so its users cannot "
        "reach it there; add under clouds.One.frontends: dns: http://one:9001\n"
    )


def test_check_warns_of_what_the_file_s_own_cloud_gives_away(tmp_path: Path) -> None:
    """And fails for none of it; what other clouds' entries say is theirs to decide."""
    file = tmp_path / "f.yaml"
    text = (
        "clouds:\n  One:\n    frontends: {image: 'http://one/'}\n"
        "    backends: {image: 'http://127.0.0.1:9'}\n    own: {keep: []}\n"
        "  Two: {frontends: {image: 'https://192.0.2.2/'}, own: {keep: []}}\n"
    )
    file.write_text(text)
    result = run("check", file)
    assert result.exit_code == 0
    assert result.stderr.startswith("Warning: clouds.One.own.keep is empty: ")
    assert len(result.stderr.splitlines()) == 1
    file.write_text(text.replace("    backends: {image: 'http://127.0.0.1:9'}\n", ""))
    assert run("check", file).stderr == ""


INSIDE = (
    "an internal address (link-local); if that is meant, add to clouds.{0}.own in the federation "
    'file of {0}: allow: ["169.254.1.1"]\n'
)


def test_check_warns_of_clouds_that_lead_inside(tmp_path: Path) -> None:
    """What the gateway would refuse; not what it allows, and nothing where there is no gateway."""
    file = tmp_path / "f.yaml"
    text = (
        "clouds:\n  One:\n    frontends: {image: 'http://10.0.0.1', dns: 'http://10.0.0.1:1'}\n"
        "    backends: {image: 'http://127.0.0.1:9'}\n    own: {allow: []}\n"
        "  Two: {frontends: {image: 'https://two.example', dns: 'https://two.example/dns'}}\n"
    )
    file.write_text(text)
    assert run("check", file, names={"two.example": "192.0.2.1"}).stderr == ""
    led = {"two.example": "169.254.1.1"}
    result = run("check", file, names=led)
    assert (result.exit_code, result.stderr) == (
        0,
        "Warning: the gateway of One will refuse image, dns of Two: two.example leads to "
        f"169.254.1.1, {INSIDE.format('One')}",
    )
    file.write_text(text.replace("allow: []", "allow: [169.254.0.0/16]"))
    assert run("check", file, names=led).stderr == ""
    file.write_text(text.replace("    backends: {image: 'http://127.0.0.1:9'}\n", ""))
    assert run("check", file, names=led).stderr == ""


def test_check_says_that_a_file_is_missing(tmp_path: Path) -> None:
    """Without a line, of which it has none."""
    result = run("check", tmp_path / "none.yaml")
    assert (result.exit_code, result.stdout) == (1, "")
    expected = f"Error: {tmp_path}/none.yaml: can't be read: No such file or directory\n"
    assert result.stderr == expected


def test_import_prints_a_new_file(tmp_path: Path) -> None:
    """From a file and from standard input."""
    endpoints = tmp_path / "endpoints.json"
    endpoints.write_text(ENDPOINTS)
    for result in (
        run("import", "--cloud", "One", endpoints),
        run("import", "--cloud", "One", "-", stdin=ENDPOINTS),
    ):
        assert (result.exit_code, result.stdout, result.stderr) == (0, ENTRY, "")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_import_reads_what_shells_make_of_json(tmp_path: Path, encoding: str) -> None:
    """With a byte order mark or without, from a file and from standard input."""
    endpoints = tmp_path / "endpoints.json"
    endpoints.write_bytes(ENDPOINTS.encode(encoding))
    for result in (
        run("import", "--cloud", "One", endpoints),
        run("import", "--cloud", "One", "-", stdin=endpoints.read_bytes()),
    ):
        assert (result.exit_code, result.stdout, result.stderr) == (0, ENTRY, "")


def test_import_tells_what_it_leaves_out(tmp_path: Path) -> None:
    """On standard error, and exits 0: one row does not keep the others out."""
    rows = json.loads(ENDPOINTS)
    rows.insert(1, rows[0] | {"Service Type": "vpc2.0", "URL": "https://vpc/v2.0"})
    rows.append(rows[0] | {"Service Type": "imagev1", "URL": "http://one/image/v1"})
    told = (
        "left out:\n"
        '  vpc2.0 (public): "vpc2.0" is no valid name (names match ^[a-z][a-z0-9-]{0,63}$)\n'
        "  imagev1 (public): it is at the address of image, http://one/image\n"
    )
    result = run("import", "--cloud", "One", "-", stdin=json.dumps(rows))
    assert (result.exit_code, result.stdout, result.stderr) == (0, ENTRY, told)
    file = tmp_path / "f.yaml"
    result = run("import", "--cloud", "One", "--into", file, "-", stdin=json.dumps(rows))
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == f"{told}{file}: One imported\n"
    assert file.read_text() == ENTRY


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        ([[{"Field": "url", "Value": "http://h"}]], "it is no endpoint, which has Region, Service"),
        ({"interface": "public", "url": "http://h"}, "this is one endpoint, not a list"),
        ([{"Region": "R", "Service Type": "a.b", "Interface": "public", "URL": "http://h"}],
         "nothing is left of the list"),
    ],
)  # fmt: skip
def test_import_exits_1_if_nothing_is_left(document: object, fault: str) -> None:
    """And prints nothing that could be taken for a file."""
    result = run("import", "--cloud", "One", "-", stdin=json.dumps(document))
    assert (result.exit_code, result.stdout) == (1, "")
    assert fault in result.stderr


def test_import_into_a_file_extends_it(tmp_path: Path) -> None:
    """A new file is made, one that is there is extended; importing again changes nothing."""
    file = tmp_path / "f.yaml"
    for _ in range(2):
        result = run("import", "--cloud", "One", "--into", file, "-", stdin=ENDPOINTS)
        assert (result.exit_code, result.stdout) == (0, "")
        assert result.stderr == f"{file}: One imported\n"
        assert file.read_text() == ENTRY
    backend = "--backend", "glance=http://127.0.0.1:19292"
    run("import", "--cloud", "One", "--into", file, *backend, "-", stdin=ENDPOINTS)
    assert file.read_text() == ENTRY + "    backends:\n      image: http://127.0.0.1:19292\n"


def test_import_replaces_the_file_as_a_whole(tmp_path: Path) -> None:
    """Its mode stays, a link stays a link, a reader of the old file reads on, nothing is left."""
    file, link = tmp_path / "real.yaml", tmp_path / "link.yaml"
    file.write_text("# ours\n" + ENTRY.replace("One", "Zero").replace("one", "zero"))
    file.chmod(0o640)
    link.symlink_to(file)
    with file.open() as reader:
        result = run("import", "--cloud", "One", "--into", link, "-", stdin=ENDPOINTS)
        assert "One:" not in reader.read()
    assert result.exit_code == 0
    assert link.is_symlink()
    assert file.stat().st_mode & 0o777 == 0o640
    assert file.read_text().startswith("# ours\n")
    assert "One:" in file.read_text()
    assert sorted(tmp_path.iterdir()) == [link, file]


def test_import_that_fails_leaves_the_file_alone(tmp_path: Path) -> None:
    """To the byte, and leaves nothing beside it."""
    file = tmp_path / "f.yaml"
    text = "clouds: {Zero: {frontends: {a: 'http://one/image', b: 'http://one/identity'}}}\n"
    file.write_text(text)
    result = run("import", "--cloud", "One", "--into", file, "-", stdin=ENDPOINTS)
    assert result.exit_code == 1
    assert result.stderr == (
        "Error: nothing is left of the list\nleft out:\n"
        "  identity (public): it is at the address of Zero's b, http://one/identity\n"
        "  image (public): it is at the address of Zero's a, http://one/image\n"
    )
    assert file.read_text() == text
    assert list(tmp_path.iterdir()) == [file]


def test_import_says_where_an_entry_leads_inside(tmp_path: Path) -> None:
    """The imported one alone; also where it is not known yet whose file it gets into."""
    said = f"will refuse identity, image of One: one leads to 169.254.1.1, {INSIDE}"
    result = run("import", "--cloud", "One", "-", stdin=ENDPOINTS, names={"one": "169.254.1.1"})
    assert (result.exit_code, result.stdout) == (0, ENTRY)
    assert result.stderr == f"the gateway of HERE {said}".format("HERE")
    file = tmp_path / "f.yaml"
    home = "{frontends: {image: 'http://h/'}, backends: {image: 'http://127.0.0.1:9'}}"
    file.write_text(f"clouds:\n  Home: {home}\n  Two: {{frontends: {{image: 'https://two/'}}}}\n")
    more = ("--insecure", "--into", file, "-")
    names = {"one": "169.254.1.1", "two": "169.254.1.1"}
    result = run("import", "--cloud", "One", *more, stdin=ENDPOINTS, names=names)
    assert result.stderr.startswith(f"the gateway of Home {said}".format("Home"))
    assert "Two" not in result.stderr
    assert "insecure: true" in file.read_text()


def test_import_does_not_make_a_gateway_s_file_insecure_by_itself(tmp_path: Path) -> None:
    """The list is another cloud's: it may not say that its own tokens need no proof."""
    file = tmp_path / "f.yaml"
    file.write_text(
        "clouds:\n  Home: {frontends: {image: 'http://h/'}, backends: {image: 'http://127.0.0.1'}}\n"
    )
    before = file.read_text()
    result = run("import", "--cloud", "One", "--into", file, "-", stdin=ENDPOINTS)
    assert result.exit_code == 1
    assert "clouds.One.frontends: identity, image would be reached by http" in result.stderr
    assert "import it with --insecure" in result.stderr
    assert file.read_text() == before
    result = run("import", "--cloud", "One", "--into", file, "--insecure", "-", stdin=ENDPOINTS)
    assert result.exit_code == 0
    again = run("import", "--cloud", "One", "--into", file, "-", stdin=ENDPOINTS)
    assert again.exit_code == 0, "what the file says stays"


def test_import_says_when_a_file_cannot_be_written(tmp_path: Path) -> None:
    """Exit code 1 and the reason."""
    file = tmp_path / "none" / "f.yaml"
    result = run("import", "--cloud", "One", "--into", file, "-", stdin=ENDPOINTS)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"Error: {file}: can't be written: No such file or directory\n"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "One",
        "[",
        b"\xff\xfe",
        b"\xff\xfe[",
        b"\xef\xbb\xbf",
        b"[\xff]",
        "[" * 100_000,
        "9" * 5000,
    ],
)
def test_import_says_what_is_no_json(text: str | bytes) -> None:
    """With the command that makes it."""
    result = run("import", "--cloud", "One", "-", stdin=text)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "is not JSON" in result.stderr
    assert "openstack endpoint list -f json" in result.stderr


def test_what_clouds_say_to_a_check_moves_no_cursor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names of roles and projects, and messages, are another operator's; each stays in its line."""
    said = "\x1b[2J\r\nOne: all is well\x07"
    row = ("One", "alice (demo)", "Two", f"member in {said}")
    heading = ("Token of", "User (project)", "In", "Becomes")
    checked = livecheck.Checked([("Cloud",)], [heading, row], [f"Two: {said}"])
    monkeypatch.setattr(livecheck, "check", lambda _: checked)
    file = tmp_path / "f.yaml"
    file.write_text("clouds: {One: {frontends: {image: 'http://192.0.2.1/image'}}}")
    result = run("check", "--live", file)
    assert result.exit_code == 1
    assert all(line.isprintable() for line in (result.stdout + result.stderr).splitlines())
    assert [line for line in result.output.splitlines() if line.startswith("One: all")] == []


def test_import_refuses_a_file_that_is_not_utf8(tmp_path: Path) -> None:
    """It is not taken for a fault of the endpoints."""
    file = tmp_path / "f.yaml"
    file.write_bytes(b"# \xff\n")
    result = run("import", "--cloud", "One", "--into", file, "-", stdin=ENDPOINTS)
    assert result.exit_code == 1
    assert result.stderr == f"Error: {file}: can't be read: it is not UTF-8\n"


@pytest.mark.parametrize("backend", ["image", "image=", "image=one", "image=http://one/v2"])
def test_import_says_what_is_no_backend(backend: str) -> None:
    """Exit code 2: the command is wrong."""
    result = run("import", "--cloud", "One", "--backend", backend, "-", stdin=ENDPOINTS)
    assert result.exit_code == 2
    assert f"Invalid value for --backend: {backend}: " in result.stderr


def test_import_refuses_a_name_that_is_none() -> None:
    """A cloud's name goes into headers and addresses."""
    result = run("import", "--cloud", "Cloud One", "-", stdin=ENDPOINTS)
    assert result.exit_code == 1
    assert '"Cloud One" is no valid name' in result.stderr


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ("trust: {Two: {projects: same-id, roles: {a: a}}}", "clouds.One.own.account is missing"),
        ("own: {account: nowhere.yaml}", "nowhere.yaml can't be read: No such file"),
        ("own: {keys: nowhere.json}", "nowhere.json can't be read: No such file"),
        (
            f"keys: {{sign: {'x' * 42}A, seal: {'y' * 42}A}}",
            "not the public halves of any own.keys",
        ),
        ("own: {certificate: nowhere.pem, key: nowhere.key}", "nowhere"),
    ],
)
def test_check_reads_what_its_own_gateway_would(tmp_path: Path, more: str, fault: str) -> None:
    """The file of a gateway has backends; in others' files there is nothing to be read."""
    file = tmp_path / "f.yaml"
    text = (
        "clouds:\n  One:\n    frontends: {image: 'http://one/'}\n"
        f"    backends: {{image: 'http://127.0.0.1:9'}}\n    {more}\n"
        "  Two: {insecure: true, frontends: {image: 'http://two/'}}\n"
    )
    file.write_text(text)
    result = run("check", file)
    assert result.exit_code == 1
    assert fault in result.stderr
    file.write_text(text.replace("    backends: {image: 'http://127.0.0.1:9'}\n", ""))
    assert run("check", file).exit_code == 0
