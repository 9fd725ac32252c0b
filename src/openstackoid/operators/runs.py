"""The items of a merged list: bytes as they came, labelled with their cloud when they are sent."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from openstackoid.operators.shapes import CLOUD_LABEL

_PREFIX = "oid:"
"""What keys begin with that only a gateway sets."""

_OURS = b'"%b' % _PREFIX.encode()


@dataclass(frozen=True, slots=True)
class Run:
    """Items of one cloud that follow one another in a merged list.

    `cloud` is None where they name their clouds themselves. All of them are bytes that can be
    labelled, or none is.
    """

    cloud: str | None
    items: list[Any]

    def labelled(self) -> list[Any]:
        """Return the items decoded, each with its cloud."""
        items = [decoded(item) for item in self.items]
        if self.cloud is None:
            return items
        label = {CLOUD_LABEL: self.cloud}
        return [_without_ours(item) | label if isinstance(item, dict) else item for item in items]

    def encoded(self) -> bytes:
        """Return the JSON of the labelled items, with commas between them.

        Bytes are labelled as bytes: of a thousand clouds' lists, decoding would be most work.
        The label is the last key, which counts where a cloud has put one of its own into an item,
        written with escapes.
        """
        if self.cloud is not None and self.items and isinstance(self.items[0], msgspec.Raw):
            label = b',"%b":%b}' % (CLOUD_LABEL.encode(), msgspec.json.encode(self.cloud))
            labelled = (label + b",").join([bytes(item)[:-1] for item in self.items]) + label
            if labelled.count(_OURS) == len(self.items):
                return labelled
        return msgspec.json.encode(self.labelled())[1:-1]


def _without_ours(item: dict[str, Any]) -> dict[str, Any]:
    """Return an item without keys that only a gateway may set."""
    return {key: value for key, value in item.items() if not key.startswith(_PREFIX)}


def can_be_labelled(items: Iterable[msgspec.Raw]) -> bool:
    """Tell whether all are objects with a key, behind which another can be put."""
    return {bytes(item)[:2] for item in items} <= {b'{"'}


def decoded(item: Any) -> Any:
    """Return an item of a list decoded; raises msgspec.DecodeError."""
    return msgspec.json.decode(item) if isinstance(item, msgspec.Raw) else item


def is_merged(value: Any) -> bool:
    """Tell whether this is the list of a merged document: its runs."""
    return isinstance(value, list) and bool(value) and isinstance(value[0], Run)


def encode(document: Any) -> Iterator[bytes]:
    """Yield the JSON of a document in pieces; a merged one lets go of each run with its piece."""
    merged = [k for k, v in document.items() if is_merged(v)] if isinstance(document, dict) else []
    if is_merged(document):
        yield from _list(document)
    elif merged:
        (key,) = merged
        beside = msgspec.json.encode({k: v for k, v in document.items() if k != key})
        yield b"{%b:" % msgspec.json.encode(key)
        yield from _list(document[key])
        yield b",%b" % beside[1:] if len(document) > 1 else b"}"
    else:
        yield msgspec.json.encode(document)


def _list(runs: list[Run]) -> Iterator[bytes]:
    separator = b"["
    runs.reverse()
    while runs:
        yield separator
        yield runs.pop().encoded()
        separator = b","
    yield b"]"
