"""For each cloud a request touched: what it answered, how long it took, why it was skipped."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from openstackoid.operators import rules

MAX_HEADER = 4096
"""Bytes of a report: what fits beside other headers with every client."""


@dataclass(slots=True)
class Outcome:
    """One cloud's part; `seconds` until its answer, `created` the id of what it made.

    `answer` tells that the one answer is this cloud's. `message` is what the cloud said of its own
    failure, or what there is to say of a success. `unknown` tells that it may have carried out a
    write although it did not say so.
    """

    cloud: str
    status: int | None = None
    seconds: float | None = None
    answer: bool | None = None
    error: str | None = None
    message: str | None = None
    created: str | None = None
    undone: bool | None = None
    unknown: bool = False
    pending: bool | None = None

    @property
    def well(self) -> bool:
        """Whether it succeeded, and nothing is left there that should not be."""
        ok = rules.succeeded(self.status) and self.error is None
        return ok and self.undone is not False

    def document(self) -> dict[str, object]:
        """Return it as JSON has it, without what is not known."""
        names = ("cloud", "status", "seconds", "answer", "error", "message", "created")
        every = (*names, "undone", "pending")
        return {n: v for n in every if (v := getattr(self, n)) is not None}


@dataclass(slots=True)
class Report:
    """The outcomes of one evaluation, in the order the clouds were first asked."""

    outcomes: dict[str, Outcome] = field(default_factory=dict)

    def of(self, cloud: str) -> Outcome:
        """Return the outcome of a cloud, a new one if it was not asked yet."""
        return self.outcomes.setdefault(cloud, Outcome(cloud))

    def of_all(self, clouds: Iterable[str]) -> list[Outcome]:
        """Return the outcomes of those of the clouds that were asked."""
        return [self.outcomes[cloud] for cloud in clouds if cloud in self.outcomes]

    def missing(self) -> Iterator[Outcome]:
        """Yield the outcomes of clouds that gave no usable answer."""
        return (o for o in self.outcomes.values() if o.error is not None)

    def header(self) -> str:
        """Return the value of X-Scope-Report."""
        return self.text(MAX_HEADER)

    def text(self, most: int) -> str:
        """Return ASCII JSON in one line of at most so many bytes: a list of outcomes.

        Of so many clouds that it would not fit, those that answered alike are one
        entry, `{"clouds": 990, "status": 200, "seconds": …}`, with the longest time: first those
        that succeeded, then all, and then it has the `names` of those that did not, as many as fit.
        The cloud whose answer it is stays apart.
        """
        outcomes = list(self.outcomes.values())
        texts = (json.dumps(entries, separators=(",", ":")) for entries in _ever_shorter(outcomes))
        return next((text for text in texts if len(text) <= most), "[]")


def _ever_shorter(outcomes: list[Outcome]) -> Iterator[list[dict[str, object]]]:
    yield [o.document() for o in outcomes]
    own = [o for o in outcomes if o.answer]
    others = [o for o in outcomes if not o.answer]
    for ids in (True, False):
        kept = [o for o in others if not o.well or (ids and o.created)]
        folded = [o for o in others if o.well and not (ids and o.created)]
        yield [*_folded(folded, names=0), *(o.document() for o in (*own, *kept))]
    names = len(others)
    while names:
        yield [*_folded(others, names), *(o.document() for o in own)]
        names //= 2
    yield _folded(outcomes, 0)


def _folded(outcomes: Iterable[Outcome], names: int) -> list[dict[str, object]]:
    """Return an entry for all outcomes that are alike, with so many names of clouds that failed."""
    alike: dict[tuple[int | None, bool | None], list[Outcome]] = {}
    for outcome in outcomes:
        status = None if outcome.error else outcome.status
        alike.setdefault((status, outcome.undone), []).append(outcome)
    entries = []
    for (status, undone), those in alike.items():
        entry: dict[str, object] = {"clouds": len(those)}
        entry |= {"status": status} if status is not None else {"error": "no answer"}
        entry |= {"undone": undone} if undone is not None else {}
        entry["seconds"] = max(o.seconds or 0.0 for o in those)
        if names and not those[0].well:
            entry["names"] = [o.cloud for o in those[:names]]
        entries.append(entry)
    return entries
