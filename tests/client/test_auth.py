"""Auth plugins of keystoneauth, once they carry a scope."""

import pytest
from keystoneauth1.http_basic import HTTPBasicAuth
from keystoneauth1.identity import generic, v3
from keystoneauth1.noauth import NoAuth
from keystoneauth1.plugin import BaseAuthPlugin
from keystoneauth1.service_token import ServiceTokenAuthWrapper
from keystoneauth1.session import Session
from keystoneauth1.token_endpoint import Token

from openstackoid.client.auth import announce, scoped
from openstackoid.scope import Scope, parse

from .fake import TOKEN, Fake

SCOPE = parse("image=CloudTwo")
SUFFIXED = f"{TOKEN}!SCOPE!{SCOPE}"
IMAGES = {"endpoint_filter": {"service_type": "image", "version": "2"}}


def password(cloud: Fake) -> v3.Password:
    """Return a plugin that can log in to the recording cloud."""
    return v3.Password(
        f"{cloud.url}/identity/v3",
        username="alice",
        password="s3cret-pw",
        user_domain_id="default",
        project_name="demo",
        project_domain_id="default",
    )


def test_the_plugin_stays_the_object_and_the_kind_it_was(cloud: Fake) -> None:
    """So whoever took it before, as manilaclient does, carries the scope."""
    plain = password(cloud)
    assert scoped(plain, SCOPE) is plain
    assert isinstance(plain, v3.Password)
    session = Session(auth=plain)
    session.get("/images", **IMAGES)
    assert [r.scope for r in cloud.requests] == [[SCOPE.canonical]] * len(cloud.requests)
    assert [r.token for r in cloud.requests] == [[], [], [SUFFIXED]]


def test_a_refused_token_is_renewed_and_sent_with_one_suffix(cloud: Fake) -> None:
    """401, a new login, the request again."""
    session = Session(auth=scoped(password(cloud), SCOPE))
    session.get("/images", **IMAGES)
    cloud.clear()
    cloud.refuse = "/image/v2/images"
    assert session.get("/images", **IMAGES).status_code == 200
    refused, login, again = cloud.requests
    assert (refused.token, login.token, again.token) == ([SUFFIXED], [], [SUFFIXED])
    assert login.scope == [SCOPE.canonical]


def test_discovery_with_a_token_from_elsewhere_is_scoped(cloud: Fake) -> None:
    """No login comes first which could have set the header."""
    auth = scoped(password(cloud), SCOPE)
    state = auth.get_access(Session(auth=auth))
    cloud.clear()
    auth.auth_ref = state
    Session(auth=auth).get_endpoint_data(service_type="image")
    auth.get_all_version_data(Session(auth=auth), service_type="compute")
    assert cloud.requests
    assert all(request.scope == [SCOPE.canonical] for request in cloud.requests)


def test_a_question_that_leads_to_a_login_is_scoped(cloud: Fake) -> None:
    """Whoever asks for the project's id first logs in first."""
    auth = scoped(password(cloud), SCOPE)
    assert auth.get_project_id(Session(auth=auth)) == "p1"
    assert [request.scope for request in cloud.requests] == [[SCOPE.canonical]]


def test_clients_with_an_http_library_of_their_own_get_the_suffix_too(cloud: Fake) -> None:
    """They ask the plugin or the session for a token, as swiftclient does."""
    auth = scoped(password(cloud), SCOPE)
    assert auth.get_token(Session()) == SUFFIXED
    assert Session(auth=auth).get_token() == SUFFIXED


@pytest.mark.parametrize(
    ("plain", "token"),
    [
        (Token("http://127.0.0.1", "t"), f"t!SCOPE!{SCOPE}"),
        (Token("http://127.0.0.1", "t!SCOPE!{}"), "t!SCOPE!{}"),
        (NoAuth("http://127.0.0.1"), f"notused!SCOPE!{SCOPE}"),
        (
            ServiceTokenAuthWrapper(Token("http://a", "user"), Token("http://a", "service")),
            f"user!SCOPE!{SCOPE}",
        ),
    ],
)
def test_any_kind_of_token_gets_one_suffix(plain: BaseAuthPlugin, token: str) -> None:
    """One that it has already stays, and the gateway compares."""
    auth = scoped(scoped(plain, SCOPE), SCOPE)
    headers = auth.get_headers(Session())
    assert headers is not None
    assert headers["X-Auth-Token"] == token
    assert headers.get("X-Service-Token") in (None, "service")


def test_http_basic_has_no_token_and_stays_as_it_was() -> None:
    """A suffix there would be a wrong password."""
    auth = scoped(HTTPBasicAuth("http://127.0.0.1", "alice", "pw"), SCOPE)
    headers = auth.get_headers(Session())
    assert headers is not None
    assert list(headers) == ["Authorization"]
    assert "SCOPE" not in headers["Authorization"]


def test_another_scope_replaces_the_first_and_an_empty_one_ends_it(cloud: Fake) -> None:
    """As an option replaces what the file says."""
    auth = scoped(scoped(password(cloud), SCOPE), parse("image=CloudThree"))
    assert (auth.get_headers(Session()) or {})["X-Scope"] == '{"image":"CloudThree"}'
    session = Session(auth=scoped(auth, Scope()))
    assert session.get_auth_headers() == {"X-Auth-Token": TOKEN}
    assert "X-Scope" not in session.additional_headers


def test_header_and_suffix_agree_where_plugins_share_a_session(cloud: Fake) -> None:
    """A gateway refuses a request whose two scopes differ."""
    session = Session()
    announce(session, SCOPE)
    other = scoped(password(cloud), parse("image=CloudThree"))
    first = scoped(password(cloud), SCOPE)
    for auth in (first, other, first):
        session.get("/images", **IMAGES, auth=auth)
    sent = [(r.scope[0], r.token[0]) for r in cloud.requests if r.token]
    assert len(sent) == 3
    assert all(token == f"{TOKEN}!SCOPE!{scope}" for scope, token in sent)


def test_a_cached_token_is_not_used_under_another_scope(cloud: Fake) -> None:
    """It may come from another cloud's Keystone."""
    auth = password(cloud)
    plain_id = auth.get_cache_id()
    auth.get_access(Session())
    scoped(auth, SCOPE)
    assert auth.auth_ref is None
    scoped_id = auth.get_cache_id()
    scoped(auth, parse("identity=CloudTwo"))
    assert len({plain_id, scoped_id, auth.get_cache_id()}) == 3
    renewed = auth.get_access(Session())
    assert scoped(auth, parse("identity=CloudTwo")).auth_ref is renewed
    assert "s3cret-pw" not in str(scoped_id)


def test_the_generic_plugin_finds_keystones_version_in_the_scope(cloud: Fake) -> None:
    """It is what `auth_type: password` loads."""
    auth = generic.Password(
        f"{cloud.url}/identity", username="alice", password="s3cret-pw", user_domain_id="default"
    )
    Session(auth=scoped(auth, SCOPE)).get_auth_headers()
    assert [r.path for r in cloud.requests] == ["/identity", "/identity/v3/auth/tokens"]
    assert all(request.scope == [SCOPE.canonical] for request in cloud.requests)
