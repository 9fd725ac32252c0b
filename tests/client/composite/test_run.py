"""The ordinary `openstack` command in several clouds: what is shown, and where it is sent."""

import csv
import io
import json
import re
import signal
import subprocess
from typing import Any

import psutil
import pytest
import yaml

from ..clouds import Clouds
from ..conftest import CloudsYaml, Openstack
from ..fake import TOKEN, Fake, Request

BOTH = ("--os-scope", "compute=CloudOne&CloudTwo")
ROWS = [("CloudOne-server", "CloudOne"), ("CloudTwo-server", "CloudTwo")]
CREATE = ("server", "create", "new", "--flavor", "m1", "--network", "private", "--image", "debian")


def test_a_list_has_the_rows_of_all_clouds_asked_at_the_same_time(
    openstack: Openstack, clouds: Clouds
) -> None:
    """Both log in at once and list at once; nobody gets an answer before the other has asked."""
    clouds.meet("POST /identity/v3/auth/tokens", 2)
    clouds.meet("GET /compute/v2.1/servers/detail", 2)
    result = openstack("server", "list", *BOTH)
    assert (result.code, result.err) == (0, "")
    header, *rows = [line.split("|")[1:-1] for line in result.out.splitlines() if "|" in line]
    assert [header[0].strip(), header[-1].strip()] == ["ID", "Cloud"]
    assert [(row[0].strip(), row[-1].strip()) for row in rows] == ROWS


def test_every_request_of_a_branch_has_its_own_scope_and_token(
    openstack: Openstack, clouds: Clouds, cloud: Fake
) -> None:
    """None carries the operator; what is bound to compute is left to follow."""
    assert openstack("server", "list", *BOTH).code == 0
    scopes = {request.scope[0] for request in cloud.requests}
    assert scopes == {'{"compute":"CloudOne"}', '{"compute":"CloudTwo"}'}
    for request in cloud.requests:
        assert request.token in ([], [f"{TOKEN}!SCOPE!{request.scope[0]}"])
        assert request.all("X-Scope-Policy") == []


def test_machine_readable_formats_have_the_cloud_too(openstack: Openstack, clouds: Clouds) -> None:
    """Because cliff formats what was merged."""
    found = json.loads(openstack("server", "list", *BOTH, "-f", "json", "--noindent").out)
    assert [(row["ID"], row["Cloud"]) for row in found] == ROWS
    found = yaml.safe_load(openstack("server", "list", *BOTH, "-f", "yaml").out)
    assert [(row["ID"], row["Cloud"]) for row in found] == ROWS
    table = csv.reader(io.StringIO(openstack("server", "list", *BOTH, "-f", "csv").out))
    assert [(row[0], row[-1]) for row in table][1:] == ROWS


def test_columns_can_be_chosen_and_sorted(openstack: Openstack, clouds: Clouds) -> None:
    """The column Cloud like any other; and a shortened command is the same command."""
    columns = ("-c", "Name", "-c", "Cloud", "--sort-column", "Cloud", "--sort-descending")
    result = openstack("server", "li", *BOTH, "-f", "value", *columns)
    assert result.out == "vm CloudTwo\nvm CloudOne\n"


def test_one_resource_is_shown_side_by_side(openstack: Openstack, clouds: Clouds) -> None:
    """A line for each cloud in a table, a mapping in JSON and YAML."""
    command = ("server", "show", "vm", *BOTH, "-c", "id", "-c", "cloud")
    ids = {"CloudOne": "CloudOne-server", "CloudTwo": "CloudTwo-server"}
    shown = json.loads(openstack(*command, "-f", "json").out)
    assert shown == {"id": ids, "cloud": ["CloudOne", "CloudTwo"]}
    assert yaml.safe_load(openstack(*command, "-f", "yaml").out) == shown
    table = [line.split("|")[2].strip() for line in openstack(*command).out.splitlines()[3:6]]
    assert table == [
        "CloudOne: CloudOne-server",
        "CloudTwo: CloudTwo-server",
        "CloudOne, CloudTwo",
    ]


def test_a_server_here_and_there_resolves_names_in_each_cloud(
    openstack: Openstack, clouds: Clouds, cloud: Fake
) -> None:
    """Flavor and network are those of the server's cloud; the image is taken where it is asked."""
    clouds.meet("POST .*/servers$", 2)
    assert openstack(*CREATE, "--wait", *BOTH).code == 0
    sent = [json.loads(r.body)["server"] for r in cloud.requests if r.path.endswith("/servers")]
    flavors = {(s["flavorRef"], s["networks"][0]["uuid"], s["imageRef"]) for s in sent}
    assert flavors == {
        ("CloudOne-flavor", "CloudOne-network", "CloudOne-image"),
        ("CloudTwo-flavor", "CloudTwo-network", "CloudOne-image"),
    }


