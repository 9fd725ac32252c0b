"""For each cloud a request touched: what it answered, how long it took, why it was skipped."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

MAX_HEADER = 4096
"""Bytes of a report: what fits beside other headers with every client."""


@dataclass(slots=True)
class Outcome:
    """One cloud's part; `seconds` until its answer, `created` the id of what it made.

    `message` is what it said of its own failure. `unknown` tells that it may have carried out a
    write although it did not say so.
    """

    cloud: str
    status: int | None = None
    seconds: float | None = None
    error: str | None = None
    message: str | None = None
    created: str | None = None
    undone: bool | None = None
    unknown: bool = False

    def document(self) -> dict[str, object]:
        """Return it as JSON has it, without what is not known."""
        names = ("cloud", "status", "seconds", "error", "message", "created", "undone")
        return {n: v for n in names if (v := getattr(self, n)) is not None}


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
        """Return the value of X-Scope-Report: ASCII JSON in one line, a list of outcomes.

        Of so many clouds that it would not fit in a header, those that answered alike are one
        entry: `{"clouds": 990, "status": 200, "seconds": …}`, with the longest time.
        """
        documents = [o.document() for o in self.outcomes.values()]
        for folded in (
            documents,
            _folded(documents, "status"),
            _folded(documents, "kind"),
            _folded([d | {"created": None} for d in documents], "kind"),
        ):
            text = json.dumps(folded, separators=(",", ":"))
            if len(text) <= MAX_HEADER:
                return text
        return "[]"


def _folded(documents: list[dict[str, object]], by: str) -> list[dict[str, object]]:
    """Return the outcomes with successes folded by status; by kind, the failures as well."""
    folded: dict[object, dict[str, object]] = {}
    kept: list[dict[str, object]] = []
    for document in documents:
        status, failed = document.get("status"), "error" in document
        if (failed and by == "status") or document.get("created") is not None:
            kept.append(document)
            continue
        entry = folded.setdefault((status, failed), {"clouds": 0})
        entry |= {"status": status} if status is not None else {"error": "no answer"}
        entry["clouds"] = int(str(entry["clouds"])) + 1
        entry["seconds"] = max(
            float(str(entry.get("seconds", 0))), float(str(document.get("seconds", 0)))
        )
    return [*folded.values(), *kept]
