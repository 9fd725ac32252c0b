"""The scope language: parses and writes scopes, which say in which cloud a service is taken."""

from openstackoid.scope.errors import ScopeError, ScopeTooLongError
from openstackoid.scope.expression import All, Any, CloudRef, Expression
from openstackoid.scope.model import EVERYTHING, Scope
from openstackoid.scope.parser import MAX_BYTES, parse, parse_mapping
from openstackoid.scope.wallet import Wallet, WalletEntry, unpack
from openstackoid.scope.wire import DELIMITER, join, split

__all__ = [
    "DELIMITER",
    "EVERYTHING",
    "MAX_BYTES",
    "All",
    "Any",
    "CloudRef",
    "Expression",
    "Scope",
    "ScopeError",
    "ScopeTooLongError",
    "Wallet",
    "WalletEntry",
    "join",
    "parse",
    "parse_mapping",
    "split",
    "unpack",
]
