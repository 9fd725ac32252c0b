"""What the journal knows of a write to several clouds."""

import os
import time
from enum import Enum
from uuid import UUID

import msgspec


class State(Enum):
    """How far a write is.

    - `OPEN`: a gateway is at it.
    - `DONE`: every cloud has it that was to have it, or none has.
    - `UNSETTLED`: something of it is, or may be, in a cloud that should not have it.
    - `SETTLED`: it was unsettled, and somebody has looked.
    """

    OPEN = "open"
    DONE = "done"
    UNSETTLED = "unsettled"
    SETTLED = "settled"


class Part(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one cloud has done of a write; there is one for each cloud that it was sent to.

    `status` is that of its answer, None if there was none. `created` is the id of what it created,
    or of what it may have created under an id that we chose. `unknown`: it may have carried out the
    write although it did not say so. `undone`: whether what it created was removed again, None if
    nobody tried. `found` are ids of what it may have created: nobody removes them.
    """

    cloud: str
    status: int | None = None
    created: str | None = None
    unknown: bool = False
    undone: bool | None = None
    error: str | None = None
    found: tuple[str, ...] = ()


class Intent(msgspec.Struct, frozen=True, omit_defaults=True):
    """A write to several clouds, written down before it is sent to any of them.

    `began` is in seconds since 1970, and so is `landed`: when the last request of it had ended,
    None as long as a worker is at it. `request_id` is that of the client's request. `target` is the
    path with the query behind the service's prefix. `scope` is canonical. `every`: the clouds that
    did not do it all of them must not have it. `name` is that of what is created, by which it is
    looked for. `owner` is the id of the user in home's Keystone, which is found out once something
    is left; None if home does not know him. `sent` is what is needed to send a request in the same
    user's name; it holds his token. At `look_at` what is left is to be looked at again.
    """

    id: str
    began: float
    request_id: str
    method: str
    target: str
    service: str
    scope: str
    every: bool
    name: str | None = None
    owner: str | None = None
    sent: bytes = b""
    state: State = State.OPEN
    look_at: float | None = None
    landed: float | None = None
    parts: tuple[Part, ...] = ()

    def __repr__(self) -> str:
        return f"Intent({self.id}, {self.state.value})"

    def part(self, cloud: str) -> Part | None:
        """Return what a cloud has done, None if it was not asked."""
        return next((part for part in self.parts if part.cloud == cloud), None)

    def having(self, *parts: Part) -> "Intent":
        """Return the intent with these parts in place of those of the same clouds."""
        renewed = {part.cloud for part in parts}
        others = (part for part in self.parts if part.cloud not in renewed)
        return msgspec.structs.replace(self, parts=(*others, *parts))


def new_id() -> str:
    """Return a new id: a UUID of version 7 (RFC 9562), so ids sort by their time."""
    milliseconds = time.time_ns() // 1_000_000
    number = milliseconds << 80 | int.from_bytes(os.urandom(10), "big")
    number = number & ~(0xF << 76) | 7 << 76
    return str(UUID(int=number & ~(0b11 << 62) | 0b10 << 62))
