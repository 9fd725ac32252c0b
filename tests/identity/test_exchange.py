"""Which token a request has when it is sent on."""

from collections.abc import Sequence

import pytest

from openstackoid.federation import loads
from openstackoid.identity import exchange_token, headers_for, unsealed
from openstackoid.identity.keys import Keys, make, sealer
from openstackoid.identity.sealing import Presenter, Terms, beside, digest, seal
from openstackoid.message import Head, Headers
from openstackoid.routing import Refusal, decide, destination_of, narrowed

CLOUD = """
  %s:
    frontends: {{identity: "http://{0}:5000", image: "http://{0}:9292", compute: "http://{0}:8774",
      block-storage: "http://{0}:8776", object-store: "http://{0}:8080"}}
    backends: {{identity: "http://b{0}:5000", image: "http://b{0}:9292",
      compute: "http://b{0}:8774", block-storage: "http://b{0}:8776",
      object-store: "http://b{0}:8080"}}
"""
FEDERATION = loads(
    "clouds:"
    + "".join((CLOUD % name).format(name.lower()) for name in ("One", "Two", "Three"))
    + (CLOUD % "Public").format("public")
    + "    gateway: false\n"
)
PORTS = {
    "identity": 5000,
    "image": 9292,
    "compute": 8774,
    "block-storage": 8776,
    "object-store": 8080,
}
FROM_TWO = ("Via", "1.1 Two (openstackoid)")
P1, P2, P3 = "1" * 32, "2" * 32, "3" * 32
ALL = f'"One":["t1","{P1}"],"Two":["t2","{P2}"],"Public":["tp",null]'
MINE = ALL.replace("One", "*")


def sent(
    here: str,
    service: str,
    token: str,
    *more: tuple[str, str],
    path: str = "/",
    keys: Sequence[Keys] = (),
    cloud: str | None = None,
    proven: bool = True,
) -> tuple[str, dict[str, str]]:
    """Return the URL and the headers of what the gateway `here` sends on."""
    head = Head("GET", path, Headers([("X-Auth-Token", token), *more]), PORTS[service])
    route = decide(head, FEDERATION, here)
    if cloud is None:
        cloud = str(route.expression)
    else:
        route = narrowed(route, cloud)
    head, route = exchange_token(head, route, cloud, FEDERATION, here)
    destination = destination_of(route, cloud, FEDERATION, here)
    if not destination.remote:
        head, route = unsealed(head, route, here, keys, 0, proven=proven)
    return destination.url, {n.lower(): v for n, v in headers_for(head, route, destination, here)}


def suffixed(token: str, scope: str, accounts: str = "") -> str:
    """Return a token with a scope, and a wallet if there are accounts."""
    wallet = f',"tokens":{{{accounts}}}' if accounts else ""
    return f"{token}!SCOPE!{scope[:-1]}{wallet}}}"


# fmt: off
TABLE = {  # claim: gateway, service, scope and wallet that come, token and scope that go
    "home's own service gets home's token, and hands the wallet on with a name": (
        "One", "compute", '{"image":"Two"}', MINE,
        "t0", '{"*":"One","identity":"One","image":"Two"}'),
    "another cloud gets the token it has issued, and is told so": (
        "One", "image", '{"image":"Two"}', MINE,
        "t2", '{"*":"One","identity":"Two","image":"Two"}'),
    "the token of a client is home's, wherever identity is taken": (
        "One", "compute", '{"identity":"Two"}', MINE,
        "t0", '{"*":"One","identity":"One"}'),
    "a service of Two calls back to Two with the token it was given": (
        "Two", "image", '{"*":"Two","identity":"Two"}', ALL,
        "t0", '{"*":"Two","identity":"Two"}'),
    "a service of Two calls home with home's": (
        "Two", "image", '{"*":"One","compute":"Two","identity":"Two"}', ALL,
        "t1", '{"*":"One","block-storage":"Two","compute":"Two","identity":"One",'
              '"network":"Two","placement":"Two"}'),
    "a cloud that is not in the wallet gets what it has issued itself": (
        "One", "image", '{"identity":"Three","image":"Three"}', ALL,
        "t0", '{"*":"One","identity":"Three","image":"Three"}'),
    "a service here that is not in the wallet gets the issuer's, for it may trust him": (
        "Three", "image", '{"identity":"Two"}', ALL,
        "t0", '{"*":"Three","identity":"Two"}'),
    "without a wallet nothing changes": (
        "One", "image", '{"image":"Two"}', "",
        "t0", '{"*":"One","identity":"One","image":"Two"}'),
}
# fmt: on


