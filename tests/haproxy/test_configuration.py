"""The text of a configuration."""

import shlex
from pathlib import Path

import pytest
from haproxy.test_plan import HTTPS, OWN, federation

from openstackoid.haproxy import PlanError, Settings, plan, render


def test_the_same_federation_gives_the_same_text() -> None:
    """Whatever order sets have."""
    assert len({render(plan(federation(), "One"), Settings()) for _ in range(3)}) == 1


def test_a_fragment_has_no_section_of_its_host() -> None:
    """What it needs there it says."""
    text = render(plan(federation(), "One"), Settings(fragment=True))
    first = {line.split()[0] for line in text.splitlines() if line and line[0] not in " #"}
    assert first == {"frontend", "backend"}
    assert "tune.bufsize" in text


def test_every_cloud_and_service_of_the_federation_is_known() -> None:
    """A scope with another one is the gateway's to refuse."""
    text = render(plan(federation(), "One"), Settings())
    assert '"(?:One|Two)"' in text
    assert '"image":(?&cloud)' in text


@pytest.mark.parametrize("fragment", [False, True])
def test_no_server_is_another_cloud_s(fragment: bool) -> None:
    """What crosses the border is the gateway's, which checks where a name leads."""
    there = {"frontends": {"image": "http://two:9292", "compute": "http://two/compute"}}
    planned = plan(federation(there=there), "One")
    lines = render(planned, Settings(fragment=fragment)).splitlines()
    servers = [
        line.split()[2] for line in lines if line.split()[:1] in (["server"], ["server-template"])
    ]
    gateways = {gateway.address for gateway in planned.gateways}
    assert set(servers) == {"127.0.0.1:9292", *gateways}
    assert not any("two:9292" in line or "resolvers" in line for line in lines)


def test_every_frontend_says_who_the_client_is() -> None:
    """Before any rule that ends the rules, and after what the client says of it is removed."""
    text = render(plan(federation(**HTTPS, own=OWN), "One", None, Path("both.pem")), Settings())
    frontends = [part.partition("\nbackend ")[0] for part in text.split("\nfrontend ")[1:]]
    assert frontends
    for frontend in frontends:
        removed, told, *_ = (n for n in frontend.splitlines() if n.startswith("    http-request "))
        assert "del-header '^(?:forwarded|x[-_]forwarded" in removed
        assert removed.endswith("-m reg")
        assert told.endswith("set-header X-Forwarded-For %[src]")
    assert text.count("X-Forwarded-For") == len(frontends)


@pytest.mark.parametrize("name", ["a b.pem", "it's.pem", 'a".pem', "$HOME.pem", "a\\.pem", "#.pem"])
def test_a_file_may_have_any_name(name: str) -> None:
    """It is one word, and no more."""
    text = render(plan(federation(**HTTPS), "One", None, Path(name)), Settings())
    (line,) = (line for line in text.splitlines() if " ssl crt " in line)
    assert shlex.split(line)[4] == str(Path(name).absolute())


def test_a_name_that_would_end_the_line_is_refused() -> None:
    """With what to do."""
    evil = Path("x\n    stats admin if TRUE")
    with pytest.raises(PlanError, match="has a control character; give the file another name"):
        render(plan(federation(**HTTPS), "One", None, evil), Settings())
