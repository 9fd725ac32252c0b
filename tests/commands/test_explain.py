"""`openstackoid explain`."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from openstackoid.commands.main import main

FEDERATION = """
clouds:
  CloudOne:
    frontends:
      identity: http://cloudone:8888/identity
      image: http://cloudone:8888/image
    backends:
      image: http://127.0.0.1:19292
  CloudTwo:
    insecure: true
    frontends:
      image: http://cloudtwo:9292
  Half:
    frontends: {identity: "http://half/identity", image: "http://half/image"}
    backends: {image: "http://127.0.0.3:19292"}
"""
IMAGES = "http://cloudone:8888/image/v2/images"


@pytest.fixture
def file(tmp_path: Path) -> str:
    """Return the federation file of CloudOne."""
    file = tmp_path / "federation.yaml"
    file.write_text(FEDERATION)
    return str(file)


def explain(file: str, *arguments: str, cloud: str = "CloudOne") -> Result:
    """Return what `openstackoid explain …` does."""
    options = ["--federation", file, "--cloud", cloud]
    return CliRunner().invoke(main, ["explain", *options, *arguments])


def test_a_request_without_a_scope_is_one_hop(file: str) -> None:
    """To the backend, unchanged."""
    result = explain(file, "GET", IMAGES)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == (
        "CloudOne: image, without a scope, unchanged\n  sent to http://127.0.0.1:19292/v2/images\n"
    )


def test_a_detour_is_shown(file: str) -> None:
    """The address that is connected to, behind the one the request is for."""
    Path(file).write_text(FEDERATION.replace("  Half:", "    connect: 10.8.0.2\n  Half:"))
    result = explain(file, "--scope", "glance=CloudTwo", "get", IMAGES)
    assert "  sent to http://cloudtwo:9292/v2/images by way of 10.8.0.2\n" in result.stdout


def test_a_request_to_another_cloud_is_two_hops(file: str) -> None:
    """The second gateway knows its backend; this file does not."""
    result = explain(file, "--scope", "glance=CloudTwo", "get", IMAGES)
    scope = '{"*":"CloudOne","identity":"CloudOne","image":"CloudTwo"}'
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == (
        "CloudOne: image is taken in CloudTwo\n"
        f"  scope   {scope}\n"
        "  sent to http://cloudtwo:9292/v2/images\n"
        "  told    who you are, for image\n"
        "CloudTwo: image is taken in CloudTwo\n"
        f"  scope   {scope}\n"
        "  sent to its backend, which only CloudTwo's file has\n"
    )


@pytest.mark.parametrize(
    ("scope", "lines"),
    [
        (None, ["CloudTwo: image, without a scope, unchanged",
                "  sent to its backend, which only CloudTwo's file has"]),
        ("image=CloudTwo", ["CloudTwo: image is taken in CloudTwo",
                            "  sent to its backend, which only CloudTwo's file has"]),
        ("image=CloudTwo|CloudOne", ["CloudTwo: image is taken in CloudTwo",
                                     "  sent to its backend, which only CloudTwo's file has",
                                     "CloudTwo: image is taken in CloudOne",
                                     "  sent to http://cloudone:8888/image/v2/images",
                                     "  told    who you are, for image",
                                     "CloudOne: image is taken in CloudOne",
                                     "  sent to http://127.0.0.1:19292/v2/images"]),
    ],
)  # fmt: skip
def test_the_file_of_another_cloud_tells_all_but_the_backend(
    file: str, scope: str | None, lines: list[str]
) -> None:
    """That this file lacks a backend of CloudTwo does not mean that CloudTwo has none."""
    options = [] if scope is None else ["--scope", scope]
    result = explain(file, *options, "GET", "http://cloudtwo:9292/v2/images", cloud="CloudTwo")
    assert (result.exit_code, result.stderr) == (0, "")
    printed = [line for line in result.stdout.splitlines() if not line.startswith("  scope")]
    assert printed == lines


def test_another_service_than_is_meant_is_refused(file: str) -> None:
    """As the gateway would; the service itself passes, in both clouds."""
    options = ("--scope", "image=CloudTwo", "--service")
    result = explain(file, *options, "image", "GET", IMAGES)
    assert (result.exit_code, result.stderr) == (0, "")
    result = explain(file, *options, "network", "DELETE", IMAGES)
    assert (result.exit_code, result.stdout) == (1, "CloudOne: answers 400 Bad Request\n")
    assert "image service of CloudOne, and X-Scope-Service says network" in result.stderr


def test_a_service_that_a_cloud_only_passes_on_is_not_there(file: str) -> None:
    """Its own file says so, by backends for others."""
    result = explain(file, "GET", "http://half/identity/v3", cloud="Half")
    assert (result.exit_code, result.stdout) == (1, "Half: answers 404 Not Found\n")
    assert result.stderr.startswith("Error: Half has no identity service")


def test_a_cloud_without_a_gateway_is_one_hop(file: str) -> None:
    """The service itself is there."""
    Path(file).write_text(FEDERATION.replace("  Half:", "    gateway: false\n  Half:"))
    result = explain(file, "--scope", "glance=CloudTwo", "get", IMAGES)
    assert result.stdout.endswith("  sent to http://cloudtwo:9292/v2/images\n")
    assert "CloudTwo: image" not in result.stdout
    assert "told" not in result.stdout


def test_operators_have_a_way_for_each_cloud(file: str) -> None:
    """In the order written; a cloud that lacks the service does not end the others' ways."""
    result = explain(file, "--scope", "image=CloudTwo|CloudOne", "GET", IMAGES)
    assert (result.exit_code, result.stderr) == (0, "")
    lines = [line for line in result.stdout.splitlines() if not line.startswith("  scope")]
    assert lines == [
        "CloudOne: image is taken in CloudTwo",
        "  sent to http://cloudtwo:9292/v2/images",
        "  told    who you are, for image",
        "CloudTwo: image is taken in CloudTwo",
        "  sent to its backend, which only CloudTwo's file has",
        "CloudOne: image is taken in CloudOne",
        "  sent to http://127.0.0.1:19292/v2/images",
    ]
    url = "http://cloudone:8888/identity/v3"
    result = explain(file, "--scope", "identity=CloudTwo&Half", "GET", url)
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: CloudTwo has no identity service")
    assert result.stdout.startswith(
        "CloudOne: answers 400 Bad Request\nCloudOne: identity is taken"
    )
    assert result.stdout.endswith("Half: answers 404 Not Found\n")


