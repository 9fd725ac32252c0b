"""The ordinary `openstack` command, with --os-scope."""

import json
import subprocess
from argparse import ArgumentParser

import pytest

from openstackoid.client.command import build_option_parser

from .conftest import CloudsYaml, Openstack
from .fake import TOKEN, Fake

IMAGE_TWO = '{"image":"CloudTwo"}'
COMMANDS = {
    "identity": ["project", "list"],
    "compute": ["server", "list"],
    "image": ["image", "list"],
    "network": ["network", "list"],
    "block-storage": ["volume", "list"],
    "object-store": ["container", "list"],
    "placement": ["resource", "provider", "list"],
    "orchestration": ["stack", "list"],
    "load-balancer": ["loadbalancer", "list"],
    "key-manager": ["secret", "list"],
    "shared-file-system": ["share", "list"],
    "dns": ["zone", "list"],
}
each_service = pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)


def sent(cloud: Fake) -> set[str]:
    """Return the scopes of all requests so far, once each is known to be in order."""
    assert cloud.requests
    for request in cloud.requests:
        assert len(request.scope) == 1, request
        assert request.token in ([], [f"{TOKEN}!SCOPE!{request.scope[0]}"])
    assert any(request.token for request in cloud.requests)
    return {scope for request in cloud.requests for scope in request.scope}


@each_service
def test_every_request_has_the_scope_and_every_token_the_suffix_once(
    command: list[str], openstack: Openstack, cloud: Fake
) -> None:
    """Login and version discovery too, which have no token; and manilaclient, which keeps auth."""
    result = openstack("--os-scope", IMAGE_TWO, *command)
    assert (result.code, result.err) == (0, "")
    assert sent(cloud) == {IMAGE_TWO}
    assert cloud.requests[0].token == []


@each_service
def test_without_a_scope_the_client_sends_what_it_sent_before(
    command: list[str], openstack: Openstack, cloud: Fake
) -> None:
    """Every header, in its order, and every body: as with the plugin not installed."""
    plain = openstack(*command, plugin=False)
    before = cloud.requests
    cloud.clear()
    assert openstack(*command) == plain
    assert cloud.requests == before
    assert plain.code == 0


@pytest.mark.parametrize(
    "argv",
    [
        ["--os-scope", IMAGE_TWO, "image", "list"],
        ["image", "list", "--os-scope", IMAGE_TWO],
        ["image", "--os-scope=image=CloudTwo", "list"],
        ["--scope", "{glance: CloudTwo}", "image", "list"],
        ["image", "list", "--scope", "image=CloudTwo"],
        ["image", "list", '--scope={"image": "CloudTwo"}'],
    ],
)
def test_the_option_stands_anywhere_in_both_spellings_and_all_forms(
    argv: list[str], openstack: Openstack, cloud: Fake
) -> None:
    """What goes out is the canonical form each time."""
    assert openstack(*argv).code == 0
    assert sent(cloud) == {IMAGE_TWO}


def test_operators_for_other_services_are_sent_as_they_are(
    openstack: Openstack, cloud: Fake
) -> None:
    """The gateway evaluates `&` and `|` where a command needs another service."""
    assert openstack("image", "list", "--os-scope", "compute = B | A & C").code == 0
    assert sent(cloud) == {'{"compute":"B|A&C"}'}


