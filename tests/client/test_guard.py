"""With a scope, no link in an answer leads a request away from home; without one all is as ever."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import openstack as sdk
import pytest
from keystoneauth1 import fixture
from keystoneauth1.adapter import Adapter
from keystoneauth1.http_basic import HTTPBasicAuth
from keystoneauth1.identity import generic, v3
from keystoneauth1.plugin import BaseAuthPlugin
from keystoneauth1.service_token import ServiceTokenAuthWrapper
from keystoneauth1.session import Session, TCPKeepAliveAdapter
from keystoneauth1.token_endpoint import Token

from openstackoid.client import hook
from openstackoid.client.auth import announce, scoped
from openstackoid.client.guard import NotHomeError, OtherServiceError, guard, home
from openstackoid.scope import parse

from .clouds import SERVER
from .conftest import CloudsYaml, Openstack, Write
from .fake import SERVICES, TOKEN, VERSIONS, Fake, Request
from .test_command import each_service
from .wallets import IMAGE_TWO, connect

pytestmark = pytest.mark.filterwarnings(r"ignore:::openstack\.")  # openstacksdk warns of itself

SCOPE = parse("image=CloudTwo")
OPTION = ("--os-scope", "image=CloudTwo")
ACCOUNT: dict[str, Any] = {
    "username": "alice",
    "password": "s3cret-pw",
    "user_domain_id": "default",
}
IMAGES = {"endpoint_filter": {"service_type": "image", "version": "2"}}

Reply = Callable[[Request], tuple[int, Any] | None]


@pytest.fixture
def away() -> Iterator[Fake]:
    """Return a host that is nobody's cloud, or that home has, too."""
    server = Fake()
    yield server
    server.shutdown()
    server.server_close()


def pages(base: str) -> Reply:
    """Return lists of two pages, the second of them at a base URL, linked in all the known ways."""

    def reply(request: Request) -> tuple[int, Any] | None:
        url = urlsplit(request.path)
        if request.method != "GET" or url.path.rstrip("/") in VERSIONS:
            return None
        name = url.path.removesuffix("/detail").rsplit("/", 1)[-1]
        last = parse_qs(url.query).get("marker") == ["1"]
        items = [SERVER | {"id": "2" if last else "1", "name": "n"}]
        link = f"{base}{url.path}?marker=1"
        links = [{"rel": "next", "href": link}]
        more = {f"{name}_links": links, "next": link, "links": {"next": link}}
        return 200, {name: items} | ({} if last else more)

    return reply


def versions(base: str) -> Reply:
    """Return version documents whose every version is at a base URL."""

    def reply(request: Request) -> tuple[int, Any] | None:
        path = request.path.rstrip("/")
        if request.method != "GET" or path not in VERSIONS:
            return None
        name, own, _ = VERSIONS[path]
        links = [{"rel": rel, "href": f"{base}{own}/"} for rel in ("self", "collection")]
        version = {
            "id": name,
            "status": "CURRENT",
            "links": links,
            "updated": "2024-01-01T00:00:00Z",
        }
        return 300, {"versions": {"values": [version]} if path == "/identity" else [version]}

    return reply


def password(cloud: Fake) -> v3.Password:
    """Return a plugin that logs in to the recording cloud."""
    return v3.Password(f"{cloud.url}/identity/v3", project_id="p1", **ACCOUNT)


PAGED = pytest.mark.parametrize(
    "command",
    [
        ["project", "list"],
        ["server", "list", "--no-name-lookup"],
        ["image", "list"],
        ["network", "list"],
        ["volume", "list"],
    ],
    ids=" ".join,
)


@PAGED
def test_the_command_follows_no_next_link_away_from_home(
    command: list[str], openstack: Openstack, cloud: Fake, away: Fake
) -> None:
    """Of whichever service; what is shown says where it would have gone, and shows no token."""
    cloud.reply = pages(away.url)
    result = openstack(*command, *OPTION, "-f", "json")
    assert (result.code, away.requests) == (1, [])
    assert f"{away.url} is no address of the home cloud" in result.err
    assert "an answer of CloudTwo" in result.err
    assert "_endpoint_override" in result.err
    assert TOKEN not in result.err + result.out
    assert "Traceback" not in result.err