@pytest.mark.parametrize(
    ("here", "service", "scope", "accounts", "token", "goes"), TABLE.values(), ids=TABLE
)
def test_the_token_that_goes_is_that_of_the_table(
    here: str, service: str, scope: str, accounts: str, token: str, goes: str
) -> None:
    """Each hop carries the token of its own cloud, and all accounts stay with it."""
    url, headers = sent(here, service, suffixed("t0", scope, accounts))
    named = accounts.replace("*", here)
    assert headers["x-auth-token"] == suffixed(token, goes, named)
    assert headers.get("x-scope", goes) == goes
    assert ("x-scope" in headers) == ("//b" not in url)


@pytest.mark.parametrize(("cloud", "token"), [("One", "t0"), ("Two", "t2")])
def test_each_keystone_gets_its_own_token_and_no_wallet(cloud: str, token: str) -> None:
    """Endpoints of either Keystone, and of both at once."""
    for scope in (f'{{"identity":"{cloud}"}}', '{"identity":"One & Two"}'):
        _, headers = sent("One", "identity", suffixed("t0", scope, MINE), cloud=cloud)
        expected = f'{{"*":"One","identity":"{cloud}"}}'
        there = token if cloud == "One" else suffixed(token, expected)
        assert headers["x-auth-token"] == there


def test_a_keystone_without_an_account_is_not_shown_another_clouds_token() -> None:
    """It could do nothing with it but keep it."""
    with pytest.raises(Refusal, match="tokens of its own Keystone") as refused:
        sent("One", "identity", suffixed("t0", '{"identity":"Three"}', MINE))
    assert refused.value.status == 401


@pytest.mark.parametrize("identity", ["Two", "Two|Three"])
def test_beside_a_wallet_no_cloud_is_shown_another_clouds_token(identity: str) -> None:
    """Who sends one has chosen to need no trust; and the message says what to do."""
    scope = f'{{"identity":"{identity}","image":"Three"}}'
    for accounts in (ALL, MINE):
        with pytest.raises(Refusal, match=r"an entry Three in clouds\.yaml") as refused:
            sent("One", "image", suffixed("t0", scope, accounts))
        assert refused.value.status == 401
        assert refused.value.sent is False


def test_a_validation_carries_no_wallet() -> None:
    """A Keystone needs the one token only."""
    subject = suffixed("t2", '{"*":"One","identity":"Two"}', ALL)
    _, headers = sent(
        "One", "identity", "glance", ("X-Subject-Token", subject), path="/v3/auth/tokens"
    )
    clean = suffixed("t2", '{"*":"One","identity":"Two"}')
    assert headers["x-subject-token"] == headers["x-auth-token"] == clean


@pytest.mark.parametrize("header", ["x-scope", "via"])
def test_a_cloud_without_a_gateway_gets_a_clean_token(header: str) -> None:
    """It knows nothing of scopes."""
    url, headers = sent("One", "image", suffixed("t0", '{"image":"Public"}', MINE))
    assert url == "http://public:9292/"
    assert headers["x-auth-token"] == "tp"
    assert header not in headers


def test_a_cloud_without_a_gateway_needs_an_account() -> None:
    """No trust helps there, and the message says what does."""
    with pytest.raises(Refusal, match="an entry Public in") as refused:
        sent("One", "image", suffixed("t0", '{"image":"Public"}'))
    assert refused.value.status == 401
    _, headers = sent("One", "image", suffixed("t0", '{"*":"Public"}'))
    assert headers["x-auth-token"] == "t0"


@pytest.mark.parametrize(
    ("service", "path", "goes"),
    [
        ("block-storage", f"/v3/{P1}/volumes?limit=1", f"/v3/{P2}/volumes?limit=1"),
        ("block-storage", f"/v3/{P2}/volumes", f"/v3/{P2}/volumes"),
        ("block-storage", f"/v3/{P3}/volumes", f"/v3/{P3}/volumes"),
        ("block-storage", f"/v3/{P1}", f"/v3/{P2}"),
        ("identity", f"/v3/projects/{P1}", f"/v3/projects/{P1}"),
        ("object-store", f"/v1/AUTH_{P1}/c/{P1}", f"/v1/AUTH_{P2}/c/{P1}"),
    ],
)
def test_the_project_in_a_path_is_that_of_the_cloud(service: str, path: str, goes: str) -> None:
    """Projects have other ids elsewhere, and some APIs have them in their paths."""
    token = suffixed("t0", f'{{"{service}":"Two"}}', MINE)
    url, _ = sent("One", service, token, path=path)
    assert url == f"http://two:{PORTS[service]}{goes}"


@pytest.mark.parametrize("named", [P3, "volumes", "types"])
@pytest.mark.parametrize("whose", ["Two", "Three"])
def test_a_keystone_cannot_have_another_project_or_a_word_replaced(named: str, whose: str) -> None:
    """What it names as the id of its project is a third one's project, or part of an API."""
    mine = {"*": P1, "Two": P2, "Three": P2, whose: named}
    accounts = ",".join(f'"{cloud}":["t1","{project}"]' for cloud, project in mine.items())
    token = suffixed("t0", '{"block-storage":"Two"}', accounts)
    path = f"/v3/{P3}/volumes/types/{P2}"
    url, _ = sent("One", "block-storage", token, path=path)
    assert url == f"http://two:8776{path}"


