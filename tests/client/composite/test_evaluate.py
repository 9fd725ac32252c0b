"""Expressions over clouds, with commands that only pretend."""

import io
import json
from argparse import Namespace
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from cliff.command import Command
from cliff.lister import Lister
from keystoneauth1.exceptions import ConnectFailure
from requests import PreparedRequest, Response, Session

from openstackoid.client.composite.branch import Branch
from openstackoid.client.composite.creation import Creation
from openstackoid.client.composite.evaluate import Evaluation
from openstackoid.client.composite.history import Write
from openstackoid.client.composite.service import Known
from openstackoid.client.composite.streams import Console
from openstackoid.operators.rules import Policy
from openstackoid.scope import parse

DELETED: list[str] = []


class Delete(Command):
    """The sibling of the pretended create."""

    def get_parser(self, prog_name: str) -> Any:
        """Take an id."""
        parser = super().get_parser(prog_name)
        parser.add_argument("id")
        return parser

    def take_action(self, parsed_args: Namespace) -> None:
        """Note what is deleted; things in "Stuck" cannot be."""
        if parsed_args.id.startswith("Stuck"):
            raise RuntimeError("stuck")
        DELETED.append(parsed_args.id)


class Listing(Lister):
    """A list."""

    def take_action(self, parsed_args: Namespace) -> Any:
        """Stand in for what the world does."""
        raise NotImplementedError


def answered(status: int, body: str = "{}") -> Write:
    """Return a POST with its answer."""
    response = Response()
    response.status_code = status
    response.raw = io.BytesIO(body.encode())
    return Write("POST", "/things", response)


def found(url: str, body: str) -> Response:
    """Return the answer to a query."""
    response = Response()
    response.status_code = 200
    response.raw = io.BytesIO(body.encode())
    response.request = PreparedRequest()
    response.request.prepare("GET", url)
    return response


class World:
    """What each cloud does.

    `away` (cannot be reached), `fail`, `empty` (a filtered list), `bare` (an empty list, not
    filtered), `lost` (no answer), `stuck` (cannot be deleted), `late` (fails after it has created).
    """

    def __init__(
        self, command: str, policy: Policy | None, behaviour: dict[str, str], **creation: Any
    ) -> None:
        self.ran: list[str] = []
        self.behaviour = behaviour
        self.known = Known(command, "openstack.things.v1")
        begun = Creation(self.known, **creation)
        self.evaluation = Evaluation(begun, policy, self.begin, one_by_one=False)

    def begin(self, cloud: str) -> Branch:
        """Return a branch whose command does as its cloud does."""
        self.ran.append(cloud)
        point = SimpleNamespace(group=self.known.group, load=lambda: Delete)
        manager = SimpleNamespace(commands={"thing delete": point}, namespace="none")
        session = SimpleNamespace(session=Session())
        app = SimpleNamespace(
            command_manager=manager,
            client_manager=SimpleNamespace(session=session),
            options=Namespace(os_scope=["{}"]),
        )
        kind = Listing if self.known.name.endswith("list") else Delete
        command = kind(app, None)  # type: ignore[arg-type]
        branch = Branch(Console(cloud), app, command, lambda *_: None)  # type: ignore[arg-type]
        command.take_action = self.action(branch)  # type: ignore[assignment, method-assign]
        return branch

    def action(self, branch: Branch) -> Callable[[Namespace], Any]:
        """Return what the command does in this branch's cloud."""

        def act(_: Namespace) -> Any:
            does = self.behaviour.get(branch.cloud, "")
            if does == "away":
                branch.history.unreachable = f"{branch.cloud} cannot be reached"
                raise ConnectFailure
            if self.known.name.endswith("list"):
                if does == "fail":
                    raise RuntimeError("no")
                filters = "limit=9&name=x" if does == "empty" else "limit=9"
                rows = [] if does in {"empty", "bare"} else [(branch.cloud,)]
                listed = json.dumps({"things": rows})
                branch.history.queries.append(found(f"http://cloud/things?{filters}", listed))
                return ("ID",), rows
            if does == "lost":
                branch.history.writes.append(Write("POST", "/things"))
            elif does == "fail":
                branch.history.writes.append(answered(409))
            else:
                name = f"Stuck{branch.cloud}" if does == "stuck" else branch.cloud
                branch.history.writes.append(answered(201, f'{{"thing": {{"id": "{name}"}}}}'))
            if does in {"lost", "fail", "late"}:
                raise RuntimeError("no")
            return None

        return act

    def run(self, expression: str) -> tuple[str, str, str]:
        """Return the clouds that are done, failed and passed over, each as one text."""
        DELETED.clear()
        scope = parse(f"compute={expression}").get("compute")
        assert scope
        outcome = self.evaluation.run(scope, Namespace())
        lists = (outcome.done, outcome.failed, outcome.passed)
        done, failed, passed = (" ".join(b.cloud for b in branches) for branches in lists)
        return done, failed, passed


