"""Accounts in several clouds: who logs in where, and what is sent of it."""

import json
import threading
from pathlib import Path
from typing import Any

import openstack
import pytest
from keystoneauth1 import loading
from keystoneauth1.plugin import BaseAuthPlugin
from keystoneauth1.session import Session

from openstackoid.client.accounts import AccountError
from openstackoid.client.discovery import RefusedError
from openstackoid.client.guard import NotHomeError
from openstackoid.identity import keys
from openstackoid.identity.sealing import SealError, beside, unseal

from .conftest import Openstack, Write
from .fake import TOKEN, Fake
from .wallets import IMAGE_TWO, PASSWORD, THERE, connect, entry, header, logins, sent, tokens

pytestmark = pytest.mark.filterwarnings(r"ignore:::openstack\.")  # openstacksdk warns of itself


def test_each_account_is_used_at_its_own_keystone(cloud: Fake, two: Fake, write: Write) -> None:
    """No password goes to another cloud; the wallet goes behind the token, and nowhere else."""
    write()
    with connect(IMAGE_TWO) as connection:
        list(connection.image.images())
    (call,) = [r for r in cloud.requests if r.token]
    token, scope, wallet = sent(call.token[0])
    assert (token, json.loads(scope)) == (TOKEN, IMAGE_TWO)
    assert wallet is not None
    assert {c: (a.token, a.project) for c, a in wallet.accounts} == {
        "*": (TOKEN, "p1"),
        "Cloud-Two": (THERE, "p1"),
    }
    assert all(r.scope == [scope] for r in cloud.requests)
    assert PASSWORD not in str(cloud.requests)
    assert [a["identity"]["password"]["user"]["password"] for a in logins(two)] == [PASSWORD]
    assert len(logins(cloud)) == 1


@pytest.mark.parametrize("scope", [{"image": "CloudThree"}, {"image": "CloudOne | CloudThree"}])
def test_a_scope_without_an_account_changes_nothing(
    scope: object, cloud: Fake, two: Fake, write: Write
) -> None:
    """Other entries of clouds.yaml are nobody's business."""
    write()
    with connect(scope) as connection:
        token, _, wallet = sent(header(connection))
    assert (token, wallet) == (TOKEN, None)
    assert two.requests == []


@pytest.mark.parametrize(
    ("scope", "login"),
    [
        ({"identity": "Cloud-Two"}, {}),
        ({"*": "Cloud-Two"}, {}),
        ({"*": "Cloud-Two", "image": "CloudThree"}, {"image": "CloudThree"}),
    ],
)
def test_one_logs_in_at_home_with_homes_password(
    scope: dict[str, str], login: dict[str, str], cloud: Fake, write: Write
) -> None:
    """Wherever identity is taken, if there is an account for that."""
    write()
    with connect(scope) as connection:
        assert tokens(connection)["*"] == (TOKEN, "p1")
        list(connection.compute.servers())
    (asked,) = [r for r in cloud.requests if r.method == "POST"]
    assert [json.loads(s) for s in asked.scope] == [login]
    assert [json.loads(r.scope[0]) for r in cloud.requests if r.token] == [scope]


def test_identity_elsewhere_without_an_account_is_a_login_there(cloud: Fake, write: Write) -> None:
    """As ever, with the credentials at hand; the token is not home's then."""
    write()
    with connect("identity=CloudThree,image=Cloud-Two") as connection:
        assert tokens(connection).keys() == {"Cloud-Two"}
    (asked,) = [r for r in cloud.requests if r.method == "POST"]
    assert json.loads(asked.scope[0])["identity"] == "CloudThree"


def test_logins_are_made_at_the_same_time(cloud: Fake, two: Fake, write: Write) -> None:
    """Each waits for the other here."""
    barrier = threading.Barrier(2, timeout=20)

    def together(request: Any) -> None:
        if request.method == "POST":
            barrier.wait()

    cloud.reply = two.reply = together
    write()
    with connect(IMAGE_TWO) as connection:
        assert len(tokens(connection)) == 2


