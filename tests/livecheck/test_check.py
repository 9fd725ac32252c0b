"""All clouds together: tables and faults."""

import json
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from openstackoid.commands.main import main
from openstackoid.federation import Federation, loads
from openstackoid.identity.keys import make
from openstackoid.livecheck import Account, check

from .conftest import Frontend


@pytest.fixture(autouse=True)
def _nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "clouds.yaml"
    file.write_text("clouds: {}\n")
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(file))


def federation(*urls: str) -> Federation:
    clouds = "".join(f"  C{i}: {{frontends: {{image: '{url}'}}}}\n" for i, url in enumerate(urls))
    return loads(f"clouds:\n{clouds}")


def test_a_cloud_that_answers_has_no_faults(frontend: Frontend) -> None:
    """Without an entry in clouds.yaml its catalog is not looked at, and that is said."""
    frontend.date = format_datetime(datetime.now(UTC), usegmt=True)
    checked = check(federation(frontend.url))
    assert checked.faults == []
    assert checked.clouds[1][:3] == ("C0", "1 of 1", "none (http)")
    assert re.fullmatch(r"[+-]\d s", checked.clouds[1][3])
    assert checked.clouds[1][4] == "not looked at (no entry in clouds.yaml)"


def test_who_cannot_be_reached_is_told_with_the_address(frontend: Frontend) -> None:
    """The other clouds are checked all the same."""
    frontend.cloud = "C1"
    nowhere = "http://127.0.0.1:1"
    checked = check(federation(nowhere, frontend.url))
    assert checked.faults == [f"C0: image at {nowhere}: Connection refused"]
    assert [row[1] for row in checked.clouds[1:]] == ["0 of 1", "1 of 1"]


def test_a_service_that_fails_is_told_with_its_status(frontend: Frontend) -> None:
    """Any answer below 500 is one of a service that runs: many want a token."""
    frontend.answer = (401, {})
    assert check(federation(frontend.url)).faults == []
    frontend.answer = (503, {})
    assert check(federation(frontend.url)).faults == [
        f"C0: image at {frontend.url}: it answers 503"
    ]


def date(ahead: float) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=ahead), usegmt=True)


def test_clocks_that_differ_are_told(frontend: Frontend) -> None:
    """Signed requests between gateways would be refused."""
    frontend.date = date(90)
    (fault,) = check(federation(frontend.url)).faults
    assert fault.startswith("C0: image: its clock and ours differ by ")
    assert fault.endswith("let both follow NTP")


def test_the_clock_of_a_gateway_counts_though_its_services_are_right(frontend: Frontend) -> None:
    """It is the gateway's that decides on the age of signatures."""
    frontend.date, frontend.clock = date(0), date(300)
    checked = check(federation(frontend.url))
    (fault,) = checked.faults
    assert fault.startswith("C0: its gateway: its clock is ")
    assert fault.endswith(" s ahead of most others; let it follow NTP")
    assert checked.clouds[1][3] in {"+299 s", "+300 s"}


def test_the_cloud_whose_clock_is_off_is_told(run: Callable[[str], Frontend]) -> None:
    """Where most agree, of others and this machine; the others are not to blame."""
    frontends = [run(f"C{n}") for n in range(3)]
    for frontend in frontends:
        frontend.date = frontend.clock = date(0)
    frontends[1].date = frontends[1].clock = date(-300)
    faults = check(federation(*(frontend.url for frontend in frontends))).faults
    assert [fault.partition(": its clock is 30")[0] for fault in faults] == [
        "C1: its gateway",
        "C1: image",
    ]


def test_another_service_than_the_file_says_is_told(frontend: Frontend) -> None:
    """By its own word, or by a list of versions that no other service has."""
    kind = [{"type": "application/vnd.openstack.identity-v3+json"}]
    frontend.answer = (300, {"versions": {"values": [{"id": "v3.14", "media-types": kind}]}})
    checked = check(federation(frontend.url))
    assert checked.faults == [
        f"C0: image at {frontend.url}: identity answers there; look at the backends of image in "
        "the file of its gateway"
    ]
    assert checked.clouds[1][1] == "0 of 1"
    version = {"id": "v2.0", "links": [{"href": "http://x/v2.0/"}]}
    frontend.answer = (200, {"versions": [version]})
    (fault,) = check(federation(frontend.url)).faults
    assert "network answers there" in fault


@pytest.mark.parametrize(
    ("service", "told"), [("load-balancer", False), ("identity", True), ("object-store", True)]
)
def test_only_who_would_be_recognised_is_taken_for_another(
    frontend: Frontend, service: str, told: bool
) -> None:
    """Some services have the list of versions of another one."""
    frontend.answer = (200, {"versions": [{"id": "v2.0", "links": [{"href": "http://x/v2.0"}]}]})
    clouds = loads(f"clouds: {{C0: {{frontends: {{{service}: '{frontend.url}'}}}}}}")
    assert bool(check(clouds).faults) is told


def test_a_service_that_cannot_be_recognised_is_counted(frontend: Frontend) -> None:
    """It is no fault, but it was not seen to be as the file says."""
    frontend.answer = (401, {})
    checked = check(federation(frontend.url))
    assert checked.faults == []
    assert checked.clouds[1][1] == "1 of 1 (1 not recognised)"


