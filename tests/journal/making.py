"""Makes writes as the journal knows them, for tests."""

import time
from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from openstackoid.journal.intent import Intent, Part, State, new_id

NOW = time.time()
DONE_A = Part("A", 201, "id-of-a")
REMOVED_A = Part("A", 201, "id-of-a", undone=True)
UNKNOWN_B = Part("B", unknown=True, error="it has not answered")


def intent(*parts: Part, **other: Any) -> Intent:
    """Return a write that has begun just now, with changes."""
    made = Intent(
        id=new_id(),
        began=time.time(),
        request_id="req-1",
        method="POST",
        target="/v2.0/networks",
        service="network",
        scope='{"network":"A&B"}',
        every=True,
        name="net",
        sent=b"a token",
        parts=parts,
    )
    return replace(made, **other)


def raising(error: Exception) -> Callable[..., None]:
    """Return a function that raises an error."""

    def fail(*_: object) -> None:
        raise error

    return fail


OPEN, DONE, UNSETTLED, SETTLED = State