@PAGED
def test_a_next_link_at_home_is_followed(
    command: list[str], openstack: Openstack, cloud: Fake
) -> None:
    """To the end, with token and scope."""
    cloud.reply = pages(cloud.url)
    result = openstack(*command, *OPTION, "-f", "json")
    assert (result.code, result.err) == (0, "")
    assert [row["ID"] for row in json.loads(result.out)] == ["1", "2"]
    assert cloud.requests[-1].token == [f"{TOKEN}!SCOPE!{SCOPE}"]


@PAGED
@pytest.mark.parametrize("plugin", [True, False])
def test_without_a_scope_links_are_followed_as_ever(
    command: list[str], plugin: bool, openstack: Openstack, cloud: Fake, away: Fake
) -> None:
    """As the clients do without us: the cloud is one's own."""
    cloud.reply, away.reply = pages(away.url), pages(away.url)
    result = openstack(*command, "-f", "json", plugin=plugin)
    assert (result.code, result.err) == (0, "")
    assert [row["ID"] for row in json.loads(result.out)] == ["1", "2"]
    assert [request.token for request in away.requests] == [[TOKEN]]


@each_service
@pytest.mark.parametrize("links", [versions, pages])
def test_no_client_of_any_service_gets_away(
    links: Callable[[str], Reply],
    command: list[str],
    openstack: Openstack,
    cloud: Fake,
    away: Fake,
) -> None:
    """By a version, its collection or a next link; not even without a token, to discover."""
    cloud.reply = links(away.url)
    result = openstack(*command, *OPTION)
    assert (away.requests, TOKEN in result.err) == ([], False)


def test_the_other_branch_is_shown(openstack: Openstack, cloud: Fake, away: Fake) -> None:
    """Only the one whose cloud gave the link fails, by its name."""
    elsewhere, here = pages(away.url), pages(cloud.url)

    def reply(request: Request) -> tuple[int, Any] | None:
        return (elsewhere if "CloudTwo" in "".join(request.scope) else here)(request)

    cloud.reply = reply
    scope = ("--os-scope", "image=CloudOne & CloudTwo")
    result = openstack("image", "list", *scope, "-f", "value", "-c", "ID", "-c", "Cloud")
    assert (result.code, result.out) == (1, "1 CloudOne\n2 CloudOne\n")
    assert result.err.startswith(f"CloudTwo: {away.url} is no address of the home cloud")
    result = openstack("image", "list", "--os-scope", "image=CloudTwo|CloudOne", "-f", "value")
    assert result.code == 0
    assert away.requests == []


scoped_by = pytest.mark.parametrize(
    "keys",
    [
        {"vendor_hook": hook.NAME, "oid_scope": {"image": "CloudTwo"}},
        {"auth_type": "v3oidpassword", "auth": {"oid_scope": {"image": "CloudTwo"}}},
    ],
)
"""For a test of openstacksdk: with the hook, and with the auth type alone."""


