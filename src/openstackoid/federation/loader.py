"""Reads a federation file; each fault is reported with file, line and key."""

from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from openstackoid.federation.errors import Fault, FederationError
from openstackoid.federation.model import Federation


def load(path: Path) -> Federation:
    """Return the federation in a file; raises FederationError, also if it can't be read."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is not UTF-8"
        raise FederationError([Fault(str(path), 1, "", f"can't be read: {reason}")]) from error
    return loads(text, str(path))


def loads(text: str, name: str = "<text>") -> Federation:
    """Return the federation in a YAML text; `name` is the file in messages.

    Raises FederationError with every fault there is.
    """
    document = parse_yaml(text, name)
    try:
        return Federation.model_validate(document)
    except ValidationError as error:
        faults = [_fault(document, details, name) for details in error.errors()]
        raise FederationError(sorted(set(faults), key=lambda f: f.line)) from error


def parse_yaml(text: str, name: str) -> CommentedMap:
    """Return the document with its comments and places; raises FederationError."""
    try:
        document = YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = (error.problem or "not YAML").partition("\n")[0]
        if isinstance(error, DuplicateKeyError):
            problem = problem.replace("found duplicate key", "this key is here twice:")
        raise FederationError([Fault(name, mark.line + 1 if mark else 1, "", problem)]) from error
    except YAMLError as error:
        raise FederationError([Fault(name, 1, "", str(error).partition("\n")[0])]) from error
    if not isinstance(document, CommentedMap):
        raise FederationError([Fault(name, 1, "", 'must be a mapping with the key "clouds"')])
    return document


def _fault(document: CommentedMap, details: ErrorDetails, name: str) -> Fault:
    """Find the line of the deepest part of the error's place that the document has."""
    node: object = document
    line = 0
    keys: list[str] = []
    for part in details["loc"]:
        place = _place(node, part)
        if place is None:
            # pydantic marks a bad key with "[key]" behind it, and a missing one with its name.
            if details["type"] == "missing":
                keys.append(str(part))
            continue
        line, node = place
        keys.append(str(part))
    return Fault(name, line + 1, ".".join(keys), _message(details))


def _place(node: object, part: str | int) -> tuple[int, object] | None:
    """Return the line (from 0) and the value of a key or an index, None if it is not there."""
    if isinstance(node, CommentedMap) and part in node:
        return node.lc.key(part)[0], node[part]
    if isinstance(node, CommentedSeq) and isinstance(part, int) and part < len(node):
        return node.lc.item(part)[0], node[part]
    return None


_MESSAGES = {
    "dict_type": "must be a mapping",
    "extra_forbidden": "unknown key; see docs/reference/federation.md for those there are",
    "frozen_set_type": "must be a list",
    "ip_any_address": "must be an IP address",
    "literal_error": "must be one of {expected}",
    "missing": "this key is missing",
    "model_type": "must be a mapping",
    "string_pattern_mismatch": '"{input}" is no valid name (names match {pattern})',
    "string_type": "must be text; put it in quotes",
    "too_short": "must have at least {min_length}",
    "tuple_type": "must be a list",
}
"""Our words for pydantic's types of errors; others are shown in its own."""


def _message(details: ErrorDetails) -> str:
    if template := _MESSAGES.get(details["type"]):
        return template.format(input=details["input"], **details.get("ctx", {}))
    return details["msg"].removeprefix("Value error, ")