@pytest.mark.parametrize(
    ("command", "service", "ids"),
    [
        (["stack", "list"], "orchestration", ["CloudOne-stack", "CloudTwo-stack"]),
        (["loadbalancer", "list"], "load-balancer", ["CloudOne-lb", "CloudTwo-lb"]),
        (["resource", "provider", "list"], "placement", ["CloudOne-rp", "CloudTwo-rp"]),
    ],
)
def test_commands_of_other_plugins_are_merged_alike(
    command: list[str], service: str, ids: list[str], openstack: Openstack, clouds: Clouds
) -> None:
    """Nothing is known of them but the group that declares them."""
    result = openstack(*command, "--os-scope", f"{service}=CloudOne&CloudTwo", "-f", "json")
    assert result.code == 0, result.err
    rows = json.loads(result.out)
    assert [row.get("ID") or row.get("id") or row["uuid"] for row in rows] == ids
    assert [row["Cloud"] for row in rows] == ["CloudOne", "CloudTwo"]


def test_what_is_bound_to_compute_runs_where_compute_is(
    openstack: Openstack, clouds: Clouds, cloud: Fake
) -> None:
    """And an expression for another service goes along for the gateway."""
    scope = "compute=CloudOne&CloudTwo,image=CloudTwo|CloudThree"
    result = openstack("network", "list", "--os-scope", scope, "-f", "value", "-c", "ID")
    assert result.out == "CloudOne-network\nCloudTwo-network\n"
    assert {request.scope[0] for request in cloud.requests} == {
        '{"compute":"CloudOne","image":"CloudTwo|CloudThree"}',
        '{"compute":"CloudTwo","image":"CloudTwo|CloudThree"}',
    }


def test_a_cloud_that_fails_leaves_the_others_rows_and_exit_code_1(
    openstack: Openstack, clouds: Clouds
) -> None:
    """Its error is named on stderr."""
    clouds.fail("CloudTwo", "GET /compute/v2.1/servers", 503)
    result = openstack("server", "list", *BOTH, "-f", "value", "-c", "ID")
    assert (result.code, result.out) == (1, "CloudOne-server\n")
    assert result.err.startswith("CloudTwo: ")
    assert "CloudTwo says no" in result.err


@pytest.mark.parametrize(
    ("policy", "code", "out"), [("any", 0, "CloudOne-server\n"), ("all", 1, "")]
)
def test_the_policy_says_what_is_enough(
    policy: str, code: int, out: str, openstack: Openstack, clouds: Clouds, cloud: Fake
) -> None:
    """And is sent with every request."""
    clouds.fail("CloudTwo", "GET /compute/v2.1/servers", 503)
    command = ("server", "list", *BOTH, "-f", "value", "-c", "ID")
    result = openstack(*command, env={"OS_SCOPE_POLICY": policy})
    assert (result.code, result.out) == (code, out)
    assert "CloudTwo says no" in result.err
    assert {tuple(request.all("X-Scope-Policy")) for request in cloud.requests} == {(policy,)}


def test_where_all_fail_each_error_is_told(openstack: Openstack, clouds: Clouds) -> None:
    """Without a traceback, and with nothing on stdout."""
    result = openstack("server", "show", "missing", *BOTH)
    assert (result.code, result.out) == (1, "")
    assert [line.split(":")[0] for line in result.err.splitlines()] == ["CloudOne", "CloudTwo"]


def test_or_takes_the_first_cloud_that_succeeds(openstack: Openstack, clouds: Clouds) -> None:
    """Why the one before did not is a warning; values stay plain, with the cloud beside them."""
    clouds.fail("CloudOne", "GET /compute/v2.1/servers", 503)
    scope = "compute=CloudOne|CloudTwo|CloudThree"
    command = ("server", "show", "vm", "-f", "json", "-c", "id", "-c", "cloud")
    result = openstack(*command, "--os-scope", scope)
    assert json.loads(result.out) == {"id": "CloudTwo-server", "cloud": "CloudTwo"}
    assert result.code == 0
    assert result.err.startswith("CloudOne: ")
    assert clouds.to("CloudThree", ".") == []


