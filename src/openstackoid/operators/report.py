"""For each cloud a request touched: what it answered, how long it took, why it was skipped."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(slots=True)
class Outcome:
    """One cloud's part; `seconds` until its answer, `created` the id of what it made."""

    cloud: str
    status: int | None = None
    seconds: float | None = None
    error: str | None = None
    created: str | None = None
    undone: bool | None = None

    def document(self) -> dict[str, object]:
        """Return it as JSON has it, without what is not known."""
        names = ("cloud", "status", "seconds", "error", "created", "undone")
        return {n: v for n in names if (v := getattr(self, n)) is not None}


@dataclass(slots=True)
class Report:
    """The outcomes of one evaluation, in the order the clouds were first asked."""

    outcomes: dict[str, Outcome] = field(default_factory=dict)

    def of(self, cloud: str) -> Outcome:
        """Return the outcome of a cloud, a new one if it was not asked yet."""
        return self.outcomes.setdefault(cloud, Outcome(cloud))

    def missing(self) -> Iterator[Outcome]:
        """Yield the outcomes of clouds that gave no usable answer."""
        return (o for o in self.outcomes.values() if o.error is not None)

    def header(self) -> str:
        """Return the value of X-Scope-Report: ASCII JSON in one line."""
        return json.dumps([o.document() for o in self.outcomes.values()], separators=(",", ":"))