@pytest.mark.parametrize(
    ("option", "variables", "file", "expected"),
    [
        ("image=A", {"OS_SCOPE": "image=B"}, {"image": "C"}, '{"image":"A"}'),
        ("image=A", {"OS_SCOPE_COMPUTE": "B"}, None, '{"image":"A"}'),
        (None, {"OS_SCOPE": '{"image": "B"}'}, {"compute": "C"}, '{"image":"B"}'),
        (None, {"OS_SCOPE": ""}, {"image": "C"}, '{"image":"C"}'),
        (None, {"OS_SCOPE_BLOCK_STORAGE": "B"}, {"image": "C"}, '{"block-storage":"B"}'),
        (
            None,
            {"OS_SCOPE": "image=A,compute=B", "OS_SCOPE_NOVA": "C|D"},
            None,
            '{"compute":"C|D","image":"A"}',
        ),
        (
            None,
            {},
            {"block-storage": "C", "*": "A", "identity": "B"},
            '{"*":"A","block-storage":"C","identity":"B"}',
        ),
        (None, {}, "image=C", '{"image":"C"}'),
    ],
)
def test_the_option_wins_over_the_environment_and_that_over_clouds_yaml(
    option: str | None,
    variables: dict[str, str],
    file: object,
    expected: str,
    openstack: Openstack,
    cloud: Fake,
    clouds_yaml: CloudsYaml,
) -> None:
    """Each level as a whole; a variable without braces does not hide the only cloud of the file."""
    argv = ["--os-scope", option] if option else []
    result = openstack("image", "list", *argv, env=clouds_yaml(oid_scope=file) | variables)
    assert (result.code, result.err) == (0, "")
    assert sent(cloud) == {expected}


@pytest.mark.parametrize("auth_type", ["password", "v3oidpassword"])
def test_an_empty_scope_turns_the_one_of_the_file_off(
    auth_type: str, openstack: Openstack, cloud: Fake, clouds_yaml: CloudsYaml
) -> None:
    """As if there were none anywhere."""
    env = clouds_yaml(oid_scope={"image": "C"}, auth_type=auth_type)
    assert openstack("image", "list", "--os-scope", "{}", env=env).code == 0
    assert not any(r.scope or "!SCOPE!" in "".join(r.token) for r in cloud.requests)


@pytest.mark.parametrize("scope", [{"glance": "CloudTwo"}, IMAGE_TWO])
def test_an_auth_type_of_ours_finds_its_scope_under_auth(
    scope: object, openstack: Openstack, cloud: Fake, clouds_yaml: CloudsYaml
) -> None:
    """A mapping or a text, braces included; marked once, though the hook sees it as well."""
    env = clouds_yaml(auth={"oid_scope": scope}, auth_type="v3oidpassword")
    assert openstack("share", "list", env=env).code == 0
    assert sent(cloud) == {IMAGE_TWO}


def test_the_option_wins_over_the_scope_under_auth(
    openstack: Openstack, cloud: Fake, clouds_yaml: CloudsYaml
) -> None:
    """Whatever openstacksdk's own order is."""
    env = clouds_yaml(auth={"oid_scope": {"image": "C"}}, auth_type="v3oidpassword")
    assert openstack("image", "list", "--os-scope", "image=A", env=env).code == 0
    assert sent(cloud) == {'{"image":"A"}'}


@pytest.mark.parametrize(
    ("argv", "variables", "complaint"),
    [
        (["--os-scope", "CloudTwo"], {}, "argument --os-scope: "),
        (["--os-scope", '{"image": "A'], {}, "argument --os-scope: "),
        (["--scope", "{image: A B}"], {}, "argument --os-scope: "),
        (["--os-scope", "image=A", "and", "B"], {}, '"and" would be an argument of the command'),
        (["--scope", "image=A", "or", "B"], {}, '"or" would be an argument of the command'),
        ([], {"OS_SCOPE": '{"image": }'}, "error: OS_SCOPE: "),
        ([], {"OS_SCOPE_IMAGF": "A"}, 'OS_SCOPE_<SERVICE>: unknown service "imagf"; did you mean'),
        ([], {"OS_SCOPE_NOVA": "A", "OS_SCOPE_COMPUTE": "A"}, "are the same service, compute"),
    ],
)
def test_a_bad_scope_is_a_usage_error_with_the_place(
    argv: list[str],
    variables: dict[str, str],
    complaint: str,
    openstack: Openstack,
    cloud: Fake,
) -> None:
    """Nothing is sent, no traceback is shown."""
    result = openstack("image", "list", *argv, env=variables)
    assert result.code == 2
    message, _text, caret = result.err.rstrip("\n").split("\n")
    assert message.startswith("openstack: error: ")
    assert complaint in message
    assert caret.strip("^ ") == ""
    assert cloud.requests == []