def test_a_refused_token_renews_all(cloud: Fake, two: Fake, write: Write) -> None:
    """Nobody knows which of them it was."""
    write()
    with connect(IMAGE_TWO) as connection:
        list(connection.image.images())
        two.token = "gAAAAAnew"
        cloud.refuse = "/image/v2/images"
        list(connection.image.images())
        assert tokens(connection)["Cloud-Two"] == ("gAAAAAnew", "p1")
    assert (len(logins(cloud)), len(logins(two))) == (2, 2)


def test_a_token_that_ends_soon_is_renewed(two: Fake, write: Write) -> None:
    """Before it is sent."""
    soon = two_token(two, "2024-01-01T00:00:00.000000Z")
    two.reply = lambda r: (201, soon) if r.method == "POST" else None
    write()
    with connect(IMAGE_TWO) as connection:
        tokens(connection)
        before = len(logins(two))
        tokens(connection)
        assert len(logins(two)) > before


def two_token(two: Fake, expires: str) -> dict[str, Any]:
    """Return the body of a login with another end."""
    return {"token": {"methods": ["password"], "expires_at": expires, "project": {"id": "p1"}}}


def test_a_wrong_cloud_beside_an_account_is_told_in_the_gateways_words(
    cloud: Fake, write: Write
) -> None:
    """At home, which is logged in to with the rest of the scope."""
    write()
    refusal = {"error": {"code": 400, "cloud": "CloudOne", "message": "unknown cloud"}}
    cloud.reply = lambda _: (400, refusal)
    with (
        connect({**IMAGE_TWO, "compute": "CloudTow"}) as connection,
        pytest.raises(RefusedError, match=r"^unknown cloud$"),
    ):
        connection.session.get_auth_headers()


def test_a_failed_login_names_cloud_and_entry(two: Fake, write: Write) -> None:
    """And the next request tries again."""
    two.reply = lambda r: (401, {}) if r.method == "POST" else None
    write()
    with connect(IMAGE_TWO) as connection:
        for _ in range(2):
            with pytest.raises(AccountError, match=r"Cloud-Two with Cloud-Two of clouds.yaml"):
                connection.session.get_auth_headers()
        assert len(logins(two)) == 2


def test_a_cloud_beside_others_may_be_away(
    cloud: Fake, two: Fake, write: Write, caplog: pytest.LogCaptureFixture
) -> None:
    """What | and & make of it is for the gateway to say; it is tried once, and told."""
    two.reply = lambda r: (0, None)
    write()
    with connect("image=CloudThree | Cloud-Two") as connection:
        assert tokens(connection).keys() == {"*"}
        assert tokens(connection).keys() == {"*"}
        assert [r.message for r in caplog.records].count(caplog.records[-1].message) == 1
        assert "the login to Cloud-Two with Cloud-Two" in caplog.records[-1].message
        two.reply = None
        cloud.refuse = "/image/v2/images"
        list(connection.image.images())
        assert tokens(connection).keys() == {"*", "Cloud-Two"}


NO_FILE = "/no/such.pem"


@pytest.mark.parametrize(
    "tls",
    [
        {"cert": NO_FILE, "key": NO_FILE},
        {"cert": __file__, "key": NO_FILE},
        {"cert": __file__, "key": __file__},
        {"cacert": NO_FILE},
    ],
)
def test_a_login_without_its_certificate_is_one_that_failed(
    tls: dict[str, str],
    cloud: Fake,
    two: Fake,
    write: Write,
    openstack: Openstack,
    tmp_path: Path,
) -> None:
    """Though requests raises no error of its own for that: the account is named.

    It can be done without where the cloud is one of several of another service than the command's.
    """
    secure = two.url.replace("http:", "https:")
    write({"Cloud-Two": entry(two, auth={"auth_url": f"{secure}/identity/v3"}, **tls)})
    env = {"OS_CLIENT_CONFIG_FILE": str(tmp_path / "clouds.yaml"), "OS_CLOUD": "here"}
    command = ("server", "list", "--os-scope")
    named = "the login to Cloud-Two with Cloud-Two of clouds.yaml failed: "
    result = openstack(*command, "image=Cloud-Two|CloudThree", env=env)
    assert (result.code, result.err.count(named)) == (0, 1), result.err
    cloud.clear()
    result = openstack(*command, "image=Cloud-Two", env=env)
    assert (result.code, result.err.count(named)) == (1, 1), result.err
    assert "Traceback" not in result.err
    assert not [r for r in cloud.requests if r.token]


