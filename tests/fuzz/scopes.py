"""Scopes and wallets: texts that a user, or whoever is on the way, puts into a header."""

import json
from contextlib import suppress

from openstackoid.scope import ScopeError, join, parse, parse_mapping, split, unpack

CLOUDS = frozenset({"One", "Two", "Three"})


def scopes(data: bytes) -> None:
    """Parse a scope: what is printed of it is parsed to the same scope, in every form."""
    text = data.decode("utf-8", "surrogateescape")
    with suppress(ScopeError):
        parse(text, clouds=CLOUDS)
    try:
        scope = parse(text)
    except ScopeError as error:
        assert 0 <= error.start <= len(text)  # noqa: PT017
        str(error)
        return
    canonical = scope.canonical
    assert parse(canonical) == scope
    assert parse(canonical).canonical == canonical
    assert parse_mapping(json.loads(canonical)) == scope
    completed = scope.completed("One")
    assert completed.completed("Two") == completed
    assert {s: str(e) for s, e in scope.items} == json.loads(canonical)


def wallets(data: bytes) -> None:
    """Take a suffix off a token, with a wallet: what is put on again comes off the same."""
    value = data.decode("utf-8", "surrogateescape")
    try:
        token, text = split(value)
        if text is None:
            assert token == value
            return
        written, wallet = unpack(text, CLOUDS)
        scope = parse(written)
    except ScopeError as error:
        str(error)
        return
    again, suffix = split(join(token, scope, wallet))
    assert again == token
    assert suffix is not None
    rewritten, same = unpack(suffix, CLOUDS)
    assert parse(rewritten) == scope
    assert same == wallet
    if wallet is not None:
        for cloud, entry in wallet.accounts:
            assert wallet.get(cloud) == entry