def test_and_of_or_nests(openstack: Openstack, clouds: Clouds) -> None:
    """`A & (B | C)` with B away."""
    clouds.fail("CloudTwo", "GET /compute", 503)
    scope = "compute=CloudOne & (CloudTwo | CloudThree)"
    result = openstack("server", "list", "--os-scope", scope, "-f", "value", "-c", "ID")
    assert (result.code, result.out) == (0, "CloudOne-server\nCloudThree-server\n")
    assert "CloudTwo: " in result.err


def test_what_was_created_is_deleted_again_where_another_cloud_fails(
    openstack: Openstack, clouds: Clouds
) -> None:
    """All or nothing, and it is said."""
    clouds.fail("CloudTwo", "POST .*/servers$", 409)
    result = openstack(*CREATE, *BOTH)
    assert (result.code, result.out) == (1, "")
    assert "CloudTwo: ConflictException: 409" in result.err
    assert "CloudOne: server CloudOne-server-1 was deleted again\n" in result.err
    assert list(clouds.things["CloudOne"]["servers"]) == ["CloudOne-server"]


def test_a_failed_undo_names_cloud_and_id(openstack: Openstack, clouds: Clouds) -> None:
    """And a cloud that gave no answer is not called untouched."""
    clouds.fail("CloudTwo", "POST .*/servers$", 0)
    clouds.fail("CloudOne", "DELETE", 500)
    result = openstack(*CREATE, *BOTH)
    assert result.code == 1
    assert "CloudOne: server CloudOne-server-1 could not be deleted again" in result.err
    assert "POST /compute/v2.1/servers may have been carried out; look there" in result.err


def test_policy_any_keeps_what_was_created(openstack: Openstack, clouds: Clouds) -> None:
    """One server is enough then."""
    clouds.fail("CloudTwo", "POST .*/servers$", 409)
    result = openstack(*CREATE, *BOTH, "--os-scope-policy", "any", "-f", "json", "-c", "id")
    assert json.loads(result.out) == {"id": {"CloudOne": "CloudOne-server-1"}}
    assert result.code == 0
    assert "CloudTwo: ConflictException: 409" in result.err


def test_or_does_not_go_on_where_a_write_may_have_been_carried_out(
    openstack: Openstack, clouds: Clouds
) -> None:
    """Or there could be two."""
    clouds.fail("CloudOne", "POST .*/servers$", 0)
    result = openstack(*CREATE, "--os-scope", "compute=CloudOne|CloudTwo")
    assert result.code == 1
    assert "may have been carried out" in result.err
    assert clouds.to("CloudTwo", "POST .*/servers") == []


def test_or_goes_on_once_a_failed_server_is_deleted_again(
    openstack: Openstack, clouds: Clouds
) -> None:
    """With --wait, one that never becomes active counts as a failure."""
    clouds.born["CloudOne"] = {"status": "ERROR"}
    scope = ("--os-scope", "compute=CloudOne|CloudTwo")
    result = openstack(*CREATE, "--wait", *scope, "-f", "value", "-c", "id")
    assert (result.code, result.out) == (0, "CloudTwo-server-1\n")
    assert "server CloudOne-server-1 was deleted again" in result.err
    assert list(clouds.things["CloudOne"]["servers"]) == ["CloudOne-server"]


def test_an_image_here_and_there_has_one_id_and_the_same_data(
    openstack: Openstack, clouds: Clouds
) -> None:
    """Each cloud gets all of stdin."""
    scope = ("--os-scope", "image=CloudOne&CloudTwo")
    result = openstack("image", "create", "x", *scope, "-f", "json", "-c", "id", stdin="data\n")
    assert result.code == 0, result.err
    first, second = json.loads(result.out)["id"].values()
    assert first == second
    for name in ("CloudOne", "CloudTwo"):
        assert clouds.things[name]["images"][first]["data"] == b"data\n"


def test_data_goes_to_stdout_from_the_first_cloud_that_has_it(
    openstack: Openstack, clouds: Clouds
) -> None:
    """Byte for byte; but never from several."""
    del clouds.things["CloudOne"]["images"]["CloudOne-image"]
    result = openstack("image", "save", "debian", "--os-scope", "image=CloudOne|CloudTwo")
    assert (result.code, result.out) == (0, "CloudTwo")
    result = openstack("image", "save", "debian", "--os-scope", "image=CloudOne&CloudTwo")
    assert (result.code, result.out) == (1, "")
    assert "name one cloud instead of CloudOne&CloudTwo" in result.err


