"""Links of another cloud's answers lead through home, and nothing else changes."""

import json

import pytest

from openstackoid.federation import loads
from openstackoid.federation.model import Interface
from openstackoid.routing.links import Links

FEDERATION = loads("""
clouds:
  Paths:
    frontends:
      identity: http://p:8888/identity
      compute: {public: "http://p:8888/compute", internal: "http://p.internal/compute"}
      image: http://p:8888/image
      placement: http://p:8888/placement
  Ports:
    frontends:
      identity: http://q:5000
      compute: {public: "http://q:8774", internal: "http://q.internal:8774"}
      image: http://q:9292
      placement: http://q:8778
      orchestration: http://q:8004
""")
TO_PATHS = ("Ports", "Paths")
TO_PORTS = ("Paths", "Ports")


def links(way: tuple[str, str], service: str, interface: Interface = "public") -> Links:
    """Return the links of a service's answers on their way from one cloud to the other."""
    theirs, ours = way
    return Links(FEDERATION.clouds[theirs], FEDERATION.clouds[ours], service, interface=interface)


@pytest.mark.parametrize(
    ("way", "service", "before", "after"),
    [
        (TO_PATHS, "compute", "http://q:8774/v2.1?a=b", "http://p:8888/compute/v2.1?a=b"),
        (TO_PATHS, "compute", "http://q.internal:8774/", "http://p:8888/compute/"),
        (TO_PATHS, "compute", "https://Q.:8774/v2.1?a=b", "http://p:8888/compute/v2.1?a=b"),
        (TO_PATHS, "compute", "http://q:8774", "http://p:8888/compute"),
        (TO_PATHS, "compute", "http://q:9292/v2/images/1", "http://p:8888/image/v2/images/1"),
        (TO_PATHS, "compute", "http://q:87741/v2.1", "http://q:87741/v2.1"),
        (TO_PATHS, "compute", "http://q:8004/stacks", "http://q:8004/stacks"),
        (TO_PATHS, "compute", "http://docs.openstack.org/", "http://docs.openstack.org/"),
        (TO_PATHS, "placement", "/resource_providers/1", "/placement/resource_providers/1"),
        (TO_PORTS, "placement", "/placement/resource_providers/1", "/resource_providers/1"),
        (TO_PORTS, "placement", "/placements/1", "/placements/1"),
        (TO_PATHS, "image", "/v2/images?marker=1", "/v2/images?marker=1"),
        (TO_PORTS, "image", "http://p:8888/image/v2/", "http://q:9292/v2/"),
        (TO_PATHS, "placement", "", ""),
        (TO_PATHS, "compute", "http://q:8774/../v2", "http://q:8774/../v2"),
        (TO_PATHS, "compute", "http://q:8774/a/%2e%2e%2fb", "http://q:8774/a/%2e%2e%2fb"),
        (TO_PATHS, "compute", "http://q:8774/a/\\u002e./b", "http://q:8774/a/\\u002e./b"),
        (TO_PATHS, "compute", "http://q:8774/a?b\\u0026c", "http://p:8888/compute/a?b\\u0026c"),
    ],
)
def test_a_link_leads_home(way: tuple[str, str], service: str, before: str, after: str) -> None:
    """As a header and in a body alike, whatever the body's spacing."""
    assert links(way, service).url(before) == after
    for text in ('{"links": [{"rel": "self", "href": "%s"}]}', '{"next":"%s"}', '{"self" : "%s"}'):
        editor = links(way, service).edit()
        data = editor.feed((text % before).encode()) + editor.end()
        assert data.decode() == text % after


UPWARD = [
    "/../identity/v3/users",
    "/v2/../../identity/v3/users",
    "/v2/..",
    "/v2/%2e%2e/%2E./identity",
    "/v2%2f..%2fidentity",
    "/v2/.%2e%5cidentity",
    "/v2/x/..?marker=1",
    "../identity",
    "..",
    "v2/../../identity",
    "/v2/\\u002e\\u002e/identity",
    "/v2\\u002f..\\u002fidentity",
    "/v2/.\\u0009./identity",
    "/v2/.\\t\\n./identity",
    "/v2/%2e\\r%2E/identity",
]


@pytest.mark.parametrize("service", ["image", "compute", "placement"])
@pytest.mark.parametrize("way", [TO_PATHS, TO_PORTS])
@pytest.mark.parametrize("before", UPWARD)
def test_no_link_goes_up_within_home(way: tuple[str, str], service: str, before: str) -> None:
    """It becomes the service's root: by its dots it would be another service of home to a client.

    Glance's relative links begin behind the address of the service, others' with the host.
    """
    base = FEDERATION.clouds[way[1]].frontend(service, "public")
    assert base is not None
    root = "/" if service == "image" else f"{base.path}/"
    assert links(way, service).url(before) == root
    assert links(way, service).header(f"<{before}>; rel=next") == f"<{root}>; rel=next"
    for size in (1, 7, 1000):
        text = f'{{"next": "{before}", "name": "{before}"}}'.encode()
        editor = links(way, service).edit()
        pieces = [editor.feed(text[i : i + size]) for i in range(0, len(text), size)]
        got = b"".join([*pieces, editor.end()]).decode()
        assert got == f'{{"next": "{root}", "name": "{before}"}}'