@pytest.mark.parametrize(("mine", "theirs"), [("volumes", P2), (P1, "volumes")])
def test_only_what_is_an_id_is_one(mine: str, theirs: str) -> None:
    """Neither Keystone can have another resource meant."""
    accounts = f'"*":["t1","{mine}"],"Two":["t2","{theirs}"]'
    path = f"/v3/{P1}/volumes"
    url, _ = sent("One", "block-storage", suffixed("t0", '{"*":"Two"}', accounts), path=path)
    assert url == f"http://two:8776{path}"


@pytest.mark.parametrize("cloud", ["One & Two", "Two"])
def test_the_subject_of_another_cloud_is_not_shown_beside_a_wallet(cloud: str) -> None:
    """One who ends his token at home says it to nobody else."""
    token = suffixed("t1", f'{{"identity":"{cloud}"}}', MINE)
    for subject in ("t1", token):
        with pytest.raises(Refusal, match="X-Subject-Token") as refused:
            sent("One", "identity", token, ("X-Subject-Token", subject), cloud="Two")
        assert refused.value.status == 401
    _, headers = sent("One", "identity", token, ("X-Subject-Token", "t2"), cloud="Two")
    assert headers["x-subject-token"] == "t2"


@pytest.mark.parametrize("identity", ["One|Public", "One & Public"])
def test_a_cloud_without_a_gateway_gets_no_token_that_may_be_anothers(identity: str) -> None:
    """Nor does its Keystone, where either may have issued it."""
    scope = f'{{"identity":"{identity}","image":"Public"}}'
    for service in ("image", "identity"):
        with pytest.raises(Refusal, match="an entry Public in"):
            sent("One", service, suffixed("t0", scope), cloud="Public")


@pytest.mark.parametrize(
    ("token", "more", "message"),
    [
        ("t", [("X-Scope", '{"tokens":{"One":["secret",null]}}')], "X-Scope has tokens"),
        ('t!SCOPE!{"tokens":{"*":["secret",null],"One":["secret",null]}}', [], "One twice"),
        (
            't!SCOPE!{"*":"One","identity":"One","tokens":{"*":["secret",null]}}',
            [FROM_TWO],
            r'of Two has "\*"',
        ),
        ('t!SCOPE!{"tokens":{"Four":["secret",null]}}', [], "unknown cloud"),
        ('t!SCOPE!{"tokens" :{"One":["secret",null]}}', [], '"tokens"|expected'),
        ('t!SCOPE!{"tok\\u0065ns":{"One":["secret",null]}}', [], "X-Auth-Token"),
        ('t!SCOPE!{"tokens":{"One":["' + "secret" * 2000 + '",null]}}', [], "at most 8192 fit"),
    ],
)
def test_a_wallet_that_could_be_read_in_two_ways_is_refused(
    token: str, more: list[tuple[str, str]], message: str
) -> None:
    """And the message has no token."""
    with pytest.raises(Refusal, match=message) as refused:
        sent("One", "image", token, *more)
    assert refused.value.status in {400, 431}
    assert "secret" not in refused.value.message


KEYS = [make()]
TERMS = Terms("One", {"Two": Presenter(["image"], digest("t2"))}, 1000)
SEALED = seal("clear", TERMS, sealer(KEYS[0].public.seal))
PRESENTED = beside(SEALED, "t2")
BACK = '{"*":"Two","identity":"One","image":"One"}'


def test_a_sealed_token_is_opened_where_it_is_for() -> None:
    """The service gets what its Keystone issued."""
    token = suffixed(PRESENTED, BACK, ALL)
    _, headers = sent("One", "image", token, FROM_TWO, keys=KEYS)
    kept = f'"Two":["t2","{P2}"],"Public":["tp",null],"One":["{SEALED}","{P1}"]'
    assert headers["x-auth-token"] == suffixed("clear", BACK, kept)


def test_a_token_that_is_sealed_to_any_of_its_keys_is_opened() -> None:
    """Clients learn a key at the login, so what they send later may be sealed to an older one."""
    token = suffixed(PRESENTED, BACK, ALL)
    for keys in ([KEYS[0], make()], [make(), KEYS[0]]):
        _, headers = sent("One", "image", token, FROM_TWO, keys=keys)
        assert headers["x-auth-token"].startswith("clear!SCOPE!")


