"""Reads federation files, and reports every fault with file, line and key."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import get_args, get_origin

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from openstackoid.federation.base import MisfitError, Model
from openstackoid.federation.errors import Fault, FederationError
from openstackoid.federation.model import Federation, official
from openstackoid.scope.errors import nearest


def load(path: Path, here: str | None = None) -> Federation:
    """Return the federation in a file, as `loads` does; raises FederationError."""
    return loads(read(path), str(path), here)


def read(path: Path) -> str:
    """Return the text of a file; raises FederationError if it can't be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise FederationError([Fault(str(path), 0, "", f"can't be read: {reason}")]) from error


def loads(text: str, name: str = "<text>", here: str | None = None) -> Federation:
    """Return the federation in a YAML text; `name` is the file's name in messages.

    Paths in the text are relative to the directory of `name`. `here` is the cloud whose gateway
    will use it, None for the clouds with backends: other clouds must be secure, or say `insecure`.
    Raises FederationError with every fault.
    """
    document = parse_yaml(text, name)
    context = {"directory": Path(name).parent, "here": here}
    try:
        return Federation.model_validate(document, context=context)
    except ValidationError as error:
        lines = text.splitlines()
        faults = {
            _fault(document, lines, place, message, name)
            for details in error.errors()
            for place, message in _misfits(details)
        }
        raise FederationError(sorted(faults, key=lambda f: (f.line, f.key, f.message))) from error


def yaml() -> YAML:
    """Return a YAML reader and writer that keeps comments, quotes and long lines."""
    round_trip = YAML(typ="rt")
    round_trip.preserve_quotes = True
    round_trip.width = 4096
    return round_trip


def parse_yaml(text: str, name: str) -> CommentedMap:
    """Return the mapping in a YAML text, with comments and line numbers; raises FederationError."""
    try:
        document = yaml().load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = (error.problem or "not YAML").partition("\n")[0]
        if isinstance(error, DuplicateKeyError):  # its message also contains the values
            key = problem.removeprefix("found duplicate key ").partition(" with value ")[0]
            problem = f"the key {key} is here twice; keep one of them"
        raise FederationError([Fault(name, mark.line + 1 if mark else 1, "", problem)]) from error
    except (YAMLError, ValueError, RecursionError) as error:  # ValueError: e.g. 2024-99-99
        raise FederationError([Fault(name, 1, "", str(error).partition("\n")[0])]) from error
    if not isinstance(document, CommentedMap):
        raise FederationError([Fault(name, 1, "", 'must be a mapping with the key "clouds"')])
    return document


def _misfits(details: ErrorDetails) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield the place and the message of each fault in one error of pydantic."""
    error = details.get("ctx", {}).get("error")
    if isinstance(error, MisfitError):
        for place, message in error.misfits:
            yield (*details["loc"], *place), message
    else:
        yield details["loc"], _message(details) + _hint(details)


def _fault(
    document: CommentedMap,
    lines: Sequence[str],
    place: Sequence[str | int],
    message: str,
    name: str,
) -> Fault:
    """Return a fault with the line of the deepest part of a place that the document has."""
    node: object = document
    line = 0
    keys: list[str] = []
    for part in place:
        found = _entry(node, part, lines)
        if found is not None:
            line, key, node = found
            keys.append(key)
        elif part == place[-1] and message == _MESSAGES["missing"]:
            keys.append(str(part))
    return Fault(name, line + 1, ".".join(keys), message)


def _entry(node: object, part: str | int, lines: Sequence[str]) -> tuple[int, str, object] | None:
    """Return the line (from 0), key and value of a part of a place, None if it is not there.

    The document may have an alias of a service. A key that is not text is shown as it is written
    (1e3), while pydantic names it as Python does (1000.0). A merged key (`<<`) has no line of its
    own and gets the line of its mapping.
    """
    if isinstance(node, CommentedSeq) and isinstance(part, int) and part < len(node):
        return node.lc.item(part)[0], str(part), node[part]
    if isinstance(node, CommentedMap):
        for key in node:
            text = isinstance(key, str)
            if part in (key, official(key)) or (not text and part == repr(key)):
                line, column, *_ = (node.lc.data or {}).get(key, (node.lc.line, node.lc.col))
                shown = key if text else lines[line][column:].partition(":")[0].strip()
                return line, shown, node[key]
    return None


_MESSAGES = {
    "dict_type": "must be a mapping",
    "extra_forbidden": "unknown key",
    "frozen_set_type": "must be a list",
    "invalid_key": "unknown key",
    "ip_any_address": "must be an IP address",
    "literal_error": "must be one of {expected}",
    "missing": "this key is missing",
    "model_type": "must be a mapping",
    "string_pattern_mismatch": '"{input}" is no valid name (names match {pattern})',
    "string_type": "must be text; put it in quotes",
    "too_long": "too many; at most {max_length} may be here",
    "too_short": "too few; at least {min_length} must be here",
    "tuple_type": "must be a list",
}
"""Our messages for pydantic's error types; other types keep pydantic's message."""


def _message(details: ErrorDetails) -> str:
    if template := _MESSAGES.get(details["type"]):
        return template.format(input=details["input"], **details.get("ctx", {}))
    return details["msg"].removeprefix("Value error, ")


def _hint(details: ErrorDetails) -> str:
    """Return a hint for an unknown key, empty for other errors."""
    if details["type"] != "extra_forbidden":
        return ""
    *above, key = details["loc"]
    return nearest(str(key), _keys(above))


def _keys(place: Iterable[str | int]) -> Collection[str]:
    """Return the keys that the model declares at a place."""
    model: type[Model] = Federation
    parts = iter(place)
    for part in parts:
        kind = model.model_fields[str(part)].annotation
        model = next(k for k in (kind, *get_args(kind)) if isinstance(k, type(Model)))
        if get_origin(kind) in (dict, tuple):
            next(parts)  # which of them
    return model.model_fields
