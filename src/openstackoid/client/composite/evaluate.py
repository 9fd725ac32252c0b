"""An expression over clouds, evaluated with a whole command in each."""

import threading
from argparse import Namespace
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from keystoneauth1.exceptions import ConnectFailure, NotFound
from openstack.exceptions import NotFoundException

from openstackoid.client.composite.branch import Branch
from openstackoid.client.composite.creation import Creation
from openstackoid.client.composite.undo import note, undo
from openstackoid.scope import All, Any, Cloud, Expression

ALL, ANY = "all", "any"
"""The policies: what `&` needs (`None` is "any" for reading and "all" for writing)."""

Result = TypeVar("Result")


@dataclass
class Outcome:
    """The branches by how they ended; `passed` failed too, but another did what was asked."""

    done: list[Branch] = field(default_factory=list)
    failed: list[Branch] = field(default_factory=list)
    passed: list[Branch] = field(default_factory=list)


@dataclass
class Evaluation:
    """What one evaluation needs, and all its branches, in the order in which they began.

    `one_by_one` keeps the operands of `&` from running at the same time.
    """

    creation: Creation
    policy: str | None
    begin: Callable[[str], Branch]
    one_by_one: bool
    branches: list[Branch] = field(default_factory=list)

    def run(self, expression: Expression, arguments: Namespace) -> Outcome:
        """Return how the command ended in the clouds of an expression."""
        match expression:
            case Cloud(name):
                branch = self.begin(name)
                self.branches.append(branch)
                branch.run(arguments)
                return Outcome([branch]) if branch.ok else Outcome(failed=[branch])
            case Any(operands):
                return self._first(operands, arguments)
            case All(operands):
                return self._every(operands, arguments)

    def _first(self, operands: Sequence[Expression], arguments: Namespace) -> Outcome:
        """Run in one operand after another, until one has succeeded or may have changed something.

        A filtered list that is empty is a success, but one that lets the next be looked into.
        """
        passed: list[Branch] = []
        empty: Outcome | None = None
        for operand in operands:
            outcome = self.run(operand, arguments)
            if self._is_success(outcome):
                outcome.passed = passed + outcome.passed
                if not all(branch.empty for branch in outcome.done):
                    return outcome
                empty = empty or outcome
                continue
            self._undo(outcome.failed)
            if any(branch.acted for branch in (*outcome.done, *outcome.failed)):
                outcome.passed = passed + outcome.passed
                return outcome
            passed += outcome.passed + outcome.failed
        if empty:
            empty.passed = passed
            return empty
        told = min(passed, key=_rank)
        return Outcome(failed=[told], passed=[branch for branch in passed if branch is not told])

    def _every(self, operands: Sequence[Expression], arguments: Namespace) -> Outcome:
        """Run in all operands at once; where one fails, undo what the others created."""
        jobs = [partial(self.run, operand, arguments) for operand in operands]
        parts = [job() for job in jobs] if self.one_by_one else together(jobs)
        outcome = Outcome(
            [branch for part in parts for branch in part.done],
            [branch for part in parts for branch in part.failed],
            [branch for part in parts for branch in part.passed],
        )
        if not outcome.failed:
            return outcome
        if self.policy == ANY:
            for branch in outcome.failed:
                note(branch, self.creation)
            return outcome
        self._undo([*outcome.done, *outcome.failed])
        if self.policy == ALL or any(b.undone is not None for b in outcome.done):
            outcome.failed += [branch for branch in outcome.done if branch.remains]
            outcome.done = []
        return outcome

    def _is_success(self, outcome: Outcome) -> bool:
        """Tell whether `|` is content: a part is enough by policy, else where all only read."""
        wrote = any(branch.writes for branch in (*outcome.done, *outcome.failed))
        policy = self.policy or (ALL if wrote else ANY)
        return bool(outcome.done) and (not outcome.failed or policy == ANY)

    def _undo(self, branches: Sequence[Branch]) -> None:
        together([partial(undo, branch, self.creation) for branch in branches])


def together(jobs: Sequence[Callable[[], Result]]) -> list[Result]:
    """Do all at the same time; in threads that do not keep an interrupted process from ending."""
    futures: list[Future[Result]] = [Future() for _ in jobs]

    def do(job: Callable[[], Result], future: Future[Result]) -> None:
        try:
            future.set_result(job())
        except BaseException as error:  # noqa: BLE001 (raised again by result())
            future.set_exception(error)

    for job, future in zip(jobs, futures, strict=True):
        threading.Thread(target=do, args=(job, future), daemon=True).start()
    return [future.result() for future in futures]


def _rank(branch: Branch) -> int:
    """Order failures as the gateway does: first of all a cloud that may have what others lack."""
    error = branch.error
    status = getattr(error, "http_status", None) or getattr(error, "status_code", None) or 0
    if isinstance(error, ConnectFailure) or status >= 500:
        return 0
    if isinstance(error, NotFoundException | NotFound) or status == 404:
        return 3
    return 2 if status == 401 else 1
