"""The wallet in a token's suffix."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openstackoid.scope import (
    ScopeError,
    ScopeTooLongError,
    Wallet,
    WalletEntry,
    join,
    parse,
    split,
    unpack,
)

CLOUDS = {"One", "Two"}
SECRET = "gAAAAABsecret"
SCOPE = parse('{"*":"One","image":"Two"}')
WALLET = Wallet((("One", WalletEntry(f"{SECRET}1", "p1")), ("Two", WalletEntry(f"{SECRET}2"))))

accounts = st.builds(
    WalletEntry,
    st.from_regex(r"[A-Za-z0-9._~+/=:-]+", fullmatch=True),
    st.none() | st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True),
)
wallets = st.dictionaries(st.sampled_from(["One", "Two", "*"]), accounts, min_size=1).map(
    lambda entries: Wallet(tuple(entries.items()))
)


@given(wallets, st.sampled_from(["{}", '{"image":"Two"}', '{"*":"One","image":"One & Two"}']))
def test_what_is_joined_is_unpacked(wallet: Wallet, text: str) -> None:
    """Token, scope and wallet come apart as they were put together."""
    token, suffix = split(join("T", parse(text), wallet))
    assert suffix is not None
    assert (token, unpack(suffix, CLOUDS)) == ("T", (parse(text).canonical, wallet))
    assert json.loads(suffix)["tokens"]


@pytest.mark.parametrize("text", ["{}", '{"image":"Two"}', "image=Two", "{nova: One}", "", "{"])
def test_a_scope_without_a_wallet_stays_as_it_is(text: str) -> None:
    """Whether it is one is for the parser to say."""
    assert unpack(text, CLOUDS) == (text, None)


ENTRY = f'["{SECRET}",null]'


@pytest.mark.parametrize(
    "rest",
    [
        "",
        "}",
        "{}}",
        "[]}",
        "null}",
        f'"{SECRET}"}}',
        f'{{"One":{ENTRY}}}',
        f'{{"One":{ENTRY}}},"image":"Two"}}',
        f'{{"One":{ENTRY}}},"tokens":{{"Two":{ENTRY}}}}}',
        f'{{"One":{ENTRY},"One":{ENTRY}}}}}',
        f'{{"Three":{ENTRY}}}}}',
        f'{{"One":"{SECRET}"}}}}',
        f'{{"One":["{SECRET}"]}}}}',
        f'{{"One":["{SECRET}",null,null]}}}}',
        f'{{"One":["{SECRET}",1]}}}}',
        f'{{"One":["{SECRET}","../x"]}}}}',
        f'{{"One":["{SECRET}","{"p" * 65}"]}}}}',
        f'{{"One":{{"{SECRET}":null}}}}}}',
        '{"One":["",null]}}',
        f'{{"One":["{SECRET}!SCOPE!{{}}",null]}}}}',
        f'{{"One":["{SECRET}\\n",null]}}}}',
        f'{{"One":["{SECRET}é",null]}}}}',
        "[" * 4000,
    ],
)
def test_a_wallet_that_is_none_is_refused_without_its_text(rest: str) -> None:
    """Neither the error nor what it comes from may show a token."""
    with pytest.raises(ScopeError) as raised:
        unpack('{"*":"One","tokens":' + rest, CLOUDS)
    error: BaseException | None = raised.value
    while error is not None:
        assert SECRET not in f"{error}{vars(error)}"
        error = error.__cause__ or error.__context__


@pytest.mark.parametrize("before", ["", "image=Two,", '"*":"One",'])
def test_a_wallet_belongs_to_a_scope_in_json(before: str) -> None:
    """Where else it stood, two readers might read it in two ways."""
    with pytest.raises(ScopeError, match="must be the last key"):
        unpack(f'{before}"tokens":{{"One":{ENTRY}}}}}', CLOUDS)


def test_a_wallet_has_a_limit_of_its_own() -> None:
    """Headers are finite, and a scope's own limit is for the scope."""
    with pytest.raises(ScopeTooLongError, match="at most 8192 fit"):
        unpack('{"tokens":{"One":["' + "x" * 8192 + '",null]}}', CLOUDS)


def test_a_wallet_shows_no_token() -> None:
    """Whoever prints it, prints the clouds."""
    assert "One" in repr(WALLET)
    assert SECRET not in f"{WALLET}{WALLET!r}{WALLET.get('One')}"


def test_the_first_gateway_gives_its_own_entry_a_name() -> None:
    """A client need not know what its home is called."""
    wallet = Wallet((("*", WalletEntry("a")), ("Two", WalletEntry("b"))))
    assert wallet.named("One").accounts == (("One", WalletEntry("a")), ("Two", WalletEntry("b")))
    assert wallet.named("One").named("One") == wallet.named("One")
    with pytest.raises(ScopeError, match="has Two twice"):
        wallet.named("Two")
