"""Assertions on real clouds: no token of a cloud's Keystone is seen by another one.

All that the gateways send to one another while these tests run is recorded.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from clouds.api import Api
from clouds.commands import Commands, run, table
from clouds.presenting import IMAGES, caught, shown_to
from clouds.recorder import Borders, recorded
from clouds.servers import begin, boot, booted, gone, shown, whose

from openstackoid.identity import keys, stamp
from openstackoid.identity.assertion import claimed
from openstackoid.identity.issuer_secrets import stamp_secret
from openstackoid.lab import CUT, Lab
from openstackoid.lab.services import GATEWAY

SERVERS = "/v2.1/servers"
ALL_THERE = "compute=CloudTwo,image=CloudTwo"
ONE_TWO = [("CloudOne", "CloudTwo")]
TWO_ONE = [("CloudOne", "CloudTwo"), ("CloudTwo", "CloudOne")]
ONE_BOTH = [("CloudOne", "CloudTwo"), ("CloudOne", "CloudThree")]


@pytest.fixture(scope="module")
def borders(lab: Lab) -> Iterator[Borders]:
    """Return what is recorded at each border."""
    with recorded(lab) as borders:
        yield borders


@pytest.fixture(autouse=True)
def _no_token_has_crossed(borders: Borders) -> Iterator[None]:
    """Check behind each test that nothing which begins as a token of a Keystone has crossed."""
    yield
    for (here, there), border in borders.items():
        assert b"gAAAAA" not in border.all, f"a token, between {here} and {there}"


def snapshot(commands: Commands, name: str) -> None:
    """Boot a server from an image of CloudTwo; make an image of it there."""
    scope = "image=CloudTwo"
    create = "server create --flavor m1.tiny --network private --wait --image only-in-CloudTwo"
    server = table(commands.openstack(f"{create} {name}", scope=scope))["id"]
    made = commands.openstack(f"server image create --wait {server} --name {name}", scope=scope)
    image = table(made)
    assert image["status"] == "active"
    run(commands.openstack(f"image delete {image['id']}", scope=scope))
    run(commands.openstack(f"server delete --wait {server}", scope=scope))


def listing(scope: str) -> Callable[[Api, Commands, str], None]:
    """Return what lists images."""

    def work(api: Api, commands: Commands, name: str) -> None:
        assert api.get("image", IMAGES, scope).status_code == 200

    return work


def booting(scope: str) -> Callable[[Api, Commands, str], None]:
    """Return what boots a server, and deletes it."""

    def work(api: Api, commands: Commands, name: str) -> None:
        id_ = boot(api, name, scope)
        assert api.request("DELETE", "compute", f"{SERVERS}/{id_}", scope).status_code == 204
        gone(api, id_, scope)

    return work


WORK: dict[str, tuple[Callable[[Api, Commands, str], None], list[tuple[str, str]]]] = {
    "list": (listing("image=CloudTwo"), ONE_TWO),
    "or": (listing("image=CloudTwo|CloudThree"), ONE_TWO),
    "and": (listing("image=CloudOne&CloudTwo&CloudThree"), ONE_BOTH),
    "image there": (booting("image=CloudTwo"), ONE_TWO),
    "compute there": (booting("compute=CloudTwo"), TWO_ONE),
    "three clouds": (
        booting("compute=CloudTwo,image=CloudThree"),
        [*ONE_BOTH, ("CloudTwo", "CloudThree")],
    ),
    "snapshot": (lambda _, commands, name: snapshot(commands, name), ONE_TWO),
}


@pytest.mark.parametrize("what", WORK)
def test_no_byte_of_a_token_crosses_a_border(
    api: Api, commands: Commands, borders: Borders, name: str, what: str
) -> None:
    """What crosses is an assertion: no part of alice's token, not even inside of an assertion."""
    work, crossed = WORK[what]
    with ExitStack() as stack:
        presented = [stack.enter_context(borders[ends].presented()) for ends in crossed]
        work(api, commands, name)
    assert all(presented)
    pieces = {api.token[i : i + 16].encode() for i in range(len(api.token) - 15)}
    for border in borders.values():
        seen = border.all
        assert not any(piece in seen for piece in pieces)


def logged_in(api: Api, auth: dict[str, Any]) -> Api:
    """Return a user of CloudOne who has logged in as this says."""
    user = Api(api.lab, "CloudOne", frontends=api.frontends)
    answer = user.post("identity", "/v3/auth/tokens", {"auth": auth})
    assert answer.status_code == 201, answer.text
    user.token = answer.headers["X-Subject-Token"]
    return user