@pytest.mark.parametrize("issuer", ["Two", "Two|Three", "One"])
@pytest.mark.parametrize("accounts", ["", '"Two":["t2","p2"]', '"Three":["t3",null]'])
def test_an_opened_token_is_ours_whatever_the_presenting_gateway_wrote(
    issuer: str, accounts: str
) -> None:
    """So a service here neither has it validated elsewhere, nor takes it there in the clear."""
    token = suffixed(PRESENTED, f'{{"*":"Two","identity":"{issuer}","image":"One"}}', accounts)
    _, headers = sent("One", "image", token, FROM_TWO, keys=KEYS)
    handed = headers["x-auth-token"]
    kept = f"{accounts},".lstrip(",") + f'"One":["{SEALED}",null]'
    assert handed == suffixed("clear", BACK, kept)
    if "Two" in accounts:
        _, headers = sent("One", "compute", handed, keys=KEYS)
        assert headers["x-auth-token"].startswith("t2!SCOPE!")
    else:
        with pytest.raises(Refusal, match="an entry Two in"):
            sent("One", "compute", handed, keys=KEYS)


def test_a_sealed_token_needs_a_proof_of_who_presents_it() -> None:
    """Via is a claim that anybody can make; the message names what is missing."""
    token = suffixed(PRESENTED, BACK, ALL)
    with pytest.raises(Refusal, match="nothing proves that the gateway of Two") as refused:
        sent("One", "image", token, FROM_TWO, keys=KEYS, proven=False)
    assert refused.value.status == 401


@pytest.mark.parametrize(
    ("service", "more", "keys", "why"),
    [
        ("compute", [FROM_TWO], KEYS, "it is not for compute"),
        ("image", [("Via", "1.1 Three (openstackoid)")], KEYS, "not for the gateway of Three"),
        ("image", [], KEYS, "nobody's gateway"),
        ("image", [FROM_TWO], [make(), make()], "not sealed to the key of One"),
        ("image", [FROM_TWO], [], "this gateway has no keys"),
    ],
)
def test_a_sealed_token_is_refused_otherwise(
    service: str, more: list[tuple[str, str]], keys: Sequence[Keys], why: str
) -> None:
    """Presented by whom it is not for, to what it is not for, or straight."""
    token = suffixed(PRESENTED, '{"*":"One","identity":"One"}')
    with pytest.raises(Refusal, match=why) as refused:
        sent("One", service, token, *more, keys=keys)
    assert refused.value.status == 401
    assert refused.value.sent is False


@pytest.mark.parametrize("came", [SEALED, beside(SEALED, "another"), f"{PRESENTED}x", f"{SEALED}~"])
def test_a_sealed_token_comes_beside_what_was_shown_to_the_presenter(came: str) -> None:
    """The token of the presenter's own cloud, which nobody has who has only seen the sealed one."""
    with pytest.raises(Refusal, match="good only beside the token of Two") as refused:
        sent("One", "image", suffixed(came, BACK, ALL), FROM_TWO, keys=KEYS)
    assert refused.value.status == 401


def test_a_gateway_tells_what_was_shown_to_it() -> None:
    """Whatever that is: only the cloud that the token is for can tell whether it is right."""
    accounts = f'"*":["t0",null],"Two":["{SEALED}",null]'
    for token in ("t0", "none"):
        _, headers = sent("One", "image", suffixed(token, '{"image":"Two"}', accounts))
        assert headers["x-auth-token"].startswith(f"{beside(SEALED, token)}!SCOPE!")


@pytest.mark.parametrize("came", [SEALED, PRESENTED])
@pytest.mark.parametrize("accounts", ["", '"Two":["t2","p2"]', f'"Two":["{SEALED}",null]'])
@pytest.mark.parametrize("scope", ['{"image":"Two"}', '{"identity":"Two","image":"Two"}'])
def test_a_sealed_token_is_taken_to_no_other_cloud_for_itself(
    came: str, accounts: str, scope: str
) -> None:
    """A client would say what was shown to others."""
    with pytest.raises(Refusal, match="a sealed token does not go to Two by itself") as refused:
        sent("One", "image", suffixed(came, scope, accounts))
    assert refused.value.status == 401
    assert SEALED not in refused.value.message


def test_a_cloud_without_a_gateway_gets_no_sealed_token() -> None:
    """Nobody there could open it."""
    accounts = MINE.replace('"tp"', f'"{SEALED}"')
    with pytest.raises(Refusal, match="no gateway to open") as refused:
        sent("One", "image", suffixed("t0", '{"image":"Public"}', accounts))
    assert refused.value.status == 401


def test_a_sealed_token_is_passed_on_as_it_is() -> None:
    """The clouds between cannot read it; they say what was shown to them."""
    accounts = MINE.replace('"t2"', f'"{SEALED}"')
    _, headers = sent("One", "image", suffixed("t0", '{"image":"Two"}', accounts))
    assert headers["x-auth-token"].startswith(f"{beside(SEALED, 't0')}!SCOPE!")
