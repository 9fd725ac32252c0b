"""What each command does besides: its help, its scope in the shell, a reason that is told once."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from .clouds import Clouds
from .conftest import Openstack
from .fake import TOKEN, Fake, Request

IMAGE_TWO = '{"image":"CloudTwo"}'
REFUSAL = {"error": {"code": 502, "cloud": "CloudTwo", "message": "image of CloudTwo is away"}}


@pytest.mark.parametrize(
    "argv",
    [
        ["help", "server", "create"],
        ["server", "create", "--help"],
        ["help", "stack", "list"],
        ["help", "loadbalancer", "list"],
        ["help", "zone", "create"],
    ],
)
def test_a_command_s_help_has_the_options(argv: list[str], openstack: Openstack) -> None:
    """Also that of other plugins' commands; with words of what they mean, and their variables."""
    out = " ".join(openstack(*argv).out.split())
    assert "[--os-scope <scope>] [--os-scope-policy <policy>]" in out
    assert "--os-scope <scope> In which cloud to take each service (Env: OS_SCOPE)" in out
    assert "--os-scope-policy <policy> What & needs: all, any, or eventual" in out


@pytest.mark.parametrize("argv", [["help", "help"], ["help", "complete"], ["help", "command list"]])
def test_a_command_without_a_login_has_no_scope(argv: list[str], openstack: Openstack) -> None:
    """It would mean nothing to it."""
    assert "--os-scope" not in openstack(*argv).out


def test_the_shell_completes_the_options(openstack: Openstack) -> None:
    """For every command that logs in; and no option of a command is lost."""
    with_plugin, without = (openstack("complete", plugin=on).out for on in (True, False))
    options = re.compile(r"  cmds_(\w+)='(-[^']*)'")
    ours = {name: set(words.split()) for name, words in options.findall(with_plugin)}
    plain = {name: set(words.split()) for name, words in options.findall(without)}
    both = {"--os-scope", "--os-scope-policy"}
    assert ours["server_create"] - plain["server_create"] == both
    replica = {f"replica_{name}" for name in ("check", "create", "list", "show", "sync")}
    assert ours.keys() - plain.keys() == {*replica, "scope_unsettled"}
    assert plain.keys() <= ours.keys()
    assert all(ours[name] - plain[name] in (both, set()) for name in plain)
    assert all(plain[name] <= ours[name] for name in plain)


def typed(*lines: str) -> str:
    """Return what is typed into the interactive shell."""
    return "".join(f"{line}\n" for line in (*lines, "quit"))


@pytest.mark.parametrize(
    "said",
    [
        "--os-scope image=CloudTwo",
        "--os-scope=image=CloudTwo",
        "--scope image=CloudTwo",
        '--os-scope \'{"image":"CloudTwo"}\'',
        "--os-scope glance=CloudTwo --os-scope-policy any",
    ],
)
def test_a_scope_in_the_shell_is_that_of_one_command(
    said: str, openstack: Openstack, cloud: Fake
) -> None:
    """Login and discovery too; the commands before and after go where the shell goes."""
    lines = typed("image list", f"image list {said}", "image list")
    result = openstack(stdin=lines)
    assert "error" not in result.err
    calls = [(r.scope, r.token) for r in cloud.requests if r.path == "/image/v2/images"]
    there = ([IMAGE_TWO], [f"{TOKEN}!SCOPE!{IMAGE_TWO}"])
    assert calls == [([], [TOKEN]), there, ([], [TOKEN])]
    scoped = [r for r in cloud.requests if r.scope]
    assert [r.method for r in scoped] == ["GET", "POST", "GET", "GET"]
    policies = {tuple(r.all("X-Scope-Policy")) for r in scoped}
    assert policies == {("any",) if "policy" in said else ()}


def test_a_scope_in_the_shell_replaces_the_one_it_was_started_with(
    openstack: Openstack, cloud: Fake
) -> None:
    """As an option replaces a variable: as a whole, and for one command; {} is none."""
    lines = typed("image list", "image list --os-scope image=B", "image list --os-scope {}")
    openstack(env={"OS_SCOPE": "image=A,compute=C"}, stdin=lines)
    calls = [r.scope for r in cloud.requests if r.path == "/image/v2/images"]
    assert calls == [['{"compute":"C","image":"A"}'], ['{"image":"B"}'], []]


def test_operators_work_in_the_shell(openstack: Openstack, cloud: Fake) -> None:
    """With a column of clouds, for that one command."""
    cloud.reply = clouds = Clouds()
    for name in ("CloudOne", "CloudTwo"):
        clouds.add(name, "images", id=f"{name}-image", name="debian")
    list_ids = "image list -f value -c ID"
    lines = typed(f"{list_ids} --os-scope image=CloudOne+CloudTwo", list_ids)
    lines += typed(f"{list_ids} --os-scope 'image=CloudThree|CloudTwo' --name debian")
    out = openstack(stdin=lines.replace("quit\n", "", 1)).out
    assert re.findall(r"\w+-image", out) == [
        "CloudOne-image",
        "CloudTwo-image",
        "CloudOne-image",
        "CloudTwo-image",
    ]


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ("--os-scope", "expected one argument"),
        ("--os-scope CloudTwo", 'expected "=" and a cloud here'),
        ("--os-scope 'image=CloudOne & CloudTwo'", '"&" would be an argument'),
        ("--os-scope='image=CloudOne & CloudTwo'", '"&" would be an argument'),
        ("--os-scope 'image=CloudOne or CloudTwo'", '"or" would be an argument'),
        ("--os-scope 'image=CloudOne |CloudTwo'", '"|CloudTwo" would be an argument'),
        ("--os-scope 'image=CloudOne ,compute=A'", '",compute=A" would be an argument'),
        ("--os-scope 'image=CloudOne, compute=CloudTwo'", "expected a service"),
        ('--os-scope \'{"image": "CloudTwo"}\'', "expected a cloud"),
        ("--os-scope-policy some", "invalid choice: 'some'"),
    ],
)
def test_what_is_no_scope_in_the_shell_runs_nothing(
    said: str, complaint: str, openstack: Openstack, cloud: Fake
) -> None:
    """A scope with spaces is taken apart: its end would be names of servers to delete."""
    result = openstack(stdin=typed(f"server delete vm {said}", "network list"))
    assert complaint in result.err
    assert "Inside this shell, quotes do not keep blanks" in result.err
    calls = [r.path for r in cloud.requests if r.token]
    assert calls == ["/network/v2.0/networks"]  # and it goes on