def by_token(api: Api, scope: object) -> Api:
    """Return a user with one more token, for another scope in Keystone's sense."""
    identity = {"methods": ["token"], "token": {"id": api.token}}
    return logged_in(api, {"identity": identity, "scope": scope})


def soon() -> str:
    """Return a time in an hour, another one each time."""
    return f"{datetime.now(UTC) + timedelta(hours=1):%Y-%m-%dT%H:%M:%S.%fZ}"


@pytest.fixture
def root(lab: Lab) -> Api:
    """Return CloudOne's administrator, who is nobody in particular elsewhere."""
    root = Api(lab, "CloudOne", admin=True)
    assert root.login().status_code == 201
    return root


def test_a_token_of_a_trust_does_there_what_it_does_here(api: Api, root: Api, name: str) -> None:
    """Heat acts for a user so: it lists images of the other cloud, and boots from one."""
    alice = whose(api)
    trust = {
        "trustor_user_id": alice["user"]["id"],
        "trustee_user_id": whose(root)["user"]["id"],
        "project_id": alice["project"]["id"],
        "impersonation": True,
        "roles": [{"name": role["name"]} for role in alice["roles"]],
        "expires_at": soon(),
    }
    made = api.post("identity", "/v3/OS-TRUST/trusts", {"trust": trust})
    assert made.status_code == 201, made.text
    trustee = by_token(root, {"OS-TRUST:trust": {"id": made.json()["trust"]["id"]}})
    scope = "image=CloudTwo"
    names = {image["name"] for image in trustee.get("image", IMAGES, scope).json()["images"]}
    assert "only-in-CloudTwo" in names
    id_ = boot(trustee, name, scope)
    assert shown(api, id_).json()["server"]["user_id"] == alice["user"]["id"]
    assert api.request("DELETE", "compute", f"{SERVERS}/{id_}").status_code == 204
    gone(api, id_)


def restricted(api: Api, name: str, *rules: tuple[str, str, str]) -> Api:
    """Return alice by an application credential with rules of service, method and path."""
    made = [{"service": rule[0], "method": rule[1], "path": rule[2]} for rule in rules]
    credential = {"name": f"{name} {soon()}", "access_rules": made}
    path = f"/v3/users/{whose(api)['user']['id']}/application_credentials"
    answer = api.post("identity", path, {"application_credential": credential})
    assert answer.status_code == 201, answer.text
    own = {key: answer.json()["application_credential"][key] for key in ("id", "secret")}
    methods = {"methods": ["application_credential"], "application_credential": own}
    return logged_in(api, {"identity": methods})


@pytest.mark.parametrize("scope", ["", ALL_THERE])
def test_access_rules_hold_there_as_here(api: Api, name: str, scope: str) -> None:
    """Who may list images lists those there, and does nothing else; paths have the prefix."""
    user = restricted(api, name, ("image", "GET", "/image/v2/images"))
    listed = user.get("image", f"{IMAGES}?limit=1", scope)
    assert listed.status_code == 200
    image = listed.json()["images"][0]["id"]
    body = {"name": name, "disk_format": "raw", "container_format": "bare"}
    for answer in (
        user.post("image", IMAGES, body, scope),
        user.get("image", f"{IMAGES}/{image}", scope),
        user.get("compute", SERVERS, scope),
    ):
        assert answer.status_code == 401
        if scope:
            said = answer.json()["error"]["message"]
            assert "the access rules of its application credential do not allow" in said
    assert api.get("image", f"{IMAGES}?name={name}", scope).json()["images"] == []


def test_access_rules_are_for_the_user_and_not_for_services(api: Api, name: str) -> None:
    """Who may only create servers gets one from an image there, which nova reads for him."""
    scope = "image=CloudTwo"
    user = restricted(api, name, ("compute", "POST", "/compute/v2.1/servers"))
    assert user.get("image", IMAGES, scope).status_code == 401
    id_ = begin(user, name, scope, finder=api)
    booted(api, id_)
    assert api.request("DELETE", "compute", f"{SERVERS}/{id_}").status_code == 204
    gone(api, id_)


KEPT = {
    "domain": ({"domain": {"id": "default"}}, "it is for a domain"),
    "system": ({"system": {"all": True}}, "it is for the system"),
    "nothing": ("unscoped", "it is for no project"),
}