MADE = {"CloudOne": keys.make(), "Cloud-Two": keys.make()}


def test_tokens_are_sealed_to_gateways_with_keys(cloud: Fake, two: Fake, write: Write) -> None:
    """For the services of the scope, presented by its clouds; home's own token stays readable."""
    cloud.key = f"CloudOne {MADE['CloudOne'].public.seal}"
    two.key = f"Cloud-Two {MADE['Cloud-Two'].public.seal}"
    write()
    with connect(IMAGE_TWO) as connection:
        before = header(connection)
        wallet = tokens(connection)
        assert tokens(connection) == wallet
    assert before.count(TOKEN) == 1
    assert THERE not in before
    sealed, project = wallet["Cloud-Two"]
    key = MADE["Cloud-Two"].seal
    assert project == "p1"
    assert unseal(beside(sealed, TOKEN), [key], "Cloud-Two", "image", "CloudOne", 0) == THERE
    for service, origin in (("compute", "CloudOne"), ("image", "CloudThree")):
        with pytest.raises(SealError):
            unseal(beside(sealed, TOKEN), [key], "Cloud-Two", service, origin, 0)
    for service in ("identity", "compute", "image"):
        with pytest.raises(SealError, match=f"not for {service}"):
            unseal(
                beside(wallet["*"][0], THERE),
                [MADE["CloudOne"].seal],
                "CloudOne",
                service,
                "Cloud-Two",
                0,
            )


def test_a_service_elsewhere_gets_homes_token_for_what_it_calls(
    cloud: Fake, two: Fake, write: Write
) -> None:
    """Nova there fetches the image; home's Keystone is asked nothing, and no other service."""
    cloud.key = f"CloudOne {MADE['CloudOne'].public.seal}"
    two.key = f"Cloud-Two {MADE['Cloud-Two'].public.seal}"
    write()
    with connect({"compute": "Cloud-Two"}) as connection:
        sealed, _ = tokens(connection)["*"]
    key = MADE["CloudOne"].seal
    assert unseal(beside(sealed, THERE), [key], "CloudOne", "image", "Cloud-Two", 0) == TOKEN
    for service in ("identity", "compute", "network"):
        with pytest.raises(SealError, match=f"not for {service}"):
            unseal(beside(sealed, THERE), [key], "CloudOne", service, "Cloud-Two", 0)


def test_what_is_sealed_goes_with_the_tokens_of_one_login(
    cloud: Fake, two: Fake, write: Write
) -> None:
    """Whoever presents it was shown the user's token of his cloud, and that may be a new one."""
    cloud.key = f"CloudOne {MADE['CloudOne'].public.seal}"
    two.key = f"Cloud-Two {MADE['Cloud-Two'].public.seal}"
    write()
    seal = [MADE["CloudOne"].seal]
    with connect({"compute": "Cloud-Two"}) as connection:
        tokens(connection)
        two.token = "gAAAAAnew"
        connection.session.invalidate()
        sealed, _ = tokens(connection)["*"]
    assert unseal(beside(sealed, "gAAAAAnew"), seal, "CloudOne", "image", "Cloud-Two", 0) == TOKEN
    with pytest.raises(SealError, match="only beside the token of Cloud-Two"):
        unseal(beside(sealed, THERE), seal, "CloudOne", "image", "Cloud-Two", 0)


@pytest.mark.parametrize(
    "scope", [IMAGE_TWO, {"image": "CloudOne | Cloud-Two"}, {"*": "Cloud-Two"}]
)
def test_without_a_key_of_home_a_cloud_with_one_gets_no_token(
    scope: object, cloud: Fake, two: Fake, write: Write
) -> None:
    """Home, or somebody on the way, would only have to leave it out to read the token."""
    two.key = f"Cloud-Two {MADE['Cloud-Two'].public.seal}"
    write()
    with (
        connect(scope) as connection,
        pytest.raises(AccountError, match=r"home's gateway has told no key .* federation keys"),
    ):
        list(connection.image.images())
    assert logins(cloud)
    assert logins(two)
    assert not any(THERE in str(request) for request in cloud.requests)