@pytest.mark.parametrize(
    ("expression", "behaviour", "expected"),
    [
        ("A&B", {}, ("A B", "", "")),
        ("A&B", {"A": "fail"}, ("B", "A", "")),
        ("A|B", {}, ("A", "", "")),
        ("A|B", {"A": "fail"}, ("B", "", "A")),
        ("A|B", {"A": "fail", "B": "fail"}, ("", "A", "B")),
        ("A|B", {"A": "empty"}, ("B", "", "")),
        ("A|B", {"A": "bare"}, ("A", "", "")),
        ("A|B", {"A": "empty", "B": "fail"}, ("", "B", "")),
        ("A|B", {"A": "fail", "B": "empty"}, ("", "A", "")),
        ("A&(B|C)", {"B": "fail"}, ("A C", "", "B")),
        ("A&(B|C)", {"B": "fail", "C": "fail"}, ("A", "B", "C")),
        ("A&B|C", {"A": "fail"}, ("B", "A", "")),
        ("A&B|C", {"A": "fail", "B": "fail"}, ("C", "", "A B")),
    ],
)
def test_reading(expression: str, behaviour: dict[str, str], expected: tuple[str, ...]) -> None:
    """What can be reached is shown; what a filter finds nowhere here may be in the next cloud."""
    assert World("thing list", None, behaviour).run(expression) == expected


@pytest.mark.parametrize(
    ("policy", "expected"),
    [(Policy.ANY, ("B", "A", "")), (Policy.ALL, ("C", "", "A"))],
)
def test_the_policy_decides_whether_a_part_is_a_success(
    policy: Policy, expected: tuple[str, ...]
) -> None:
    """So under "all" the alternative is tried."""
    assert World("thing list", policy, {"A": "fail"}).run("A&B|C") == expected


@pytest.mark.parametrize(
    ("expression", "behaviour", "expected", "deleted"),
    [
        ("A&B", {}, ("A B", "", ""), []),
        ("A&B", {"B": "fail"}, ("", "B A", ""), ["A"]),
        ("A&B", {"B": "lost"}, ("", "B A", ""), ["A"]),
        ("A&B", {"B": "late"}, ("", "B A", ""), ["A", "B"]),
        ("A&B&C", {"B": "fail"}, ("", "B A C", ""), ["A", "C"]),
        ("A|B", {"A": "fail"}, ("B", "", "A"), []),
        ("A|B", {"A": "late"}, ("B", "", "A"), ["A"]),
        ("A|B", {"A": "lost"}, ("", "A", ""), []),
        ("A|B", {"A": "late", "B": "late"}, ("", "A", "B"), ["A", "B"]),
        ("A&B|C", {"B": "fail"}, ("C", "", "B A"), ["A"]),
        ("A&B|C", {"A": "stuck", "B": "fail"}, ("", "B A", ""), []),
        ("A&(B|C)", {"B": "fail", "C": "fail"}, ("", "B A", "C"), ["A"]),
        ("(A|B)&C", {"A": "fail", "C": "fail"}, ("", "C B", "A"), ["B"]),
    ],
)
def test_creating_is_all_or_nothing(
    expression: str,
    behaviour: dict[str, str],
    expected: tuple[str, ...],
    deleted: list[str],
) -> None:
    """And `|` goes on only where nothing is left behind and nothing may be."""
    assert World("thing create", None, behaviour).run(expression) == expected
    assert sorted(DELETED) == deleted