@pytest.fixture
def roles_everywhere(root: Api) -> Iterator[None]:
    """Give the administrator his role in the domain and in the system, while a test runs."""
    user = whose(root)["user"]["id"]
    role = root.get("identity", "/v3/roles?name=admin").json()["roles"][0]["id"]
    path = f"/v3/domains/default/users/{user}/roles/{role}"
    assert root.request("PUT", "identity", path).status_code == 204
    system = f"/v3/system/users/{user}/roles/{role}"
    assert root.request("PUT", "identity", system).status_code == 204
    yield
    root.login()  # a change of roles has revoked his token
    assert root.request("DELETE", "identity", path).status_code == 204


@pytest.mark.usefixtures("roles_everywhere")
@pytest.mark.parametrize("kind", KEPT)
def test_a_token_for_no_project_stays_at_home(root: Api, borders: Borders, kind: str) -> None:
    """401 with the reason; nothing is presented to the other cloud."""
    scope, reason = KEPT[kind]
    token = by_token(root, scope)
    with borders["CloudOne", "CloudTwo"].presented() as presented:
        answer = token.get("image", IMAGES, "image=CloudTwo")
    assert answer.status_code == 401
    assert reason in answer.json()["error"]["message"]
    assert not presented


def refused(answer: requests.Response, token: str) -> str:
    """Return why the gateway does not take an assertion, which it does not repeat."""
    assert answer.status_code == 401, answer.text
    assert token not in answer.text
    return str(answer.json()["error"]["message"])


def test_what_a_cloud_got_is_of_no_use_to_it_elsewhere(
    lab: Lab, api: Api, borders: Borders
) -> None:
    """As its gateway has it, with its proof: nothing at a third cloud, and nothing at home."""
    token, _ = caught(api, borders, "image=CloudTwo")
    third = shown_to(lab, "CloudThree", "image", IMAGES, token, sender="CloudTwo")
    assert "it is for CloudTwo, and this is CloudThree" in refused(third, token)
    for service, path in (
        ("compute", SERVERS),
        ("network", "/v2.0/networks"),
        ("image", IMAGES),
    ):
        home = shown_to(lab, "CloudOne", service, path, token, sender="CloudTwo")
        assert f"calls {service} here" in refused(home, token)


def test_what_a_cloud_got_for_compute_gives_it_what_compute_calls(
    lab: Lab, api: Api, borders: Borders
) -> None:
    """With compute=CloudTwo it may bring back what needs home's images, and nothing more."""
    token, _ = caught(api, borders, "compute=CloudTwo", "compute", SERVERS)
    home = shown_to(lab, "CloudOne", "image", IMAGES, token, sender="CloudTwo")
    assert "only-in-CloudOne" in home.text
    for service, path in (("compute", SERVERS), ("identity", "/v3/projects")):
        answer = shown_to(lab, "CloudOne", service, path, token, sender="CloudTwo")
        assert answer.status_code == 401, answer.text
        assert token not in answer.text


def test_an_assertion_is_not_a_bearers_token(lab: Lab, api: Api, borders: Borders) -> None:
    """Without a stamp it is nothing from a client, and without a proof nothing from a gateway."""
    token, _ = caught(api, borders, "image=CloudTwo")
    for cloud in ("CloudOne", "CloudTwo", "CloudThree"):
        answer = shown_to(lab, cloud, "image", IMAGES, token)
        assert "it has not come by the gateway of this cloud" in refused(answer, token)
    other = shown_to(lab, "CloudTwo", "image", IMAGES, token, sender="CloudThree")
    assert "not for the gateway of CloudThree to present" in refused(other, token)
    right = shown_to(lab, "CloudTwo", "image", IMAGES, token, sender="CloudOne")
    assert "only-in-CloudTwo" in right.text


def questions(lab: Lab, cloud: str) -> int:
    """Return how often services of a cloud have asked its gateway whose an assertion is."""
    events = map(json.loads, lab.cloud(cloud).log(GATEWAY).read_text().splitlines())
    return sum(
        event["event"] == "request"
        and event["path"] == "/v3/auth/tokens"
        and event.get("issuer") == "CloudOne"
        for event in events
    )


def test_a_service_asks_once_whose_an_assertion_is(lab: Lab, api: Api, borders: Borders) -> None:
    """Ten requests with one token and one scope: one question, and none goes to home."""
    asked, home = questions(lab, "CloudTwo"), len(borders["CloudTwo", "CloudOne"].all)
    with borders["CloudOne", "CloudTwo"].presented() as sent:
        for _ in range(10):
            assert api.get("image", IMAGES, "image=CloudTwo").status_code == 200
    assert len(sent) == 10
    assert len(set(sent)) == 1
    assert questions(lab, "CloudTwo") == asked + 1
    assert len(borders["CloudTwo", "CloudOne"].all) == home