@scoped_by
def test_openstacksdk_pages_at_home_alone(
    keys: dict[str, Any],
    cloud: Fake,
    away: Fake,
    clouds_yaml: CloudsYaml,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With the hook, and with the auth type alone, as Ansible's modules may have it."""
    for name, value in clouds_yaml(**keys).items():
        monkeypatch.setenv(name, value)
    with sdk.connect(cloud="here") as connection:
        cloud.reply = pages(cloud.url)
        assert [image.id for image in connection.image.images()] == ["1", "2"]
        cloud.reply = pages(away.url)
        with pytest.raises(NotHomeError, match="no address of the home cloud"):
            list(connection.image.images())
        with pytest.raises(NotHomeError):
            connection.session.get(f"{away.url}/image", authenticated=False)
    assert away.requests == []


@scoped_by
def test_an_endpoint_that_the_user_has_configured_is_used(
    keys: dict[str, Any],
    cloud: Fake,
    away: Fake,
    clouds_yaml: CloudsYaml,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is his to know; and no other service's links may lead there less."""
    for name, value in clouds_yaml(image_endpoint_override=f"{away.url}/image", **keys).items():
        monkeypatch.setenv(name, value)
    with sdk.connect(cloud="here") as connection:
        assert list(connection.image.images()) == []
    assert away.requests[-1].token == [f"{TOKEN}!SCOPE!{SCOPE}"]


def test_the_command_takes_overrides_of_the_environment(
    openstack: Openstack, cloud: Fake, away: Fake, credentials: dict[str, str]
) -> None:
    """OS_IMAGE_ENDPOINT_OVERRIDE is one as well."""
    env = credentials | {"OS_IMAGE_ENDPOINT_OVERRIDE": f"{away.url}/image"}
    result = openstack("image", "list", *OPTION, env=env)
    assert (result.code, result.err) == (0, "")
    assert away.requests[-1].token == [f"{TOKEN}!SCOPE!{SCOPE}"]


def test_every_interface_of_the_catalog_is_home(cloud: Fake, away: Fake) -> None:
    """Also while a token that was refused is renewed; not once the scope is another."""
    token = fixture.V3Token(project_id="p1")
    service = token.add_service("image")
    service.add_standard_endpoints(public=f"{cloud.url}/image", internal=f"{away.url}/image")
    cloud.reply = lambda r: (201, token) if r.path.endswith("/auth/tokens") else None
    auth = scoped(password(cloud), SCOPE)
    session = Session(auth=auth)
    session.get("/images", endpoint_filter={"service_type": "image", "interface": "internal"})
    headers = session.get_auth_headers()
    auth.invalidate()
    session.get(f"{away.url}/image", headers=headers, authenticated=False)
    assert away.requests[-1].token == [f"{TOKEN}!SCOPE!{SCOPE}"]
    scoped(auth, parse("identity=CloudTwo"))
    count = len(away.requests)
    with pytest.raises(NotHomeError):
        session.get(f"{away.url}/image", headers=headers, authenticated=False)
    assert len(away.requests) == count


@pytest.mark.parametrize("status", [301, 302, 303, 305, 307, 308])
def test_no_redirection_is_followed_away_from_home(status: int, cloud: Fake, away: Fake) -> None:
    """It is keystoneauth that follows them, with all headers; those at home are followed."""
    session = Session(auth=scoped(password(cloud), SCOPE))
    session.get("/images", **IMAGES)
    cloud.reply = lambda r: (status, {}) if r.path.endswith("/images") else None
    cloud.headers = {"Location": f"{away.url}/image/v2/images"}
    with pytest.raises(NotHomeError):
        session.get("/images", **IMAGES)
    assert away.requests == []
    cloud.headers = {"Location": f"{cloud.url}/image/v2/elsewhere"}
    assert session.get("/images", **IMAGES).status_code == 200


def test_a_login_is_not_redirected_away_from_home(cloud: Fake, away: Fake) -> None:
    """It has a password instead of a token."""
    cloud.reply = lambda r: (307, {}) if r.method == "POST" else None
    cloud.headers = {"Location": f"{away.url}/identity/v3/auth/tokens"}
    for plain in (password(cloud), generic.Password(f"{cloud.url}/identity", **ACCOUNT)):
        with pytest.raises(NotHomeError):
            Session(auth=scoped(plain, SCOPE)).get_token()
    assert away.requests == []


@pytest.mark.parametrize(
    "spelling",
    [
        "http://127.0.0.1@localhost:{port}/",
        "http://alice@127.0.0.1:{port}/",
        "http://localhost:{port}/",
        "http://127.1:{port}/",
        "http://127.0.0.1.:{port}/",
        "http://[::ffff:127.0.0.1]:{port}/",
        "https://127.0.0.1:{port}/",
        "http://127.0.0.1/",
    ],
)
def test_another_spelling_is_another_place(spelling: str, cloud: Fake) -> None:
    """Or one that can be read in two ways: nothing is sent to find out."""
    session = Session(auth=scoped(password(cloud), SCOPE))
    session.get("/images", **IMAGES)
    cloud.clear()
    with pytest.raises(NotHomeError):
        session.get(spelling.format(port=cloud.server_port))
    assert cloud.requests == []


def test_a_user_s_name_in_a_link_is_not_shown(cloud: Fake) -> None:
    """It may be a secret."""
    session = Session(auth=scoped(password(cloud), SCOPE))
    with pytest.raises(NotHomeError, match="an address with a user's name is no") as refused:
        session.get("http://s3cret@127.0.0.1/")
    assert "s3cret@" not in str(refused.value)


def test_an_adapter_that_is_mounted_later_is_guarded_too(cloud: Fake, away: Fake) -> None:
    """By the next request."""
    session = Session(auth=scoped(password(cloud), SCOPE))
    session.get("/images", **IMAGES)
    session.mount("http://", TCPKeepAliveAdapter())
    session.mount(away.url, TCPKeepAliveAdapter())
    with pytest.raises(NotHomeError):
        session.get(f"{away.url}/image")
    assert away.requests == []
    assert session.get("/images", **IMAGES).status_code == 200


def test_plugins_that_share_a_session_have_both_their_homes(cloud: Fake, away: Fake) -> None:
    """And one without a scope goes where it likes."""
    session = Session()
    first, second = scoped(password(cloud), SCOPE), scoped(password(away), SCOPE)
    for auth in (first, second, first):
        assert session.get("/images", auth=auth, **IMAGES).status_code == 200
    plain = Session(auth=password(cloud), session=session.session)
    other = Fake()
    with other:
        assert plain.get(f"{other.url}/image").status_code == 200
        with pytest.raises(NotHomeError):
            session.get(f"{other.url}/image", auth=first)
        other.shutdown()
    assert [request.token for request in other.requests] == [[TOKEN]]


def test_a_service_s_token_goes_home_as_well(cloud: Fake, away: Fake) -> None:
    """Beside that of the user, whose home counts."""
    auth = scoped(ServiceTokenAuthWrapper(password(cloud), password(cloud)), SCOPE)
    session = Session(auth=auth)
    assert session.get("/images", **IMAGES).status_code == 200
    with pytest.raises(NotHomeError):
        session.get(f"{away.url}/image")
    assert away.requests == []


@pytest.mark.parametrize(
    "plain", [lambda url: Token(url, "t"), lambda url: HTTPBasicAuth(url, "alice", "pw")]
)
def test_plugins_without_a_keystone_have_their_endpoint(
    plain: Callable[[str], BaseAuthPlugin], cloud: Fake, away: Fake
) -> None:
    """Which the user has configured."""
    auth = scoped(plain(f"{cloud.url}/image"), SCOPE)
    session = Session(auth=auth)
    announce(session, SCOPE)
    guard(session, home(auth))
    assert session.get(f"{cloud.url}/image").status_code == 200
    with pytest.raises(NotHomeError):
        session.get(f"{away.url}/image")
    assert away.requests == []


def test_the_user_s_identity_provider_is_asked(cloud: Fake, away: Fake) -> None:
    """One logs in there before one has a token; its address is an option of the plugin."""
    provider: dict[str, Any] = {"identity_provider": "idp", "protocol": "openid", "client_id": "c"}
    token = fixture.V3Token(project_id="p1")
    token.add_service("image").add_standard_endpoints(public=f"{cloud.url}/image")
    cloud.reply = lambda r: (201, token) if "/auth" in r.path else None
    away.reply = lambda _: (200, {"access_token": "of-the-provider"})
    auth = v3.OidcPassword(
        f"{cloud.url}/identity/v3",
        access_token_endpoint=f"{away.url}/token",
        client_secret="s",
        username="alice",
        password="pw",
        **provider,
    )
    session = Session(auth=scoped(auth, SCOPE))
    assert session.get("/images", **IMAGES).status_code == 200
    assert [request.path for request in away.requests] == ["/token"]


def test_an_override_of_a_program_that_asks_for_its_version_is_home(
    cloud: Fake, away: Fake
) -> None:
    """Whoever writes it in a service's configuration knows it."""
    session = Session(auth=scoped(password(cloud), SCOPE))
    images = Adapter(session, service_type="image", endpoint_override=f"{away.url}/image")
    data = images.get_endpoint_data()
    assert data is not None
    assert data.url is not None
    assert images.get("/v2/images").status_code == 200
    assert away.requests[-1].token == [f"{TOKEN}!SCOPE!{SCOPE}"]


def test_without_a_scope_no_session_is_touched(cloud: Fake) -> None:
    """Nor with one that names nothing."""
    session = Session(auth=scoped(password(cloud), parse("{}")))
    before = dict(session.adapters)
    session.get("/images", **IMAGES)
    assert dict(session.adapters) == before


def hostile(path: str) -> Reply:
    """Return a list of images with one whose id is a path."""

    def reply(request: Request) -> tuple[int, Any] | None:
        if request.method == "GET" and request.path.startswith("/image/v2/images"):
            found = "/images/" not in request.path
            return (200, {"images": [{"id": path, "name": "foo"}]}) if found else (404, {})
        return None

    return reply


@pytest.mark.parametrize(
    "path",
    [
        "../../../network/v2.0/networks/n",
        "..%2f../%2e%2e/network/v2.0/networks/n",
        "x/../../../network/v2.0/networks/n",
        "..\\..\\..\\network\\v2.0\\networks\\n",
        "../../identity/v3/users/u",
    ],
)
@pytest.mark.parametrize(
    "command",
    [["delete", "foo"], ["set", "--name", "bar", "foo"]],
    ids=" ".join,
)
def test_an_id_that_is_a_path_reaches_no_other_service(
    command: list[str], path: str, openstack: Openstack, cloud: Fake
) -> None:
    """Libraries would fold its dots, and delete a network of home where an image was meant."""
    cloud.reply = hostile(path)
    result = openstack("image", *command, *OPTION)
    reached = [
        r.path for r in cloud.requests if not r.path.startswith(("/image", "/identity/v3/auth"))
    ]
    assert [path for path in reached if path.rstrip("/") not in VERSIONS] == []
    assert all(".." not in request.path for request in cloud.requests)
    assert result.code == 1
    assert "CloudTwo" in result.err
    assert TOKEN not in result.err


def test_an_id_moves_no_cursor(cloud: Fake) -> None:
    """It is shown where nothing was sent because of it."""
    session = Session(auth=scoped(password(cloud), SCOPE))
    with pytest.raises(OtherServiceError) as refused:
        session.get("/images/\x1b[2J/../../../network", **IMAGES)
    assert str(refused.value).startswith("/image/v2/images/?[2J/../../../network is no path of")


def images(session: Session, url: str) -> None:
    """Ask for something of the image service, as an Adapter does."""
    session.get(url, endpoint_filter={"service_type": "image"})


@pytest.mark.parametrize(
    "path",
    [
        "/network/v2.0/networks/n",
        "/image/../network",
        "/image/..;/network/../../network",
        "/%6eetwork/v2.0",
        "/image/%2e%2E/network",
        "/image/.%2e%5cnetwork",
        "/image/v2/images/..?/../x",
        "/network",
    ],
)
def test_a_client_that_folds_an_id_itself_reaches_no_other_service(path: str, cloud: Fake) -> None:
    """With urljoin, for instance: the whole address is another service's then; in any spelling."""
    session = Session(auth=scoped(password(cloud), SCOPE))
    session.get("/images", **IMAGES)
    before = len(cloud.requests)
    with pytest.raises(OtherServiceError):
        images(session, f"{cloud.url}{path}")
    assert len(cloud.requests) == before


@pytest.mark.parametrize(
    "rest",
    [
        "..;/..;/network/n",
        "%252e%252e/%252e%252e/network",
        "//network/n",
        "...",
        "a..b/..c",
        "?../..",
    ],
)
def test_what_no_library_folds_stays_with_the_service(rest: str, cloud: Fake) -> None:
    """It is a path of it, as strange as it looks."""
    session = Session(auth=scoped(password(cloud), SCOPE))
    images(session, f"{cloud.url}/image/v2/images/{rest}")
    assert cloud.requests[-1].path == f"/image/v2/images/{rest}"
    assert cloud.requests[-1].all("X-Scope-Service") == ["image"]


@pytest.mark.parametrize("service", ["network", "identity", "compute"])
def test_a_next_link_to_another_service_of_home_is_not_followed(
    service: str, openstack: Openstack, cloud: Fake
) -> None:
    """It was the image service that was asked."""
    cloud.reply = pages(f"{cloud.url}/{service}")
    result = openstack("image", "list", *OPTION)
    assert result.code == 1
    assert "is no path of image" in result.err
    assert "CloudTwo" in result.err
    assert not [r for r in cloud.requests if r.path.startswith(f"/{service}/image")]


MOUNTS = {path.split("/")[1]: service for service, path in SERVICES.items()}
BY_ADDRESS = {"object-store", "load-balancer", "key-manager"}  # their clients ask for whole URLs


@each_service
def test_every_request_says_which_service_it_is_for(
    command: list[str], openstack: Openstack, cloud: Fake
) -> None:
    """The login and discoveries too; the service is that of the address at home."""
    result = openstack(*command, *OPTION)
    assert (result.code, result.err) == (0, "")
    for request in cloud.requests:
        service = MOUNTS[request.path.split("/")[1]]
        said = request.all("X-Scope-Service")
        assert said == [service] or (said == [] and service in BY_ADDRESS), request
    assert cloud.requests[0].all("X-Scope-Service") == ["identity"]


def test_a_command_in_several_clouds_says_it_in_each(openstack: Openstack, cloud: Fake) -> None:
    """Whatever the branch does."""
    assert openstack("image", "list", "--os-scope", "image=CloudOne & CloudTwo").code == 0
    said = [(r.path.split("/")[1], *r.all("X-Scope-Service")) for r in cloud.requests]
    assert {one[1:] for one in said if one[0] == "image"} == {("image",)}
    assert {one[1:] for one in said if one[0] == "identity"} == {("identity",)}


def test_a_redirection_within_home_says_what_was_meant_first(cloud: Fake) -> None:
    """The gateway sees that the next address is another service's, where this client does not."""
    session = Session(auth=scoped(password(cloud), SCOPE))
    session.get("/images", **IMAGES)
    cloud.reply = lambda r: (302, {}) if r.path.endswith("/images") else None
    cloud.headers = {"Location": f"{cloud.url}/nowhere/in/the/catalog"}
    session.get("/images", **IMAGES)
    assert cloud.requests[-1].path == "/nowhere/in/the/catalog"
    assert cloud.requests[-1].all("X-Scope-Service") == ["image"]


def test_aliases_are_said_by_the_official_type_and_types_of_one_s_own_not_at_all(
    cloud: Fake,
) -> None:
    """The federation may call those otherwise."""
    session = Session(auth=scoped(password(cloud), SCOPE))
    for service in ("volumev3", "registry"):
        override = {"endpoint_override": f"{cloud.url}/volume"}
        session.get("/x", endpoint_filter={"service_type": service}, **override)
    volume, own = cloud.requests[-2:]
    assert (volume.path, volume.all("X-Scope-Service")) == ("/volume/x", ["block-storage"])
    assert (own.path, own.all("X-Scope-Service")) == ("/volume/x", [])


def test_a_login_in_another_cloud_says_so(cloud: Fake, two: Fake, write: Write) -> None:
    """The account of a wallet; and a token that was refused is renewed in between by a login."""
    write()
    with connect(IMAGE_TWO) as connection:
        cloud.refuse = "/image/v2/images"
        list(connection.image.images())
    for server in (cloud, two):
        asked = [r for r in server.requests if r.path.startswith("/identity")]
        assert len([r for r in asked if r.method == "POST"]) == 2
        assert {tuple(r.all("X-Scope-Service")) for r in asked} == {("identity",)}


def test_without_a_scope_nothing_is_said_of_services(openstack: Openstack, cloud: Fake) -> None:
    """Requests are as ever."""
    assert openstack("image", "list").code == 0
    assert not [r for r in cloud.requests if r.all("X-Scope-Service")]


def test_a_service_that_the_catalog_lacks_may_be_anywhere_at_home(cloud: Fake) -> None:
    """Its address was configured by the user, who knows."""
    auth = scoped(password(cloud), SCOPE)
    session = Session(auth=auth)
    guard(session, home(auth))
    override = {"endpoint_override": f"{cloud.url}/image"}
    session.get("/x", endpoint_filter={"service_type": "registry"}, **override)
    assert cloud.requests[-1].path == "/image/x"


def test_without_a_scope_any_path_goes_out_as_ever(cloud: Fake) -> None:
    """The cloud is one's own, and so are its ids."""
    auth = password(cloud)
    session = Session(auth=auth)
    guard(session, home(auth))
    session.get("/images/../x", **IMAGES)
    assert cloud.requests[-1].path.endswith("/x")