def test_other_writes_are_kept_and_said_to_be() -> None:
    """Nobody knows how to undo a command in general."""
    world = World("thing set", None, {"B": "fail"})
    assert world.run("A&B") == ("", "B A", "")
    (done,) = [b for b in world.evaluation.branches if b.cloud == "A"]
    assert done.remains == "it was carried out there, and stays"
    assert World("thing set", Policy.ALL, {"B": "fail"}).run("A&B|C") == ("", "B A", "")


def test_policy_any_keeps_what_was_created_and_says_what_is_left() -> None:
    """Also where the command failed after it had created something."""
    world = World("thing create", Policy.ANY, {"B": "late"})
    assert world.run("A&B") == ("A", "B", "")
    (failed,) = [b for b in world.evaluation.branches if b.cloud == "B"]
    assert failed.message == "no; thing B stays there"
    assert DELETED == []


def test_only_an_id_of_ours_is_deleted_where_a_cloud_did_not_answer() -> None:
    """What has another may be older than the command."""
    assert World("thing create", None, {"B": "lost"}, chosen="ours").run("A&B") == ("", "B A", "")
    assert sorted(DELETED) == ["A", "ours"]
    World("thing create", None, {"B": "lost"}).run("A&B")
    assert DELETED == ["A"]


def test_of_several_things_none_is_deleted_and_or_does_not_go_on() -> None:
    """For the others would stay, unseen."""
    world = World("thing create", None, {"A": "late"}, several=True)
    assert world.run("A|B") == ("", "A", "")
    assert (
        world.evaluation.branches[0].message == "no; thing A and those created with it stay there"
    )
    assert DELETED == []


@pytest.mark.parametrize(
    ("command", "behaviour", "expected", "ran"),
    [
        ("thing list", {"A": "away", "B": "empty"}, ("C", "A", "A"), "A B A C"),
        ("thing create", {"A": "away"}, ("", "A B", "A"), "A B A"),
    ],
)
def test_a_cloud_that_was_not_reached_is_not_asked_again(
    command: str, behaviour: dict[str, str], expected: tuple[str, ...], ran: str
) -> None:
    """Reading does without it, and nothing is created where all are needed."""
    world = World(command, None, behaviour)
    assert world.run("(A&B)|(A&C)") == expected
    assert sorted(world.ran) == sorted(ran.split())
    _, again = [branch for branch in world.evaluation.branches if branch.cloud == "A"]
    assert str(again.error).startswith("A is known to be down")
    assert again.history.unreachable is None


def test_under_or_a_cloud_that_was_not_reached_is_tried_last() -> None:
    """Once it is known."""
    world = World("thing list", None, {"A": "away", "B": "fail", "C": "fail"})
    world.run("(A&B)|C")
    world.evaluation.branches.clear()
    world.ran.clear()
    assert world.run("A|C|B") == ("", "C", "B A")
    assert world.ran == ["C", "B", "A"]


def test_each_alternative_has_its_part_of_the_patience() -> None:
    """And within it, each that is asked at once has all of it."""
    world = World("thing list", None, {"A": "fail", "B": "fail", "C": "fail"})
    world.run("A|(B&C)|D")
    patience = {b.cloud: b.history.patience for b in world.evaluation.branches}
    assert patience == dict.fromkeys("ABCD", 10.0)
