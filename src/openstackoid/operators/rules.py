"""The rules of `&` and `|`: which failure says most, what can be undone, which clouds are asked.

The gateway applies them to requests, the client to whole commands. All functions are pure. A
`status` is that of an HTTP answer, None if there was no answer.
"""

import re
import uuid
from collections.abc import Callable, Iterable
from enum import Enum
from typing import Any

from openstackoid.operators.shapes import identifier

PATIENCE = 30.0
"""Seconds that all clouds together may take to answer a request that only reads."""

POLICY = "x-scope-policy"
"""The header that says what `&` needs."""

EVENTUAL = "eventual"
"""The policy of writes that each cloud gets some time, by itself: see replication."""

_ABOUT_WHAT_IS_THERE = re.compile(r"/(actions?(/[^/]*)?|manageable_\w+|manage)/?$")
"""Ends of paths where a POST acts on an existing resource (nova, cinder, glance, manila)."""

_LEFT_OPEN = (None, "", "auto")
"""Ids in a request that let the service choose one ("auto": nova, for flavors)."""

_PAGING = frozenset({"limit", "marker", "offset", "page_reverse", "fields"})


class Policy(Enum):
    """What `&` needs: every cloud, or whichever can be reached (X-Scope-Policy)."""

    ALL = "all"
    ANY = "any"

    @classmethod
    def by_default(cls, *, reads: bool) -> "Policy":
        """Return the policy that holds if none is asked for."""
        return cls.ANY if reads else cls.ALL


# What a cloud did


def succeeded(status: int | None) -> bool:
    """Tell whether a cloud did what it was asked: 2xx, or a redirection."""
    return status is not None and 200 <= status < 400


def unreachable(status: int | None) -> bool:
    """Tell whether a cloud could not say anything: no answer, or a failure of its own (5xx)."""
    return status is None or status >= 500


def did_nothing(status: int | None, document: object = None, *, sent: bool = True) -> bool:
    """Tell whether a write that failed surely changed nothing.

    The cloud refused it (4xx), was not available (503), or the request did not reach it: `sent` is
    False, or its gateway says so in an error (`{"error": {"sent": false}}`).
    """
    if status is None:
        return not sent
    return 400 <= status < 500 or status == 503 or _says_unsent(document)


def _says_unsent(document: object) -> bool:
    error = document.get("error") if isinstance(document, dict) else None
    return isinstance(error, dict) and error.get("sent") is False


def created_id(path: str, document: object, location: str | None) -> str | None:
    """Return the id of what a successful POST created, None if it created nothing that has an id.

    The id is in the answer's body, or at the end of its Location. What an action answers with, and
    what a service is given to manage, existed before.
    """
    if _ABOUT_WHAT_IS_THERE.search(path):
        return None
    if found := identifier(document):
        return found
    return (location or "").partition("?")[0].rstrip("/").rpartition("/")[2] or None


# Which answer is taken


def telling_order(status: int | None) -> int:
    """Return the place of a failure among those to tell: 0 is told first, 200 is an empty list.

    A reason says more than "not found", and "not found" more than an empty list. A cloud that could
    not say anything comes last, so that a client that looks for an id and then for a name goes on.
    """
    if unreachable(status):
        return 4
    if succeeded(status):
        return 3
    return {404: 2, 401: 1}.get(status or 0, 0)


def does_without(status: int | None, *, deletes: bool, shows: bool) -> bool:
    """Tell whether `&` does without a cloud that answered with this status, if another succeeded.

    What is deleted or shown can be in one cloud alone: 404 says only that this cloud does not have
    it. A list (that is not "shown") and any other change are needed from every cloud.
    """
    return status == 404 and (deletes or shows)


def is_filtered(query: Iterable[tuple[str, str]]) -> bool:
    """Tell whether a list is asked for by more than paging and order."""
    return any(name not in _PAGING and not name.startswith("sort") for name, _ in query)


def found_nothing(query: Iterable[tuple[str, str]], items: list[Any] | None) -> bool:
    """Tell whether a filtered list is empty: under `|` the next cloud may have what is looked for.

    `items` is None if the answer is not a list.
    """
    return items is not None and not items and is_filtered(query)


# What can be undone


def is_left_open(identifier: object) -> bool:
    """Tell whether a request lets the service choose the id of what it creates."""
    return identifier in _LEFT_OPEN


def new_id() -> str:
    """Return a unique id, for a resource that is created in several clouds."""
    return str(uuid.uuid4())


def are_several(counts: Iterable[object]) -> bool:
    """Tell whether one request creates several things, of which the answer names only the first."""
    return any(str(count or 1) != "1" for count in counts)


def several_refused(instead: str) -> str:
    """Return the message that refuses to create several things at once, and says what helps."""
    return (
        "several servers at once could not be removed again if one cloud fails, for nova names "
        f"only the first; create them one by one, or with {instead}"
    )


def to_remove(created: str | None, chosen: str | None) -> str | None:
    """Return the id of what is to be removed from a cloud, None if there is nothing to remove.

    `created` is the id that the cloud answered with. `chosen` is an id that we chose: nothing else
    has it, so it can be removed without an answer. A resource with an id that the user chose may be
    older than the request: it is removed only if the cloud said that it created it.
    """
    return created or chosen


def is_gone(status: int | None, *, there: bool) -> bool:
    """Tell whether nothing is left after a removal that was answered with this status.

    `there`: the cloud has said that it created something. If it has not, 404 is fine as well.
    """
    removed = status is not None and 200 <= status < 300  # a redirection removes nothing
    return removed or (status == 404 and not there)


def nothing_left(*, acted: bool, there: bool, undone: bool | None) -> bool:
    """Tell whether surely nothing of a write is left in a cloud.

    `acted`: the write may have been carried out. `there`: the cloud has said that it created or
    removed something. Otherwise the write can still arrive after the removal found nothing.
    """
    return not acted or (undone is True and there)


# Who is waited for


def is_down(clouds: Iterable[str], down: Callable[[str], bool]) -> bool:
    """Tell whether all clouds of an operand are known to be down.

    `|` tries such an operand last, `&` does not ask it.
    """
    return all(map(down, clouds))


def known_down(operand: object) -> str:
    """Return the message for an operand that was not asked because it is known to be down."""
    return f"{operand} is known to be down"


def none_sent(down: object, expression: object) -> str:
    """Return the message for a write under `&` that was not sent because an operand is down."""
    end = f"so nothing was sent to {expression}; try again later, or do without it"
    return f"{known_down(down)}, {end}"


def share(patience: float, operands: int) -> float:
    """Return how many seconds of the patience the next of so many operands of `|` may take."""
    return patience / operands