@pytest.mark.parametrize(
    "value",
    [
        "/v2/images/..a",
        "/v2/a..b/c",
        "/v2/...",
        "/v2/./x",
        "/v2?marker=../../identity",
        "http://elsewhere/../x",
        "//elsewhere/../x",
        "http://q:9292/v2/.\t./.\t./identity",
        "",
    ],
)
def test_what_does_not_go_up_stays(value: str) -> None:
    """And so does what is not the cloud's, even if a client drops a character of it."""
    assert links(TO_PATHS, "image").url(value) == value


def test_links_of_this_cloud_s_own_services_may_go_up() -> None:
    """They are its own affair."""
    cloud = FEDERATION.clouds["Paths"]
    own = Links(cloud, cloud, "compute", {THEIRS: OURS})
    assert own.url("/compute/../x") == "/compute/../x"


def test_links_lead_to_the_interface_that_was_asked() -> None:
    """Whoever came in by the internal address may have no way to the public one, nor the reverse.

    A service without that interface at home is at its public one.
    """
    internal = links(TO_PATHS, "compute", "internal")
    for there in ("http://q:8774", "http://q.internal:8774"):
        assert internal.url(f"{there}/v2.1") == "http://p.internal/compute/v2.1"
        assert internal.redirection(f"{there}/v2.1/", "/v2.1") == "http://p.internal/compute/v2.1/"
        assert internal.led(f"{there}/v2.1", "admin") == "http://p:8888/compute/v2.1"
    assert internal.url("http://q:9292/v2") == "http://p:8888/image/v2"


THEIRS, OURS = "a" * 32, "b" * 32
LINK = "<http://q:8774/v2.1/servers?marker=%s>"
HOME = "<http://p:8888/compute/v2.1/servers?marker=%s>"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f'{LINK % 1}; rel="next"', f'{HOME % 1}; rel="next"'),
        (f"{LINK % 1};rel=next,{LINK % 2};rel=prev", f"{HOME % 1};rel=next,{HOME % 2};rel=prev"),
        (
            f"<https://docs/>; rel=help, {LINK % 'a,b'}; rel=next",
            f"<https://docs/>; rel=help, {HOME % 'a,b'}; rel=next",
        ),
        (
            f'</v2.1>; rel=self; title="see \\"{LINK % 1}\\", please", {LINK % 1}',
            f'</compute/v2.1>; rel=self; title="see \\"{LINK % 1}\\", please", {HOME % 1}',
        ),
        (f'"{LINK % 1}', f'"{LINK % 1}'),
        ("<http://q:8774/v2.1", "<http://q:8774/v2.1"),
        ("<>; rel=self", "<>; rel=self"),
        ("", ""),
    ],
)
def test_links_of_a_header_lead_home(before: str, after: str) -> None:
    """Each of several (RFC 8288), and nothing that only quotes one."""
    assert links(TO_PATHS, "compute").header(before) == after


def test_a_header_full_of_quotes_is_read_once() -> None:
    """Another cloud may send 64 KiB of them, and looking for the end of each would take minutes."""
    value = '"' + '\\"' * 32_000
    assert links(TO_PATHS, "compute").header(value) == value


def test_the_cloud_s_own_addresses_stay_as_they_are() -> None:
    """Of links to itself only a project's id changes, whichever interface was asked."""
    cloud = FEDERATION.clouds["Paths"]
    own = Links(cloud, cloud, "compute", {THEIRS: OURS}, "internal")
    for base in ("http://p:8888/compute", "HTTP://p.internal/compute", "/compute"):
        assert own.url(f"{base}/v2.1/{THEIRS}") == f"{base}/v2.1/{OURS}"
    assert own.url(f"http://elsewhere/v2.1/{THEIRS}") == f"http://elsewhere/v2.1/{THEIRS}"


IMAGE, PLACEMENT = "http://p:8888/image", "http://p:8888/placement"


@pytest.mark.parametrize(
    ("way", "service", "location", "home"),
    [
        (TO_PATHS, "compute", "http://q:8774/v2.1/", "http://p:8888/compute/v2.1/"),
        (TO_PATHS, "compute", "http://q.internal:8774/v2.1/", "http://p:8888/compute/v2.1/"),
        (TO_PATHS, "compute", "https://Q.:8774/v2.1/", "http://p:8888/compute/v2.1/"),
        (TO_PATHS, "compute", "/v2.1/", "/compute/v2.1/"),
        (TO_PATHS, "image", "/v2/", "/image/v2/"),
        (TO_PATHS, "image", "tags?a=b:c//d", "/image/v2/tags?a=b:c//d"),
        (TO_PATHS, "image", "?marker=1", "/image/v2/x?marker=1"),
        (TO_PATHS, "image", "", "/image/v2/x?a=b"),
        (TO_PATHS, "image", "http://q:9292", "http://p:8888/image"),
        (TO_PATHS, "image", "../../identity/v3/users", "/image/identity/v3/users"),
        (TO_PORTS, "image", f"{IMAGE}/v2/", "http://q:9292/v2/"),
        (TO_PORTS, "image", "/image", "/"),
        (TO_PORTS, "image", "../x", "/x"),
    ],
)
def test_a_redirection_within_a_service_leads_home(
    way: tuple[str, str], service: str, location: str, home: str
) -> None:
    """To the same service there, whatever a relative one is relative to."""
    prefix = "" if way == TO_PATHS else "/image"
    assert links(way, service).redirection(location, f"{prefix}/v2/x?a=b") == home