def test_what_a_command_prints_has_its_cloud_as_heading(
    openstack: Openstack, clouds: Clouds
) -> None:
    """Even if it does not go through cliff's formatters."""
    clouds.things["CloudOne"]["os-keypairs"]["k"] = {"name": "k", "public_key": "ssh-one\n"}
    clouds.things["CloudTwo"]["os-keypairs"]["k"] = {"name": "k", "public_key": "ssh-two\n"}
    command = ("keypair", "show", "k", "--public-key")
    assert openstack(*command, *BOTH).out.startswith("CloudOne:\nssh-one\nCloudTwo:\nssh-two\n")
    alone = openstack(*command, "--os-scope", "compute=CloudThree|CloudTwo")
    assert alone.out.startswith("ssh-two\n")


def test_a_command_that_asks_runs_in_one_cloud_after_the_other(
    openstack: Openstack, clouds: Clouds
) -> None:
    """With a heading; and each asks for itself."""
    scope = ("--os-scope", "identity=CloudOne&CloudTwo")
    typed = ("one", "one", "two", "two")
    result = openstack("user", "create", "bob", "--password-prompt", *scope, typed=typed)
    assert result.code == 0
    assert result.err == "CloudOne:\nCloudTwo:\n"
    assert result.asked.count("User Password:") == 4
    passwords = [
        user["password"]
        for name in ("CloudOne", "CloudTwo")
        for user in clouds.things[name]["users"].values()
    ]
    assert passwords == ["one", "two"]


def test_the_password_of_the_login_is_asked_once(
    openstack: Openstack, clouds: Clouds, credentials: dict[str, str], cloud: Fake
) -> None:
    """For it is the same for all."""
    result = openstack("server", "list", *BOTH, env={"OS_PASSWORD": ""}, typed=("s3cret-pw",))
    assert result.code == 0, result.err
    assert result.asked.count("assword") == 1
    logins = [r for r in cloud.requests if r.path.endswith("/auth/tokens")]
    assert ["s3cret-pw" in r.body.decode() for r in logins] == [True, True]


def test_a_user_here_and_there_is_created_by_a_login_in_each(
    openstack: Openstack, clouds: Clouds, cloud: Fake
) -> None:
    """Where home's password is not good, it is said what was tried."""
    scope = ("--os-scope", "identity=CloudOne&CloudTwo")
    assert openstack("user", "create", "bob", *scope).code == 0
    assert clouds.to("CloudTwo", "auth/tokens") == ["POST /identity/v3/auth/tokens"]
    clouds.fail("CloudTwo", "POST .*/auth/tokens", 401)
    result = openstack("user", "create", "eve", *scope)
    assert result.code == 1
    assert "CloudTwo: " in result.err
    assert "the login to CloudTwo is tried with the credentials of home" in result.err
    assert "CloudOne: user CloudOne-user-2 was deleted again" in result.err


def test_commands_of_several_services_run_where_their_only_expression_says(
    openstack: Openstack, clouds: Clouds
) -> None:
    """One for a service that they do not ask is none of theirs; two are refused."""
    result = openstack("versions", "show", *BOTH, "-f", "value", "-c", "Cloud")
    assert set(result.out.split()) == {"CloudOne", "CloudTwo"}, result.err
    result = openstack("versions", "show", "--os-scope", "compute=A&B,image=B|C")
    assert result.code == 1
    assert "(A&B, B|C); write one expression" in result.err


def test_an_interactive_shell_runs_each_command_where_it_belongs(
    openstack: Openstack, clouds: Clouds
) -> None:
    """Clients of one branch are not those of the next."""
    commands = "server list -f value -c ID\nimage list -f value -c ID\nserver list -f value -c ID\n"
    result = openstack(*BOTH, stdin=f"{commands}quit\n")
    servers = ["CloudOne-server", "CloudTwo-server"]
    found = [line for line in result.out.splitlines() if line.startswith("Cloud")]
    assert found == [*servers, "CloudOne-image", *servers]


def test_what_a_gateway_says_of_a_discovery_is_told_once_with_the_error(
    openstack: Openstack, clouds: Clouds
) -> None:
    """Though the client asks for versions again and again."""
    clouds.fail("CloudTwo", "GET /compute", 502)
    result = openstack("server", "list", *BOTH)
    assert result.code == 1
    assert result.err.count("CloudTwo says no") == 1


def test_an_interrupted_command_says_where_to_look(
    openstack: Openstack, clouds: Clouds, cloud: Fake, worker: subprocess.Popen[str]
) -> None:
    """For what a cloud has been asked to create, it may create."""
    interrupts = iter([signal.SIGINT])  # one, though both clouds are asked

    def reply(request: Request) -> tuple[int, Any] | None:
        if request.method == "POST" and request.path.endswith("/servers"):
            (command,) = psutil.Process(worker.pid).children()
            for interrupt in interrupts:
                command.send_signal(interrupt)
            command.wait()
        return clouds(request)

    cloud.reply = reply
    result = openstack(*CREATE, "--os-scope", "compute=CloudOne&(CloudTwo|CloudThree)")
    assert result.code == 130
    assert re.fullmatch("interrupted; look in Cloud(One|Two|One, CloudTwo) .*\n", result.err)