def test_a_login_that_is_not_at_home_says_how_to_be(cloud: Fake, two: Fake, write: Write) -> None:
    """Who home is, is told at a login there alone."""
    two.key = f"Cloud-Two {MADE['Cloud-Two'].public.seal}"
    write()
    with (
        connect("identity=CloudThree,image=Cloud-Two") as connection,
        pytest.raises(AccountError, match=r"for identity=CloudThree\..* leave identity out"),
    ):
        connection.session.get_auth_headers()
    assert not any(THERE in str(request) for request in cloud.requests)


def test_the_command_says_it(cloud: Fake, two: Fake, openstack: Openstack, tmp_path: Path) -> None:
    """As the one error, and with no token in it."""
    two.key = f"Cloud-Two {MADE['Cloud-Two'].public.seal}"
    path = tmp_path / "clouds.yaml"
    path.write_text(
        json.dumps({"clouds": {"here": entry(cloud), "Cloud-Two": entry(two, PASSWORD)}})
    )
    env = {"OS_CLIENT_CONFIG_FILE": str(path), "OS_CLOUD": "here"}
    result = openstack("image", "list", "--os-scope", "image=Cloud-Two", env=env)
    assert result.code == 1
    assert result.err.startswith(
        "the gateway of Cloud-Two has a key, so its token is sent sealed only"
    )
    assert THERE not in result.err + str(cloud.requests)


def test_a_key_of_home_that_is_missing_later_ends_what_is_sent(
    cloud: Fake, two: Fake, write: Write
) -> None:
    """In the same connection, and in the next one of the process."""
    cloud.key = f"CloudOne {MADE['CloudOne'].public.seal}"
    two.key = f"Cloud-Two {MADE['Cloud-Two'].public.seal}"
    write()
    with connect(IMAGE_TWO) as connection:
        list(connection.image.images())
        cloud.key = None
        cloud.refuse = "/image/v2/images"
        with pytest.raises(AccountError, match=r"login at home failed: .* told a key .* before"):
            list(connection.image.images())
    with connect(IMAGE_TWO) as connection, pytest.raises(AccountError, match="before"):
        connection.session.get_auth_headers()
    assert not any(THERE in str(request) for request in cloud.requests)


def test_a_key_of_another_cloud_that_is_missing_later_ends_what_is_sent(
    cloud: Fake, two: Fake, write: Write
) -> None:
    """Whoever is between it and the client would get the next token in clear."""
    cloud.key = f"CloudOne {MADE['CloudOne'].public.seal}"
    two.key = f"Cloud-Two {MADE['Cloud-Two'].public.seal}"
    write()
    with connect(IMAGE_TWO) as connection:
        tokens(connection)
        two.key = None
        connection.session.invalidate()
        with pytest.raises(AccountError, match=r"login to Cloud-Two .* told a key .* before"):
            connection.session.get_auth_headers()


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ("CloudThree {key}", "was answered by the gateway of CloudThree; correct the auth_url"),
        ("Cloud-Two", "cannot be read"),
        ("Cloud-Two {key}x", "cannot be read"),
        ("Cloud-Two {key}, Cloud-Two {key}", "cannot be read"),
        ("", "cannot be read"),
    ],
)
def test_a_key_that_is_none_of_this_cloud_is_no_reason_to_seal_nothing(
    told: str, why: str, cloud: Fake, two: Fake, write: Write
) -> None:
    """Nothing is sent where it is not clear to whom one would seal."""
    cloud.key = f"CloudOne {MADE['CloudOne'].public.seal}"
    two.headers = {"X-Scope-Key": told.format(key=MADE["Cloud-Two"].public.seal)}
    write()
    with connect(IMAGE_TWO) as connection, pytest.raises(AccountError, match=why):
        connection.session.get_auth_headers()


