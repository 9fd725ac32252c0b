"""Identity across clouds: tokens and wallets, assertions and proofs, and what Keystone answers.

See docs/explanation/design.md#identity-across-clouds.
"""

from openstackoid.identity.account import Account, account_named, accounts_tried
from openstackoid.identity.body import (
    MAX_AUTH_BODY,
    bare_token_in,
    is_authentication,
    is_of_a_token,
    strip,
    token_in,
)
from openstackoid.identity.catalog import (
    CatalogEditor,
    CatalogError,
    CatalogTooLongError,
    has_catalog,
)
from openstackoid.identity.exchange import exchange_token, unsealed
from openstackoid.identity.headers import headers_for, validates_at_issuer

__all__ = [
    "MAX_AUTH_BODY",
    "Account",
    "CatalogEditor",
    "CatalogError",
    "CatalogTooLongError",
    "account_named",
    "accounts_tried",
    "bare_token_in",
    "exchange_token",
    "has_catalog",
    "headers_for",
    "is_authentication",
    "is_of_a_token",
    "strip",
    "token_in",
    "unsealed",
    "validates_at_issuer",
]