def test_a_plus_needs_no_quotes(openstack: Openstack, cloud: Fake) -> None:
    """A shell hands it on, where it would take `&` for its own and lose the second cloud."""
    command = ["bash", "-c", "printf '%s\n' --os-scope compute=CloudOne+CloudTwo"]
    words = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\n")
    assert openstack("image", "list", *words[:-1]).code == 0
    assert sent(cloud) == {'{"compute":"CloudOne&CloudTwo"}'}


@pytest.mark.parametrize(
    "typed",
    [
        '--os-scope {"compute": "CloudOne", "image": "CloudTwo"}',
        '--os-scope {"compute":"CloudOne", "image":"CloudTwo"}',
        '--os-scope {"compute":"CloudOne","image":"CloudTwo"}',
        '--os-scope { "image": "CloudTwo" }',
        '--os-scope={"image": "CloudTwo"}',
    ],
)
def test_json_without_quotes_around_it_is_told_of_them(
    typed: str, openstack: Openstack, cloud: Fake
) -> None:
    """For a shell takes those in it, and makes several words of it."""
    command = ["bash", "-c", f"printf '%s\\n' {typed}"]
    words = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\n")
    result = openstack("image", "list", *words[:-1])
    assert result.code == 2
    *_, hint = result.err.rstrip("\n").split("\n")
    assert 'put single ones around all of it: \'{"compute": ' in hint
    assert cloud.requests == []


@pytest.mark.parametrize("scope", ['{"image": "A B"}', '{"image": "A', "{image: A B}", "image", ""])
def test_another_mistake_has_nothing_to_do_with_quotes(scope: str, openstack: Openstack) -> None:
    """So nothing is said of them."""
    assert "quotes" not in openstack("image", "list", "--os-scope", scope).err


def test_a_bad_policy_in_the_environment_is_a_short_usage_error(openstack: Openstack) -> None:
    """As a bad scope is."""
    result = openstack("image", "list", env={"OS_SCOPE_POLICY": "some"})
    expected = "openstack: error: OS_SCOPE_POLICY: 'some' is none of all, any, eventual\n"
    assert (result.code, result.err) == (2, expected)


@pytest.mark.parametrize(
    "entry",
    [
        {"oid_scope": {"image": "A B"}},
        {"oid_scope": {"nova": "A", "compute": "A"}},
        {"oid_scope": ["image"]},
        {"auth_type": "v3oidpassword", "auth": {"oid_scope": '{"image": "A B"}'}},
    ],
)
def test_a_bad_scope_in_clouds_yaml_sends_nothing(
    entry: dict[str, object], openstack: Openstack, cloud: Fake, clouds_yaml: CloudsYaml
) -> None:
    """Because openstacksdk forgives a hook its ValueError, and would go on without a scope."""
    result = openstack("image", "list", env=clouds_yaml(**entry))
    assert result.code == 1
    assert "oid_scope" in result.err
    assert "Traceback" not in result.err
    assert cloud.requests == []


def test_a_commands_own_option_scope_stays_its_own(openstack: Openstack, cloud: Fake) -> None:
    """Designate's keys have a --scope: POOL or ZONE."""
    key = ["--name", "k", "--algorithm", "hmac-md5", "--secret", "c2VjcmV0", "--resource-id", "1"]
    result = openstack("tsigkey", "create", *key, "--scope", "POOL", "--os-scope", "dns=CloudTwo")
    (created,) = [r for r in cloud.requests if r.path == "/dns/v2/tsigkeys"]
    assert json.loads(created.body)["scope"] == "POOL"
    assert sent(cloud) == {'{"dns":"CloudTwo"}'}, result


@pytest.mark.parametrize(
    "rest",
    [
        ["--s", "x"],
        ["--sc=x"],
        ["--scop", "image=A"],
        ["--scope", "ZONE"],
        ["--scope", "--name=x"],
        ["--", "--scope", "image=A"],
        ["--scope"],
    ],
)
def test_what_is_not_a_scope_is_left_to_the_command(rest: list[str]) -> None:
    """Abbreviations of its own options among them."""
    parser = build_option_parser(ArgumentParser(prog="openstack"))
    options, left = parser.parse_known_args(["some", "command", *rest])
    assert left == ["some", "command", *rest]
    assert options.os_scope is None