@pytest.mark.parametrize(
    ("scope", "told"),
    [
        ("image=Two", []),
        (
            "compute=Two",
            ["who you are, for block-storage, compute, network, placement; "
             "to be brought back for image"],
        ),
        (
            "compute=Two,image=Two",
            ["who you are, for block-storage, compute, image, network, placement"],
        ),
        (
            "compute=Two,image=Three",
            ["who you are, for block-storage, compute, network, placement; and for Three: image"],
        ),
        (
            "compute=Two,block-storage=Three",
            ["who you are, for compute, network, placement; "
             "to be brought back for image; and for Three: block-storage"],
        ),
        (
            "compute=Two|Three,image=Two",
            ["who you are, for block-storage, compute, image, network, placement",
             "who you are, for block-storage, compute, network, placement; and for Two: image"],
        ),
        ("*=Two,identity=One", ["who you are, for every service but identity"]),
        ("*=Two,identity=Two", ["who you are, by your token of Two itself"]),
        (
            "compute=Two,identity=Three",
            ["nothing: a token of Three goes to no other one"],
        ),
    ],
)  # fmt: skip
def test_what_another_cloud_is_told_follows_from_the_scope(
    tmp_path: Path, scope: str, told: list[str]
) -> None:
    """For whom it is, what its services call at home, and what they call in a third cloud."""
    file = tmp_path / "federation.yaml"
    services = ("identity", "compute", "image", "network", "block-storage", "placement")
    clouds = [
        f"  {name}:\n    insecure: true\n    frontends:\n"
        + "".join(f"      {service}: http://{name.lower()}/{service}\n" for service in services)
        for name in ("One", "Two", "Three")
    ]
    file.write_text(f"clouds:\n{''.join(clouds)}")
    result = explain(
        str(file), "--scope", scope, "GET", "http://one/compute/v2.1/servers", cloud="One"
    )
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert [line.removeprefix("  told    ") for line in lines if "  told  " in line] == told