def test_timing_is_of_all_branches(openstack: Openstack, clouds: Clouds) -> None:
    """In a table, as ever."""
    result = openstack("server", "list", *BOTH, "--timing")
    assert result.code == 0
    assert result.out.count("/servers/detail?") == 2
    assert result.err == ""


def test_debug_output_names_the_cloud_and_hides_token_and_password(
    openstack: Openstack, clouds: Clouds
) -> None:
    """Every line of a branch."""
    result = openstack("server", "list", *BOTH, "--debug")
    assert "CloudTwo: REQ: curl" in result.err
    assert TOKEN not in result.out + result.err
    assert "s3cret-pw" not in result.out + result.err


def test_an_expression_of_clouds_yaml_counts_as_well(
    openstack: Openstack, clouds: Clouds, clouds_yaml: CloudsYaml
) -> None:
    """Until an option replaces it."""
    env = clouds_yaml(oid_scope={"compute": "CloudOne & CloudTwo"})
    command = ("server", "list", "-f", "value", "-c", "ID")
    assert openstack(*command, env=env).out == "CloudOne-server\nCloudTwo-server\n"
    atomic = openstack(*command, "--os-scope", "compute=CloudTwo", env=env)
    assert atomic.out == "CloudTwo-server\n"


def test_a_policy_that_is_none_is_a_usage_error(openstack: Openstack, clouds: Clouds) -> None:
    """By the option and by the variable."""
    for argv, env in ((["--os-scope-policy", "some"], {}), ([], {"OS_SCOPE_POLICY": "some"})):
        result = openstack("server", "list", *BOTH, *argv, env=env)
        assert result.code == 2
        assert "'some'" in result.err
    assert clouds.asked == []


def test_several_servers_by_one_command_are_refused(openstack: Openstack, clouds: Clouds) -> None:
    """They could not be removed again; where nothing would be, they are created."""
    several = (*CREATE, *BOTH, "--min", "2", "--max", "3")
    result = openstack(*several)
    assert (result.code, result.out) == (1, "")
    assert "several servers at once could not be removed again if one cloud fails" in result.err
    assert "--os-scope-policy any" in result.err
    assert clouds.asked == []
    assert openstack(*several, "--os-scope-policy", "any").code == 0
    assert openstack(*CREATE, *BOTH, "--max", "1").code == 0


def test_an_id_of_the_users_is_not_deleted_where_a_cloud_did_not_answer(
    openstack: Openstack, clouds: Clouds
) -> None:
    """It may be older; what is deleted in the other cloud is new, for it was answered with 201."""
    clouds.add("CloudTwo", "images", id="mine", name="older", data=b"precious")
    clouds.fail("CloudTwo", "POST .*/images$", 0)
    scope = ("--os-scope", "image=CloudOne&CloudTwo")
    result = openstack("image", "create", "x", "--id", "mine", *scope, stdin="data")
    assert result.code == 1
    assert "CloudOne: image mine was deleted again" in result.err
    assert "CloudTwo: " in result.err
    assert "POST /image/v2/images may have been carried out; look there" in result.err
    assert clouds.things["CloudTwo"]["images"]["mine"]["data"] == b"precious"
    assert clouds.to("CloudTwo", "DELETE") == []


def test_a_flavor_here_and_there_has_one_id(openstack: Openstack, clouds: Clouds) -> None:
    """Also where the user says that its id is to be chosen."""
    command = ("flavor", "create", "x", *BOTH, "-f", "json", "-c", "id")
    for options in ((), ("--id", "auto")):
        result = openstack(*command, *options)
        assert result.code == 0, result.err
        first, second = json.loads(result.out)["id"].values()
        assert first == second != "auto"


def test_or_goes_on_behind_an_empty_list_only_if_it_is_filtered(
    openstack: Openstack, clouds: Clouds
) -> None:
    """As in the gateway: what is looked for may be elsewhere, but no image at all is an answer."""
    clouds.things["CloudOne"]["images"].clear()
    command = ("image", "list", "--os-scope", "image=CloudOne|CloudTwo", "-f", "value", "-c", "ID")
    assert openstack(*command).out == ""
    assert clouds.to("CloudTwo", "images") == []
    assert openstack(*command, "--name", "debian").out == "CloudTwo-image\n"