@pytest.fixture
def cut(lab: Lab) -> Iterator[Callable[[], None]]:
    """Return what cuts home off from CloudTwo; the link is whole behind the test."""
    yield lambda: lab.link("CloudOne", "CloudTwo", CUT)
    lab.link("CloudOne", "CloudTwo")


def test_a_boot_goes_on_without_home(
    lab: Lab, api: Api, name: str, cut: Callable[[], None]
) -> None:
    """Services of CloudTwo that have an assertion ask their own gateway, and need nobody else."""
    two = Api(lab, "CloudTwo")
    assert two.login().status_code == 201
    id_ = begin(api, name, ALL_THERE)
    cut()
    assert api.get("compute", f"{SERVERS}/{id_}", ALL_THERE).status_code == 502
    booted(two, id_)
    assert two.request("DELETE", "compute", f"{SERVERS}/{id_}").status_code == 204
    gone(two, id_)


def test_a_new_assertion_is_answered_without_home(
    lab: Lab, api: Api, borders: Borders, cut: Callable[[], None]
) -> None:
    """CloudTwo's gateway says itself whose one is that it has never been asked about."""
    token, scope = caught(api, borders, "image=CloudTwo")
    cut()
    key = keys.read(lab.cloud("CloudTwo").keys).assertion
    assert key is not None
    subject = stamp.stamped(token, stamp_secret(key))
    admin = Api(lab, "CloudTwo", admin=True)
    assert admin.login().status_code == 201
    headers = {"X-Subject-Token": f"{subject}!SCOPE!{scope}"}
    answer = admin.get("identity", "/v3/auth/tokens", headers=headers)
    assert answer.status_code == 200, answer.text
    user = answer.json()["token"]["user"]
    assert user["id"] == f"{claimed(token).sub}@CloudOne"


def short_lived(api: Api, seconds: float) -> Api:
    """Return alice with a token that ends: an application credential's does not outlive it."""
    end = datetime.now(UTC) + timedelta(seconds=seconds)
    credential = {"name": f"short {end}", "expires_at": f"{end:%Y-%m-%dT%H:%M:%S.%fZ}"}
    path = f"/v3/users/{whose(api)['user']['id']}/application_credentials"
    made = api.post("identity", path, {"application_credential": credential})
    assert made.status_code == 201, made.text
    own = {key: made.json()["application_credential"][key] for key in ("id", "secret")}
    methods = {"methods": ["application_credential"], "application_credential": own}
    return logged_in(api, {"identity": methods})


def waited_for(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_a_snapshot_goes_on_when_its_token_has_expired(
    api: Api, borders: Borders, name: str
) -> None:
    """Compute of CloudTwo has begun it: the image at home gets its data, as it does in one cloud.

    What home answers to the image's creation is kept back until the token has expired.
    """
    id_ = boot(api, name, "compute=CloudTwo")
    short = short_lived(api, 15)
    asked = {"X-Subject-Token": short.token}
    answers: list[requests.Response] = []

    def make() -> None:
        path, body = f"{SERVERS}/{id_}/action", {"createImage": {"name": name}}
        answers.append(short.post("compute", path, body, "compute=CloudTwo", "compute 2.45"))

    with borders["CloudTwo", "CloudOne"].holding(b"HTTP/1.1 201 ") as release:
        making = threading.Thread(target=make)
        making.start()
        waited_for(lambda: not api.get("identity", "/v3/auth/tokens", headers=asked).ok)
        assert making.is_alive()
        release()
        making.join(60)
    (answer,) = answers
    assert answer.status_code == 202, answer.text
    assert short.get("image", IMAGES).status_code == 401
    path = f"{IMAGES}/{answer.json()['image_id']}"
    waited_for(lambda: bool(api.get("image", path).json()["status"] == "active"))
    (debian,) = api.get("image", f"{IMAGES}?name=debian").json()["images"]
    assert api.get("image", path).json()["os_hash_value"] == debian["os_hash_value"]
    assert api.request("DELETE", "image", path).status_code == 204
    assert api.request("DELETE", "compute", f"{SERVERS}/{id_}", "compute=CloudTwo").ok
    gone(api, id_, "compute=CloudTwo")