def test_help_shows_both_options_tersely(openstack: Openstack) -> None:
    """And the rest of the help is as it was."""
    with_plugin, without = (openstack("--help", plugin=on).out.split() for on in (True, False))
    ours = [
        "[--os-scope <scope>] [--os-scope-policy <policy>]",
        "--os-scope <scope> In which cloud to take each service (Env: OS_SCOPE)",
        "--os-scope-policy <policy> What & needs: all, any, or eventual (Env: OS_SCOPE_POLICY)",
    ]
    what = "List your writes to several clouds of which something is left, or may be"
    ours.append(f"scope unsettled {what}")
    ours.append(
        "replica list List what is replicated of yours, with the state of its copy in each cloud"
    )
    what = "Read the copies of a replicated resource anew in all their clouds, and list them"
    ours.append(f"replica check {what}")
    what = "Bring the copies of a replicated resource to what they should be, and list them"
    ours.append(f"replica sync {what}")
    what = "Have something that exists in your own cloud replicated in others, and list its copies"
    ours.append(f"replica create {what}")
    what = "Show a replicated resource: what it should be, what each cloud has, and who has lost"
    ours.append(f"replica show {what}")
    assert all(text in " ".join(with_plugin) for text in ours)
    assert len(with_plugin) - len(without) == len(" ".join(ours).split())


def test_a_token_is_issued_clean(openstack: Openstack, cloud: Fake) -> None:
    """The suffix is for the wire, not for people."""
    result = openstack("token", "issue", "-f", "value", "-c", "id", "--os-scope", "image=CloudTwo")
    assert result.out == f"{TOKEN}\n"
    assert {request.scope[0] for request in cloud.requests} == {IMAGE_TWO}


@pytest.mark.parametrize("command", [COMMANDS["image"], COMMANDS["shared-file-system"]])
def test_debug_output_shows_neither_token_nor_password(
    command: list[str], openstack: Openstack
) -> None:
    """But the scope, which is no secret."""
    result = openstack(*command, "--os-scope", "image=CloudTwo", "--debug")
    assert result.code == 0
    assert "X-Scope: {" in result.err
    assert TOKEN not in result.out + result.err
    assert "s3cret-pw" not in result.out + result.err


def test_a_clouds_own_vendor_hook_runs_as_well(
    openstack: Openstack, cloud: Fake, clouds_yaml: CloudsYaml
) -> None:
    """There is room for one hook only, and the command takes it."""
    env = clouds_yaml(vendor_hook="fake:vendor")
    assert openstack("image", "list", "--os-scope", "image=CloudTwo", env=env).code == 0
    assert sent(cloud) == {IMAGE_TWO}
    assert all(request.all("X-Vendor") == ["was here"] for request in cloud.requests)


@pytest.mark.parametrize("hook", ["fake:broken_vendor", "fake:missing", "fake", "no.such:thing"])
def test_a_broken_vendor_hook_does_not_lose_the_scope(
    hook: str, openstack: Openstack, cloud: Fake, clouds_yaml: CloudsYaml
) -> None:
    """Since openstacksdk only warns of such a hook and goes on."""
    env = clouds_yaml(vendor_hook=hook)
    openstack("image", "list", "--os-scope", "image=CloudTwo", env=env)
    assert sent(cloud) == {IMAGE_TWO}


def test_an_interactive_shell_keeps_its_scope(openstack: Openstack, cloud: Fake) -> None:
    """All its commands share the clients that osc-lib caches, and so the scope of the start."""
    result = openstack("--os-scope", IMAGE_TWO, stdin="image list\nshare list\nquit\n")
    assert {"/image/v2/images", "/share/v2/shares/detail"} <= {r.path for r in cloud.requests}
    assert sent(cloud) == {IMAGE_TWO}, result


def test_the_configuration_can_still_be_shown(openstack: Openstack) -> None:
    """In formats that take no objects: the scope in it is one of openstacksdk's plain values."""
    result = openstack("configuration", "show", "-f", "json", "--os-scope", "image=CloudTwo")
    assert result.code == 0
    assert json.loads(result.out)["scope"] == [IMAGE_TWO]