def test_another_keystone_is_told_nothing_by_a_gateway(file: str) -> None:
    """A request to identity, and one without a scope, has no assertion."""
    url = "http://cloudone:8888/identity/v3"
    result = explain(file, "--scope", "identity=Half", "GET", url)
    assert "sent to http://half/identity/v3" in result.stdout
    assert "told" not in result.stdout
    assert "told" not in explain(file, "GET", IMAGES).stdout


@pytest.mark.parametrize(
    ("scope", "url", "status", "message"),
    [
        (
            "image=CloudTow",
            IMAGES,
            "400 Bad Request",
            'unknown cloud "CloudTow"; did you mean "CloudTwo"?',
        ),
        (
            "identity=CloudTwo",
            "http://cloudone:8888/identity/v3",
            "400 Bad Request",
            'CloudTwo has no identity service; take it where there is one: {"identity": "Half"}',
        ),
        ("{}", "http://cloudone:8888/identity/v3", "404 Not Found", "CloudOne has no identity"),
        (
            "{}",
            "http://cloudone:9999/",
            "404 Not Found",
            "no service of CloudOne is at this address",
        ),
    ],
)
def test_a_refusal_is_told_with_the_gateway_that_answers(
    file: str, scope: str, url: str, status: str, message: str
) -> None:
    """Exit code 1; where the service is missing elsewhere, this gateway says so."""
    result = explain(file, "--scope", scope, "GET", url)
    assert result.exit_code == 1
    assert result.stdout == f"CloudOne: answers {status}\n"
    assert message in result.stderr


def test_a_refusal_of_the_second_gateway_is_its_own(file: str) -> None:
    """After the hop that led there."""
    result = explain(file, "--scope", "*=Half", "GET", "http://cloudone:8888/identity/v3")
    assert result.exit_code == 1
    assert "  sent to http://half/identity/v3\n" in result.stdout
    assert result.stdout.endswith("Half: answers 404 Not Found\n")


@pytest.mark.parametrize(
    "url",
    ["cloudone/image", "/image", "ftp://cloudone/image", "http://", "http://cloudone:port/x",
     "http://cloudone:99999/", "http://cloudone:0/image", "http://cloudone/a b", "http://[::1/", "http://me:secret@cloudone:8888/image"],
)  # fmt: skip
def test_what_is_no_url_is_a_wrong_use(file: str, url: str) -> None:
    """Exit code 2 and an example."""
    result = explain(file, "GET", url)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "is no URL; write one like http://cloudone:8888/image/v2" in result.stderr


@pytest.mark.parametrize(
    ("cloud", "hint"),
    [("cloudtoo", 'did you mean "CloudTwo"?'), ("Nope", "known are CloudOne, CloudTwo, Half")],
)
def test_an_unknown_cloud_is_a_wrong_use(file: str, cloud: str, hint: str) -> None:
    """Exit code 2, and the nearest name, or all."""
    result = explain(file, "GET", IMAGES, cloud=cloud)
    assert result.exit_code == 2
    assert f'{file} has no cloud "{cloud}"; {hint}\n' in result.stderr


def test_file_and_cloud_may_come_from_the_environment(file: str) -> None:
    """As the gateway's do."""
    variables = {"OPENSTACKOID_FEDERATION": file, "OPENSTACKOID_CLOUD": "CloudOne"}
    result = CliRunner(env=variables).invoke(main, ["explain", "GET", IMAGES])
    assert result.exit_code == 0
    assert result.stdout.startswith("CloudOne: image")
