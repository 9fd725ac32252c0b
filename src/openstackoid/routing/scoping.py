"""Reads the scope of a request from its headers and tokens; refuses one that is ambiguous."""

from collections.abc import Callable, Iterable
from functools import lru_cache
from http import HTTPStatus

from openstackoid.federation import Federation
from openstackoid.message import Head
from openstackoid.routing.refusal import Refusal
from openstackoid.scope import (
    DELIMITER,
    MAX_BYTES,
    Scope,
    ScopeError,
    ScopeTooLongError,
    Wallet,
    parse,
    split,
    unpack,
)
from openstackoid.services import IDENTITY

SCOPE_HEADER = "x-scope"
SERVICE_HEADER = "x-scope-service"
AUTH_TOKEN = "x-auth-token"  # noqa: S105  (a header's name)
SUBJECT_TOKEN = "x-subject-token"  # noqa: S105
SERVICE_TOKEN = "x-service-token"  # noqa: S105

ASSERTION = "oid1."
"""What an assertion begins with, in place of a token; no token of a Keystone does."""

CLIENT_HEADER = "x-scope-client"
"""The address of the client that logs in, from one gateway to another."""

STORAGE_TOKENS = frozenset(
    {"x-storage-token", "x_storage_token", "x-storage_token", "x_storage-token"}
)
"""The name of a header, as servers may write it, that keystonemiddleware takes for X-Auth-Token."""

READ_HERE = frozenset(
    {SCOPE_HEADER, SERVICE_HEADER, CLIENT_HEADER, AUTH_TOKEN, SUBJECT_TOKEN, SERVICE_TOKEN}
    | {"via", "x-scope-proof", "host", "content-length"}
)
"""Headers that the gateway interprets: refuse underscore variants and hop-by-hop use."""

_BETWEEN_NAMES = str.maketrans(dict.fromkeys(',{}&|()"=:', " "))
_LONGEST_NAME = 64


def carried(
    head: Head, service: str, federation: Federation, here: str, sender: str | None
) -> tuple[Scope | None, Wallet | None]:
    """Return the completed scope of a request to a service, and the wallet in its token's suffix.

    Each is None if the request has none. The scope of a subject token counts only for Keystone:
    at another service it must not send the token in X-Auth-Token to another cloud. Raises Refusal
    if the scope is malformed or too long, if there are two different ones, or if a header that
    decides is sent twice. So at most four texts are parsed: of X-Scope and of three tokens.
    """
    headers = head.headers
    tokens = _tokens(head, service)
    if SCOPE_HEADER not in headers and not any(DELIMITER in value for value, _ in tokens):
        if any(value.startswith(ASSERTION) for value, _ in tokens):
            status = HTTPStatus.UNAUTHORIZED
            message = "what another cloud's gateway says of a user goes with its scope; send both"
            raise Refusal(status, message, cloud=here, service=service, sent=False)
        return None, None
    if len(headers.all(SCOPE_HEADER)) > 1:
        raise _bad("X-Scope is sent twice; send one", here)
    for header, name in ((AUTH_TOKEN, "X-Auth-Token"), (SUBJECT_TOKEN, "X-Subject-Token")):
        if len(values := headers.all(header)) > 1 and len(set(values)) > 1:
            raise _bad(f"{name} is sent twice with different tokens; send one", here)
    texts, wallet = _texts(head, tokens, federation, here)
    scope = None
    for text, place in texts.items():
        one = _read(text, place, federation, here, sender)
        if scope is not None and one != scope:
            places = " and ".join(dict.fromkeys(texts.values()))
            raise _bad(f"the scopes in {places} differ; send the same one, or only one", here)
        scope = one
    for value in dict.fromkeys(headers.all(SUBJECT_TOKEN)):
        _suffix(value, "X-Subject-Token", here)  # refuse a malformed suffix at every service
    return scope, wallet


def named(wallet: Wallet, here: str, sender: str | None) -> Wallet:
    """Return a client's wallet with the name of this cloud in place of `*`.

    Raises Refusal if it comes from a gateway, or has an entry for both.
    """
    if sender is not None:
        raise _bad(f'the wallet from the gateway of {sender} has "*" in place of a cloud', here)
    try:
        return wallet.named(here)
    except ScopeError as error:
        raise _bad(f"X-Auth-Token: {error}", here) from error


