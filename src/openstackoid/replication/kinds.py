"""What the fields of a kind of resource are, and how concurrent changes of them are joined."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

REFERS = "refers"
"""Under which an element that is a JSON object names another resource."""


class Joined(Enum):
    """How concurrent changes of a field are joined.

    - `WHOLE`: the latest change wins. What must fit together is one field.
    - `FIXED`: it is said when the resource is created, and cannot be changed.
    - `BY_ELEMENT`: a set. What one has added stays although another has removed it meanwhile.
    - `BY_KEY`: a map. The latest change of each key wins.
    """

    WHOLE = "whole"
    FIXED = "fixed"
    BY_ELEMENT = "by element"
    BY_KEY = "by key"


class Recognized(Enum):
    """By what a gateway recognizes a copy of which it does not know that it was made.

    - `NAME`: by a key that its user has chosen. Two may create the same one, which then is one
      resource; that is also true of one made by hand, if its fixed fields are the same.
    - `ID`: by an id that the gateway chose. Some services never take an id a second time.
    - `MARK`: by a mark in a field that the service keeps.
    """

    NAME = "name"
    ID = "id"
    MARK = "mark"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of resource.

    `afterwards` are fields that a create cannot say: they are written once the copy is there.
    `brought` are fields of which a change says one alone, and a create none: what they say is too
    much for a request, and is brought in another way. `unseen` are fields that the service does not
    show: they count as they were ordered.
    """

    name: str
    recognized: Recognized
    fields: Mapping[str, Joined]
    afterwards: frozenset[str] = frozenset()
    brought: frozenset[str] = frozenset()
    unseen: frozenset[str] = frozenset()
