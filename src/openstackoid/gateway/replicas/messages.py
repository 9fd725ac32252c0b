"""What the process that keeps replicas is asked, and says: to workers and to other gateways."""

from collections.abc import Mapping
from enum import Enum
from typing import TypeAlias

import msgspec

from openstackoid.replication.clock import Timestamp
from openstackoid.replication.heard import Heard
from openstackoid.replication.parcel import Parcel
from openstackoid.replication.plan import Drift

MAX_QUESTION = 65_536
"""Bytes of a question of another gateway at most."""

MAX_ANSWER = 4 * 2**20
"""Bytes of an answer to one at most."""

MAX_PART = 2 * 2**20
"""Bytes of data that one question asks for at most."""

MOST_ASKED = 64
"""Resources of which one question asks for the states at most."""


class _Message(msgspec.Struct, frozen=True, tag=True):
    pass


# Between gateways


class Told(msgspec.Struct, frozen=True, omit_defaults=True):
    """The state of a copy, as its gateway tells it.

    `knows`: it knows the operation that was asked about. `status` and `words` are those of its
    service, where it does not take something; `more` says what else there is to say, line by line.
    `drift` is what somebody has changed in its cloud alone.
    """

    state: str
    knows: bool = True
    id: str | None = None
    status: int | None = None
    words: str = ""
    more: tuple[str, ...] = ()
    drift: tuple[Drift, ...] = ()


class Question(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What another gateway asks.

    `since`: what it has heard of the operations known here. `news`: it knows something itself.
    `states`: the resources whose states it asks for, each with the operation that it asks about;
    for those that are pending it waits some seconds. `again`: their copies are to be read anew, and
    what was refused is to be tried again.
    """

    since: Heard | None = None
    news: bool = False
    states: Mapping[str, Timestamp | None] = {}
    wait: float = 0.0
    again: bool = False


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """Operations since then, as far as they go into one answer; the asker stands at `position`."""

    parcels: tuple[Parcel, ...] = ()
    position: Heard | None = None
    more: bool = False
    states: Mapping[str, Told] = {}


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of data with a hash, from one byte to before another, as another gateway asks."""

    resource: str
    hash: str
    begin: int
    end: int


# Of workers


class Order(_Message, frozen=True):
    """A user orders something; answered by Ordered or Refused. `clouds` are as he wrote them."""

    token: str
    method: str
    path: str
    service: str
    document: bytes
    clouds: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Order({self.method}, {self.service})"


class Look(Enum):
    """How a user looks at what is replicated of his.

    - `SHOW`: as it was read last.
    - `CHECK`: it is read anew, and what was refused is tried again.
    - `SYNC`: also, what somebody has changed in one cloud alone is ordered anew.
    """

    SHOW = "show"
    CHECK = "check"
    SYNC = "sync"


class Show(_Message, frozen=True):
    """A user asks for what is replicated of his; answered by Shown, or by Refused."""

    token: str
    resource: str | None = None
    look: Look = Look.SHOW

    def __repr__(self) -> str:
        return f"Show({self.resource}, {self.look.value})"


class Make(_Message, frozen=True):
    """A user has something of his own cloud replicated, by its id or name; answered by Shown."""

    token: str
    kind: str
    id: str
    clouds: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Make({self.kind}, {self.id}, {self.clouds})"


class Translate(_Message, frozen=True):
    """A user names resources by ids that some cloud has given; answered by Translated.

    `meant` are the kinds and ids, `clouds` those of his scope.
    """

    token: str
    meant: tuple[tuple[str, str], ...]
    clouds: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Translate({self.meant}, {self.clouds})"


class Upload(_Message, frozen=True):
    """A user uploads data, in so many clouds; answered by Placed or Refused."""

    token: str
    method: str
    path: str
    service: str
    clouds: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Upload({self.method}, {self.service})"


class Fetch(_Message, frozen=True):
    """Another gateway, which has proven itself, asks for a part of data; answered by Fetched."""

    cloud: str
    question: bytes


class Ask(_Message, frozen=True):
    """Another gateway, which has proven itself, asks; answered by Shown."""

    cloud: str
    question: bytes


class Ordered(_Message, frozen=True):
    """What became of an order; `first` is the cloud whose copy is shown, by its id there."""

    resource: str
    first: str
    id: str
    states: Mapping[str, Told]


class Translated(_Message, frozen=True):
    """The ids of copies that other ids mean: by the cloud, and the kind and id that were asked for.

    What is not replicated, or not the user's, is left out.
    """

    ids: tuple[tuple[str, str, str, str], ...] = ()


class Placed(_Message, frozen=True):
    """The copy that takes the data: its cloud, what takes it there, and what shows it then."""

    cloud: str
    takes: str
    shows: str


class Fetched(_Message, frozen=True):
    """Which service here has the part, where, and what it is asked with; bytes as in a Part."""

    service: str
    path: str
    token: str
    begin: int
    end: int

    def __repr__(self) -> str:
        return f"Fetched({self.service})"


class Refused(_Message, frozen=True):
    """It is not done; `states` say what each cloud has of it, where it had begun."""

    status: int
    message: str
    states: Mapping[str, Told] = {}


class Shown(_Message, frozen=True):
    """What was asked for, as JSON."""

    document: bytes


Asked: TypeAlias = Order | Show | Ask | Upload | Fetch | Translate | Make
Said: TypeAlias = Ordered | Refused | Shown | Placed | Fetched | Translated
