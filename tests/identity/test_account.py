"""Which account a request to a Keystone tries."""

import json

import pytest

from openstackoid.federation import loads
from openstackoid.identity import Account, account_named, accounts_tried
from openstackoid.message import Head, Headers
from openstackoid.routing import Route, decide

FEDERATION = loads('clouds: {One: {frontends: {identity: "http://one:5000/id"}}}')
TOKENS = "/v3/auth/tokens"


def route(path: str) -> Route:
    """Return the route of a request to the Keystone."""
    head = Head("POST", f"/id{path}", Headers([("X-Scope", "identity=One")]), 5000)
    return decide(head, FEDERATION, "One")


def login(**methods: object) -> bytes:
    """Return the body of a login."""
    return json.dumps({"auth": {"identity": {"methods": [*methods], **methods}}}).encode()


BOB: dict[str, dict[str, object]] = {
    "user": {"name": "Bob", "domain": {"id": "default"}, "password": "x"}
}


@pytest.mark.parametrize(
    ("body", "accounts"),
    [
        (login(password=BOB), [Account("", "bob", "default")]),
        (login(password={"user": {"id": "B1", "password": "x"}}), [Account("b1")]),
        (login(totp=BOB), [Account("", "bob", "default")]),
        (login(password=BOB, totp=BOB), [Account("", "bob", "default")]),
        (login(application_credential={"id": "C1", "secret": "x"}), [Account("c1")]),
        (login(application_credential={"name": "c", **BOB}), [Account("", "bob", "default")]),
        (login(token={"id": "T"}), []),
        (login(password={"user": {"name": "\uff22\uff2f\uff22 ", "domain": {"name": "D"}}}),
         [Account("", "bob", "d")]),
        (login(password=7), [Account()]),
        (login(password={"user": {"name": ["a"], "domain": []}}), [Account()]),
        (login(password={"id": "x", **BOB}), [Account("", "bob", "default")]),
        (login(password={"user": {"id": "x", **BOB["user"]}}), [Account("", "bob", "default")]),
        (login(totp={"user": {"name": "bob", "domain": {"id": "x", "name": "D"}}}),
         [Account("", "bob", "d")]),
        (login(totp={"user": {"id": "x", "name": 7}}), [Account()]),
        (login(application_credential={"id": "C1", **BOB}), [Account("c1")]),
        (b"{", [Account()]),
        (b"[" * 100_000, [Account()]),
        (b'{"auth": 1}', [Account()]),
    ],
)  # fmt: skip
def test_a_login_names_the_account_it_tries(body: bytes, accounts: list[Account]) -> None:
    """In whichever way and spelling; one that cannot be read is that of nobody, and counted."""
    assert list(accounts_tried("POST", route(TOKENS), body)) == accounts


@pytest.mark.parametrize("path", ["/v3/auth/tokens/", "/v3//auth/tokens", "/v3/auth/t%6fkens?x=1"])
def test_other_spellings_of_the_path_are_logins_too(path: str) -> None:
    """A Keystone decodes a path, and may take two slashes for one."""
    assert accounts_tried("POST", route(path), login(password=BOB)) == (
        Account("", "bob", "default"),
    )


def test_a_change_of_password_tries_the_old_one() -> None:
    """Keystone asks for no token there."""
    assert accounts_tried("POST", route("/v3/users/b1/password"), b"") == (Account("b1"),)
    assert accounts_tried("POST", route("/v3/users/B1/password"), b"") == (Account("b1"),)
    assert accounts_tried("POST", route("/v3/users/b1/projects"), b"") == ()
    assert accounts_tried("GET", route("/v3/auth/tokens"), b"") == ()


def test_a_long_name_is_cut() -> None:
    """Accounts are kept in memory."""
    body = login(password={"user": {"name": "x" * 100_000}})
    (account,) = accounts_tried("POST", route(TOKENS), body)
    assert len(account.name) == 255


@pytest.mark.parametrize(
    ("body", "account"),
    [
        (login(password=BOB), Account("", "bob", "default")),
        (login(password={"user": {"id": "b1"}}), Account("b1")),
        (login(application_credential={"name": "c", **BOB}), None),
        (login(token={"id": "T"}), None),
        (login(token={"id": "T"}, password=BOB), None),
        (
            login(token={"id": "T"}).replace(b"}}}", b'}, "password": {"user": {"name": "x"}}}}'),
            None,
        ),
        (b'{"auth": {"identity": {"methods": ["password"]}}}', None),
        (b"{", None),
    ],
)
def test_only_what_keystone_reads_names_who_has_logged_in(
    body: bytes, account: Account | None
) -> None:
    """With several methods, or beside the one that counts, a body may name anybody."""
    assert account_named(body) == account