def test_a_cloud_without_keys_gets_its_token_as_it_is(cloud: Fake, two: Fake, write: Write) -> None:
    """Nobody could unseal it."""
    cloud.key = f"CloudOne {MADE['CloudOne'].public.seal}"
    write()
    with connect(IMAGE_TWO) as connection:
        assert tokens(connection)["Cloud-Two"] == (THERE, "p1")


def test_only_the_login_tells_homes_key(cloud: Fake, write: Write) -> None:
    """A service elsewhere, whose answers come by way of home, could else read home's token."""
    write()
    with connect(IMAGE_TWO) as connection:
        tokens(connection)
        cloud.key = f"Cloud-Two {MADE['Cloud-Two'].public.seal}"
        list(connection.image.images())
        assert tokens(connection)["*"] == (TOKEN, "p1")


def test_variables_and_a_file_go_together(
    cloud: Fake, credentials: dict[str, str], openstack: Openstack, write: Any, tmp_path: Path
) -> None:
    """Home by OS_* variables, the other account by its entry."""
    write()
    env = credentials | {"OS_CLIENT_CONFIG_FILE": str(tmp_path / "clouds.yaml")}
    result = openstack("image", "list", "--os-scope", "image=Cloud-Two", env=env)
    assert result.code == 0, result.err
    (call,) = [r for r in cloud.requests if r.token]
    _, _, wallet = sent(call.token[0])
    assert wallet is not None


def test_no_link_leads_a_wallet_out_of_home(cloud: Fake, two: Fake, write: Write) -> None:
    """Not even to the cloud that one of its tokens is for: all the others are in it as well."""
    write()
    with connect(IMAGE_TWO) as connection:
        assert list(connection.image.images()) == []
        two.clear()
        page = {"images": [{"id": "1"}], "next": f"{two.url}/image/v2/images?marker=1"}
        cloud.reply = lambda r: (200, page) if r.path.startswith("/image/v2/images") else None
        with pytest.raises(NotHomeError, match=two.url):
            list(connection.image.images())
    assert two.requests == []


def test_a_plugin_takes_the_entries_as_an_option(cloud: Fake, write: Write) -> None:
    """For programs that know of no vendor hook, and services."""
    write()
    auth: BaseAuthPlugin = loading.get_plugin_loader("v3oidpassword").load_from_options(
        auth_url=f"{cloud.url}/identity/v3",
        username="alice",
        password="pw",
        user_domain_id="default",
        oid_scope="image=Cloud-Two",
        oid_clouds="Cloud-Two=Cloud-Two",
    )
    token = Session(auth=auth).get_token()
    assert token is not None
    _, _, wallet = sent(token)
    assert wallet is not None
    assert wallet.get("Cloud-Two") is not None


def test_openstacksdk_by_the_plugin_alone(cloud: Fake, write: Write) -> None:
    """The options stand beside the credentials."""
    own = {"oid_scope": IMAGE_TWO, "oid_clouds": {"Cloud-Two": "Cloud-Two"}}
    write(auth_type="v3oidpassword", auth=own)
    with openstack.connect(cloud="here") as connection:
        assert tokens(connection).keys() == {"*", "Cloud-Two"}


def test_the_command_does_it(cloud: Fake, two: Fake, openstack: Openstack, tmp_path: Path) -> None:
    """One branch of & with an account of its own, the other at home; --debug hides all tokens."""
    entries = {"here": entry(cloud), "Cloud-Two": entry(two, PASSWORD)}
    path = tmp_path / "clouds.yaml"
    path.write_text(json.dumps({"clouds": entries}))
    env = {"OS_CLIENT_CONFIG_FILE": str(path), "OS_CLOUD": "here"}
    scope = "image=CloudOne & Cloud-Two"
    result = openstack("image", "list", "--os-scope", scope, "--debug", env=env)
    assert result.code == 0, result.err
    carried = [sent(r.token[0]) for r in cloud.requests if r.token]
    accounts = {json.loads(s)["image"]: w is not None for _, s, w in carried}
    assert accounts == {"CloudOne": False, "Cloud-Two": True}
    assert [a["identity"]["password"]["user"]["password"] for a in logins(two)] == [PASSWORD]
    assert THERE not in result.err + result.out