@pytest.mark.parametrize("said", ["--os-sc image=CloudTwo", "--os-scope-pol any"])
def test_a_shortened_option_in_the_shell_is_not_silently_ignored(
    said: str, openstack: Openstack, cloud: Fake
) -> None:
    """Only in full do we know it from one of the command's."""
    result = openstack(stdin=typed(f"image list {said}"))
    assert "ambiguous option: --os-sc" in result.err or "write --os-scope-policy in full" in (
        result.err
    )
    assert not [r for r in cloud.requests if r.path == "/image/v2/images"]


def test_an_option_of_a_command_stays_its_own_in_the_shell(
    openstack: Openstack, cloud: Fake
) -> None:
    """Designate's keys have a --scope."""
    key = "--name k --algorithm hmac-md5 --secret c2VjcmV0 --resource-id 1 --scope POOL"
    openstack(stdin=typed(f"tsigkey create {key} --os-scope dns=CloudTwo"))
    (created,) = [r for r in cloud.requests if r.path == "/dns/v2/tsigkeys"]
    assert b'"scope": "POOL"' in created.body
    assert created.scope == ['{"dns":"CloudTwo"}']


def away(service: str) -> Callable[[Request], tuple[int, Any] | None]:
    """Return a gateway that cannot reach a service of CloudTwo."""

    def reply(request: Request) -> tuple[int, Any] | None:
        there = request.path.startswith(f"/{service}") and '"*":"CloudTwo"' in request.scope[0]
        return (502, REFUSAL) if there else None

    return reply


@pytest.mark.parametrize(
    ("service", "command"),
    [
        ("image", "image list"),
        ("image", "server create x --flavor 1 --image debian --network none"),
        ("compute", "server list"),
        ("volume", "volume list"),
        ("network", "network list"),
        ("key-manager", "secret list"),
        ("dns", "zone list"),
        ("share", "share list"),
        ("load-balancer", "loadbalancer list"),
        ("orchestration", "stack list"),
        ("placement", "resource provider list"),
        ("object-store", "container list"),
    ],
)
@pytest.mark.parametrize(
    "scope", ["*=CloudTwo,identity=CloudOne", "*=CloudTwo & CloudThree,identity=A"]
)
def test_why_a_command_fails_is_told_once(
    service: str, command: str, scope: str, openstack: Openstack, cloud: Fake
) -> None:
    """In the gateway's words, and not in worse ones of what came of it."""
    cloud.reply = away(service)
    result = openstack(*command.split(), "--os-scope", scope)
    assert result.code == 1
    assert result.err.count("image of CloudTwo is away") == 1, result.err
    assert "supported versions" not in result.err
    assert "Failed to contact" not in result.err


def test_why_a_version_is_missing_is_told_once_where_the_command_goes_on(
    openstack: Openstack, cloud: Fake
) -> None:
    """As a warning; and what a command logs itself is not told again."""
    cloud.reply = away("image")
    result = openstack("versions", "show", "--os-scope", "*=CloudTwo,identity=CloudOne")
    assert (result.code, result.err) == (0, "image of CloudTwo is away\n")
    cloud.reply = away("compute")
    result = openstack("flavor", "delete", "a", "--os-scope", "*=CloudTwo,identity=CloudOne")
    assert result.code == 1
    assert result.err.count("image of CloudTwo is away") == 1, result.err


KEYSTONE = {
    "error": {
        "code": 502,
        "cloud": "CloudOne",
        "message": "identity of CloudOne could not be reached: Connection refused",
    }
}


@pytest.mark.parametrize("kind", ["password", "v3password"])
@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("scope", ["image=CloudTwo", "image=CloudOne&CloudTwo"])
def test_a_keystone_that_is_stopped_is_not_a_401_of_every_cloud(
    kind: str, before: bool, scope: str, openstack: Openstack, cloud: Fake
) -> None:
    """A service that cannot have a token validated takes it for invalid; the login knows better.

    Whether it stopped before the login, or since.
    """
    logged_in: set[tuple[str, ...]] = set()  # by scope, of which each branch has one

    def reply(request: Request) -> tuple[int, Any] | None:
        if request.path.startswith("/identity"):
            if before or tuple(request.scope) in logged_in:
                return 502, KEYSTONE
            if request.method == "POST":
                logged_in.add(tuple(request.scope))
            return None
        stopped = request.path.startswith("/image/v2")
        return (401, b"<html>401 Unauthorized</html>") if stopped else None

    cloud.reply = reply
    result = openstack("image", "list", "--os-scope", scope, env={"OS_AUTH_TYPE": kind})
    assert result.code == 1
    told = "the login at home failed: identity of CloudOne could not be reached"
    assert result.err.count(told) == scope.count("Cloud"), result.err
    assert "401" not in result.err
