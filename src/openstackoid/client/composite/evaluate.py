"""An expression over clouds, evaluated with a whole command in each."""

import threading
from argparse import Namespace
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from openstackoid.client.composite.branch import Branch
from openstackoid.client.composite.creation import Creation
from openstackoid.client.composite.undo import note, undo
from openstackoid.operators import rules
from openstackoid.operators.rules import Policy
from openstackoid.scope import All, Any, CloudRef, Expression
from openstackoid.scope.expression import clouds

Result = TypeVar("Result")


@dataclass
class Outcome:
    """The branches by how they ended; `passed` failed too, but another did what was asked."""

    done: list[Branch] = field(default_factory=list)
    failed: list[Branch] = field(default_factory=list)
    passed: list[Branch] = field(default_factory=list)

    @classmethod
    def of(cls, branch: Branch) -> "Outcome":
        """Return that of one branch."""
        return cls([branch]) if branch.ok else cls(failed=[branch])

    @property
    def branches(self) -> list[Branch]:
        """All of them."""
        return [*self.done, *self.failed, *self.passed]

    @property
    def wrote(self) -> bool:
        """Whether any branch sent something that changes something, or might have."""
        return any(branch.history.writes for branch in self.branches)

    @property
    def telling_order(self) -> int:
        """The `rules.telling_order` of its most telling failure, or of an empty list."""
        failed = [branch for branch in self.failed if not branch.ok]
        return min(rules.telling_order(branch.status) for branch in failed or self.done)


@dataclass
class Evaluation:
    """What one evaluation needs, and all its branches, in the order in which they began.

    `policy` is None where none was asked for. `one_by_one` keeps the operands of `&` from running
    at the same time. `down` are the clouds that one of the branches could not reach.
    """

    creation: Creation
    policy: Policy | None
    begin: Callable[[str], Branch]
    one_by_one: bool
    branches: list[Branch] = field(default_factory=list)
    down: set[str] = field(default_factory=set)

    def run(
        self, expression: Expression, arguments: Namespace, patience: float | None = None
    ) -> Outcome:
        """Return how the command ended in the clouds of an expression.

        `patience` is how many seconds each may leave what only reads without an answer.
        """
        patience = rules.PATIENCE if patience is None else patience
        match expression:
            case CloudRef(name):
                branch = self._begun(name)
                branch.run(arguments, patience)
                if branch.history.unreachable and not branch.ok:
                    self.down.add(name)
                return Outcome.of(branch)
            case Any(operands):
                return self._first(operands, arguments, rules.share(patience, len(operands)))
            case All(operands):
                return self._every(operands, arguments, patience)

    def _first(
        self, operands: Sequence[Expression], arguments: Namespace, patience: float
    ) -> Outcome:
        """Run in one operand after another, until one has succeeded or may have changed something.

        A filtered list that is empty is a success, but one that lets the next be looked into.
        """
        tried: list[Outcome] = []
        for operand in sorted(operands, key=self._is_down):
            outcome = self.run(operand, arguments, patience)
            tried.append(outcome)
            if self._is_success(outcome):
                if not all(branch.empty for branch in outcome.done):
                    return _taken(outcome, tried)
                continue
            self._undo(outcome.failed)
            if any(branch.acted for branch in (*outcome.done, *outcome.failed)):
                return _taken(outcome, tried)
        return _taken(min(tried, key=lambda outcome: outcome.telling_order), tried)

    def _every(
        self, operands: Sequence[Expression], arguments: Namespace, patience: float
    ) -> Outcome:
        """Run in all operands at once; where one fails, undo what the others created."""
        down = [operand for operand in operands if self._is_down(operand)]
        creates = self.policy is None and self.creation.known.creates
        if down and (creates or self.policy is Policy.ALL):
            return self._left_out(down[0], rules.none_sent(down[0], All(tuple(operands))))
        jobs = [partial(self._unless_down, operand, arguments, patience) for operand in operands]
        parts = [job() for job in jobs] if self.one_by_one else together(jobs)
        outcome = Outcome(
            [branch for part in parts for branch in part.done],
            [branch for part in parts for branch in part.failed],
            [branch for part in parts for branch in part.passed],
        )
        _do_without(outcome)
        if not outcome.failed:
            return outcome
        if self._needed(outcome) is Policy.ANY:
            for branch in outcome.failed:
                note(branch, self.creation)
            return outcome
        self._undo([*outcome.done, *outcome.failed])
        outcome.failed += [branch for branch in outcome.done if branch.remains]
        outcome.done = []
        return outcome

    def _unless_down(self, operand: Expression, arguments: Namespace, patience: float) -> Outcome:
        if self._is_down(operand):
            return self._left_out(operand, rules.known_down(operand))
        return self.run(operand, arguments, patience)

    def _left_out(self, operand: Expression, reason: str) -> Outcome:
        branches = [self._begun(name) for name in clouds(operand)]
        for branch in branches:
            branch.leave_out(reason)
        return Outcome(failed=branches)

    def _begun(self, cloud: str) -> Branch:
        branch = self.begin(cloud)
        self.branches.append(branch)
        return branch

    def _is_down(self, operand: Expression) -> bool:
        return rules.is_down(clouds(operand), self.down.__contains__)

    def _needed(self, outcome: Outcome) -> Policy:
        """Return what `&` needs: as was asked for, or by whether the command changes anything."""
        return self.policy or Policy.by_default(reads=not outcome.wrote)

    def _is_success(self, outcome: Outcome) -> bool:
        """Tell whether `|` is content."""
        return bool(outcome.done) and (not outcome.failed or self._needed(outcome) is Policy.ANY)

    def _undo(self, branches: Sequence[Branch]) -> None:
        together([partial(undo, branch, self.creation) for branch in branches])


def _taken(outcome: Outcome, tried: Sequence[Outcome]) -> Outcome:
    """Return what `|` comes to: one outcome, and the branches of the others as passed over."""
    others = [other for other in tried if other is not outcome]
    outcome.passed[:0] = [b for other in others for b in (*other.passed, *other.failed)]
    return outcome


def _do_without(outcome: Outcome) -> None:
    """Pass over failures that `&` does without, if another branch did what was asked."""
    methods = {write.method for branch in outcome.branches for write in branch.history.writes}
    deletes = methods == {"DELETE"}
    for branch in list(outcome.failed) if outcome.done else ():
        shows = not methods and not branch.lists
        if rules.does_without(branch.status, deletes=deletes, shows=shows):
            outcome.failed.remove(branch)
            outcome.passed.append(branch)


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