@pytest.mark.parametrize(
    "location",
    [
        "http://p:8888/identity/v3/users/x",
        "http://p:8888/images/v2/",
        "http://p:8888/",
        "http://p:8888@evil/",
        "http://p:8888/placement@evil/",
        "http://evil/",
        "HTTP:evil",
        "http:evil",
        "//evil/",
        "//p:8888/placement/",
        "/\\evil/",
        "\\/evil/",
        "\\\\evil/",
        "/\t/evil/",
        "\t//evil/",
        "\xa0http://evil/",
        f"{PLACEMENT}/a b",
        f"{PLACEMENT}/../identity/v3",
        f"{PLACEMENT}/%2e%2E/identity/v3",
        f"{PLACEMENT}/a%2f..%2fidentity",
        f"{PLACEMENT}/..\\identity",
        f"{PLACEMENT}//evil/",
        f"{PLACEMENT}/\\evil/",
        "/placement//evil/",
        "/identity/v3/users/x",
        "../identity/v3",
        "../../../identity/v3",
        "%2e%2e/identity/v3",
        "/resource_providers",
        "/",
    ],
)
def test_a_redirection_that_leads_elsewhere_is_seen(location: str) -> None:
    """To a host, to another service of the same cloud, or for one of all clients to either."""
    assert links(TO_PORTS, "placement").redirection(location, "/placement/x") is None


def test_a_redirection_leads_to_no_service_that_only_home_has_there() -> None:
    """At home another service may have the longer prefix."""
    federation = loads("""
clouds:
  Root: {frontends: {image: "http://r", identity: "http://r/identity"}}
  Ports: {frontends: {image: "http://q:9292", identity: "http://q:5000"}}
""")
    there = Links(federation.clouds["Ports"], federation.clouds["Root"], "image")
    assert there.redirection("/v2/", "/") == "/v2/"
    for location in ("/identity/v3", "identity", "http://q:9292/identity?x"):
        assert there.redirection(location, "/") is None


@pytest.mark.parametrize("rest", ["//evil/", "/\\/evil/", "/\\u002fevil/"])
def test_a_prefix_that_is_taken_off_leaves_no_host(rest: str) -> None:
    """What stands behind it would become one, at a home without prefixes."""
    text = f'{{"next": "/placement{rest}"}}'.encode()
    editor = links(TO_PORTS, "placement").edit()
    assert editor.feed(text) + editor.end() == text


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_project_ids_in_links_are_those_of_whoever_asks(size: int) -> None:
    """Whole segments of links, whatever the pieces; the same id as a value stays."""
    base = "http://q:8774"
    edited = Links(
        FEDERATION.clouds["Ports"], FEDERATION.clouds["Paths"], "compute", {THEIRS: OURS}
    )
    document = {
        "tenant_id": THEIRS,
        "text": f'"href": "{base}/v2.1/{THEIRS}/x"',
        "links": [{"href": f"{base}/v2.1/{THEIRS}/servers/1?x={THEIRS}", "rel": "self"}],
        "next": f"{base}/v1/AUTH_{THEIRS}",
        "last": f"{base}/v1/not{THEIRS}/{THEIRS}more",
    }
    body = json.dumps(document).encode()
    editor = edited.edit()
    pieces = [body[i : i + size] for i in range(0, len(body), size)]
    got = json.loads(b"".join([*map(editor.feed, pieces), editor.end()]))
    home = "http://p:8888/compute"
    assert got["tenant_id"] == THEIRS
    assert got["text"] == document["text"]
    assert got["links"][0]["href"] == f"{home}/v2.1/{OURS}/servers/1?x={THEIRS}"
    assert got["next"] == f"{home}/v1/AUTH_{OURS}"
    assert got["last"] == f"{home}/v1/not{THEIRS}/{THEIRS}more"
    assert edited.url(f"{base}/v3/{THEIRS}/volumes") == f"{home}/v3/{OURS}/volumes"


@pytest.mark.parametrize(
    ("service", "location", "led"),
    [
        ("compute", "http://q:9292/v2/images/i", "http://p:8888/image/v2/images/i"),
        ("image", "http://q:8774/v2.1/servers/s", None),
        ("compute", "http://q:5000/v3/users/u", None),
        ("compute", "http://glance.internal/images/i", None),
    ],
)
def test_a_location_is_of_the_service_or_of_one_that_it_calls(
    service: str, location: str, led: str | None
) -> None:
    """Nova answers with the address of the image that it makes of a server."""
    assert links(TO_PATHS, service).resource(location, "/") == led
