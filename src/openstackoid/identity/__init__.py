"""Identity across clouds (DESIGN §6): the tokens a request carries, and who validates them."""

from openstackoid.identity.body import MAX_AUTH_BODY, is_authentication, strip, token_in
from openstackoid.identity.headers import Headers, headers_for, validates_at_home

__all__ = [
    "MAX_AUTH_BODY",
    "Headers",
    "headers_for",
    "is_authentication",
    "strip",
    "token_in",
    "validates_at_home",
]