@pytest.mark.parametrize(
    ("cloud", "refusal", "fault"),
    [
        (None, 400, "no gateway answers at {url}, for a scope has no effect there; start one in"),
        ("Other", 400, "the gateway of Other answers at {url}"),
        ("C0", 503, "its gateway at {url}: it answers 503"),
    ],
)
def test_a_frontend_without_its_gateway_is_told(
    frontend: Frontend, cloud: str | None, refusal: int, fault: str
) -> None:
    """Though the service answers: behind HAProxy, or where the service itself listens."""
    frontend.cloud, frontend.refusal = cloud, refusal
    (told,) = check(federation(frontend.url)).faults
    assert told.startswith("C0: " + fault.format(url=frontend.url))


def test_a_cloud_without_a_gateway_needs_none(frontend: Frontend) -> None:
    """As the file says."""
    frontend.cloud = None
    clouds = loads(f"clouds: {{C0: {{gateway: false, frontends: {{image: '{frontend.url}'}}}}}}")
    assert check(clouds).faults == []


def test_a_date_that_is_none_is_no_clock(frontend: Frontend) -> None:
    """Nor a reason to fail."""
    frontend.date = "yesterday"
    assert check(federation(frontend.url)).clouds[1][3] == "-"


def test_what_is_not_http_is_told(frontend: Frontend) -> None:
    """A TLS frontend behind an http address, for one, the other way round."""
    url = frontend.url.replace("http", "https")
    (fault,) = check(federation(url)).faults
    assert fault.startswith(f"C0: image at {url}: ")


def test_the_command_prints_the_tables_and_exits_1_with_the_faults(
    frontend: Frontend, tmp_path: Path
) -> None:
    """Data on stdout, messages on stderr."""
    file = tmp_path / "f.yaml"
    file.write_text(f"clouds: {{C0: {{frontends: {{image: '{frontend.url}'}}}}}}\n")
    result = CliRunner().invoke(main, ["federation", "check", "--live", str(file)])
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines()[0].split() == [
        "Cloud",
        "Services",
        "Certificate",
        "Clock",
        "Catalog",
    ]
    frontend.answer = (500, {})
    result = CliRunner().invoke(main, ["federation", "check", "--live", str(file)])
    assert result.exit_code == 1
    assert "it answers 500" in result.stderr


KEYS = json.dumps(make().public.model_dump())


def test_a_gateway_of_an_older_release_is_told(frontend: Frontend) -> None:
    """Where the file has a key for its assertions; a token that begins like one is no token."""
    clouds = f"clouds: {{C0: {{frontends: {{image: '{frontend.url}'}}, keys: {KEYS}}}}}"
    (fault,) = check(loads(clouds)).faults
    assert fault.startswith("C0: its gateway knows no assertions")
    assert check(federation(frontend.url)).faults == []
    frontend.assertions = True
    assert check(loads(clouds)).faults == []


def alice_of(home: Frontend) -> Callable[..., list[Account]]:
    """Return the accounts in clouds.yaml: alice's, whose catalog names a frontend of C0."""
    entry = {"type": "dns", "endpoints": [{"interface": "public", "url": home.url}]}
    account = Account("C0", "secret", "alice", "p", "demo", frozenset({"member"}), [entry])
    return lambda *_: [account]


def test_by_way_of_an_older_gateway_nobody_is_tried(
    run: Callable[[str], Frontend], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would send the token to the other cloud."""
    one, two = run("C0"), run("C1")
    monkeypatch.setattr(sys.modules[check.__module__], "accounts", alice_of(one))
    two.assertions = True
    row = check(federation(one.url, two.url)).users[1]
    assert (row[0], row[1]) == ("C0", "alice (demo)")
    assert row[4].startswith("not tried: ")
    assert "secret" not in str(one.requests + two.requests)


def test_each_user_is_tried_in_each_other_cloud(
    run: Callable[[str], Frontend], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By way of home: there the token goes, and nowhere else."""
    one, two = run("C0"), run("C1")
    monkeypatch.setattr(sys.modules[check.__module__], "accounts", alice_of(one))
    one.assertions = two.assertions = True
    one.answer = (200, {})
    users = check(federation(one.url, two.url)).users
    assert users[1:] == [("C0", "alice (demo)", "C1", "image", "known")]
    assert 'secret!SCOPE!{"image":"C1"}' in str(one.requests)
    assert "secret" not in str(two.requests)
    one.answer = (401, {})
    (fault,) = check(federation(one.url, two.url)).faults
    assert fault.startswith("C1: image, for alice (demo) of C0: 401 of its own")


@pytest.mark.filterwarnings(r"ignore:::openstack\.")  # openstacksdk warns of itself
def test_an_entry_that_cannot_log_in_is_a_fault(frontend: Frontend, tmp_path: Path) -> None:
    """It is there, and so is not told as missing."""
    auth = "{auth_url: 'http://127.0.0.1:1', username: a, password: b, project_name: c}"
    (tmp_path / "clouds.yaml").write_text(f"clouds: {{C0: {{auth: {auth}}}}}\n")
    checked = check(federation(frontend.url))
    (fault,) = checked.faults
    assert fault.startswith("C0: the entry in clouds.yaml can't log in: ")
    assert checked.clouds[1][4] == "not looked at (no login)"