def _texts(
    head: Head, tokens: Iterable[tuple[str, str]], federation: Federation, here: str
) -> tuple[dict[str, str], Wallet | None]:
    """Return the different texts of scopes, each with where it was found, and the wallet.

    `tokens` are those whose suffix counts, each with its place.
    """
    texts: dict[str, str] = {}
    wallet = None
    for value in head.headers.all(SCOPE_HEADER):
        text, misplaced = _unpacked(value, "X-Scope", federation, here)
        if misplaced is not None:
            raise _bad("X-Scope has tokens; they go behind X-Auth-Token only", here)
        texts[text] = "X-Scope"
    for value, place in dict.fromkeys(tokens):
        suffix = _suffix(value, place, here)
        if suffix is None or suffix in texts:
            continue
        text, found = _unpacked(suffix, place, federation, here)
        texts.setdefault(text, place)
        if place == "X-Auth-Token" and wallet is None:
            wallet = found
    return texts, wallet


def _tokens(head: Head, service: str) -> list[tuple[str, str]]:
    """Return the tokens whose suffix counts, each with its place."""
    tokens = [(value, "X-Auth-Token") for value in head.headers.all(AUTH_TOKEN)]
    if service == IDENTITY:
        tokens += [(value, "X-Subject-Token") for value in head.headers.all(SUBJECT_TOKEN)]
    if head.body_token is not None:
        tokens.append((head.body_token, "the token in the body"))
    return tokens


def _suffix(value: str, place: str, here: str) -> str | None:
    try:
        return split(value)[1]
    except ScopeError as error:
        raise _bad(f"{place}: {error}", here) from error


def _unpacked(
    text: str, place: str, federation: Federation, here: str
) -> tuple[str, Wallet | None]:
    try:
        return unpack(text, federation.names)
    except ScopeTooLongError as error:
        status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
        raise Refusal(status, f"{place}: {error}", cloud=here) from error
    except ScopeError as error:
        raise _malformed(f"{place}: ", error, here) from error


def _read(text: str, place: str, federation: Federation, here: str, sender: str | None) -> Scope:
    try:
        scope, completed = _completed(text, federation.names, federation.services, here)
    except ScopeTooLongError as error:
        raise _too_long(place, here) from error
    except ScopeError as error:
        compare = f"compare the federation files of {sender} and {here}: " if sender else ""
        begin = f"{compare}{place}: "
        secret = place != "X-Scope" or _may_have_token(text)
        raise _malformed(begin, error, here, secret=secret) from error
    if len(completed.canonical) > MAX_BYTES:
        raise _too_long(place, here)
    if sender is not None and completed != scope:
        raise _bad(
            f'the scope in {place} comes from the gateway of {sender} without "*" (home), '
            "identity, or a service bound to compute; a gateway completes a scope before it "
            "sends it on",
            here,
        )
    return completed


def _may_have_token(text: str) -> bool:
    """Return whether a malformed scope has a sign of a token in it.

    That is the wallet's key, an escape, or a very long name.
    """
    if "tokens" in text.lower() or "\\" in text:
        return True
    return max(map(len, text.translate(_BETWEEN_NAMES).split()), default=0) > _LONGEST_NAME


@lru_cache(maxsize=1024)
def _completed(
    text: str, clouds: frozenset[str], services: frozenset[str], here: str
) -> tuple[Scope, Scope]:
    """Return a scope as it is written, and completed; raises ScopeError.

    Cached, because most requests have one of a few scopes. A text that parses contains no token.
    """
    scope = parse(text, clouds=clouds, services=services)
    return scope, scope.completed(here)


def _too_long(place: str, here: str) -> Refusal:
    status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
    message = f"the scope in {place} is longer than {MAX_BYTES} bytes; name fewer services"
    return Refusal(status, message, cloud=here)


def _malformed(begin: str, error: ScopeError, here: str, *, secret: bool = False) -> Refusal:
    """Return the refusal of what is not a scope, without its text if that may hold a token."""

    def detail() -> str:
        return f"{begin}{error.kind}{error.hint}" if secret else f"{begin}{error}"

    return _bad(f"{begin}{error.kind if secret else error.public}", here, detail)


def _bad(message: str, here: str, detail: Callable[[], str] | None = None) -> Refusal:
    return Refusal(HTTPStatus.BAD_REQUEST, message, cloud=here, detail=detail)
