"""The access rules of application credentials, as services would apply them."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openstackoid.identity.access_rules import allowed


def rule(path: str, service: str = "image", method: str = "GET") -> dict[str, Any]:
    return {"service": service, "method": method, "path": path, "id": "1"}


def matches(pattern: str, path: str) -> bool:
    """Return whether a rule with a pattern allows a path."""
    return allowed([rule(pattern)], "image", "GET", path)


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("/v2/images", "/v2/images"),
        ("/v2/images/*", "/v2/images/1"),
        ("/v2/images/{image_id}", "/v2/images/1"),
        ("/v2/images/{image_id}/file", "/v2/images/1/file"),
        ("/v2/images/{}", "/v2/images/1"),
        ("/v2/images/im*", "/v2/images/image"),
        ("/v2/**", "/v2/images/1/file"),
        ("/v2/**", "/v2/"),
        ("/**/file", "/v2/images/1/file"),
        ("/v2/**/file", "/v2/a/b/file"),
        ("**", ""),
        ("/v2/*/**", "/v2/images/"),
        ("/v2/***", "/v2/x"),
        ("/a.b", "/a.b"),
        ("/a{b", "/a{b"),
        ("/é", "/é"),
    ],
)
def test_a_path_that_a_rule_means_is_allowed(pattern: str, path: str) -> None:
    """`*` and `{name}` are a segment or a part of one, `**` is any rest, also none."""
    assert matches(pattern, path)


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("/v2/images", "/v2/images/"),
        ("/v2/images", "/v2/images/1"),
        ("/v2/images", "/v2/imagesx"),
        ("/v2/images", "x/v2/images"),
        ("/v2/images", "/v2/images\n"),
        ("/v2/images", "/V2/images"),
        ("/v2/images/*", "/v2/images/"),
        ("/v2/images/*", "/v2/images/1/file"),
        ("/v2/images/{id}", "/v2/images/1/2"),
        ("/v2/images/{id}/file", "/v2/images//file"),
        ("/v2/*", "/v2/a\n/b"),
        ("/v2/**/file", "/v2/file"),
        ("/a.b", "/axb"),
        ("/a+", "/aa"),
        ("/[ab]", "/a"),
        ("", "/"),
    ],
)
def test_any_other_path_is_not(pattern: str, path: str) -> None:
    """What has a meaning in a regular expression has none here."""
    assert not matches(pattern, path)


@pytest.mark.parametrize("service", ["image", "glance", "IMAGE"])
def test_a_service_has_its_names(service: str) -> None:
    """Keystone does not say which one a user writes."""
    assert allowed([rule("/**", service)], "image", "GET", "/x")
    assert not allowed([rule("/**", service)], "compute", "GET", "/x")


def test_a_service_of_the_federation_s_own_has_one() -> None:
    """It is compared as it is."""
    assert allowed([rule("/**", "telescopes")], "telescopes", "GET", "/x")
    assert not allowed([rule("/**", "telescope")], "telescopes", "GET", "/x")


@pytest.mark.parametrize("method", ["POST", "HEAD", "get", "", "GET "])
def test_another_method_is_not_allowed(method: str) -> None:
    """Not even one that reads as well."""
    assert not allowed([rule("/**")], "image", method, "/x")


def test_one_rule_of_several_is_enough_and_none_allows_nothing() -> None:
    """Each for its own service."""
    rules = [rule("/a", "compute"), rule("/b"), rule("/c", method="POST")]
    assert allowed(rules, "image", "GET", "/b")
    assert allowed(rules, "image", "POST", "/c")
    assert not allowed(rules, "image", "GET", "/a")
    assert not allowed(rules, "image", "GET", "/c")
    assert not allowed([], "image", "GET", "/b")


@pytest.mark.parametrize("key", ["service", "method", "path"])
@pytest.mark.parametrize("value", [None, 1, [], {}, ["GET"], True])
def test_a_rule_that_is_not_readable_allows_nothing(key: str, value: object) -> None:
    """Nor does one with a part less; nothing is raised."""
    good = rule("/**")
    assert not allowed([good | {key: value}], "image", "GET", "/x")
    del good[key]
    assert not allowed([good], "image", "GET", "/x")


PARTS = st.sampled_from(["a", "b", "/", "*", "**", "{x}", ".", "\n"])


@given(st.lists(PARTS, max_size=8), st.text("ab/.\n", max_size=12))
def test_it_is_what_a_regular_expression_would_say(parts: list[str], path: str) -> None:
    """On paths that are short enough for one."""
    pattern = "".join(parts)
    wild = {"**": ".*"}
    found = re.findall(r"\*\*|\*|\{x\}|.", pattern, re.DOTALL)
    expression = "".join(wild.get(p, "[^/]+" if p in {"*", "{x}"} else re.escape(p)) for p in found)
    assert matches(pattern, path) == bool(re.fullmatch(expression, path, re.DOTALL))


@pytest.mark.timeout(20)
@pytest.mark.parametrize("wild", ["**a", "*a", "{x}a", "**a*", "***"])
def test_nobody_is_kept_waiting_by_a_rule(wild: str) -> None:
    """A regular expression of forty wildcards would not be done with this path in a lifetime."""
    assert not matches("/" + wild * 40 + "b", "/" + "a" * 8000)
    assert matches("/" + wild * 40 + "b", "/" + "a" * 8000 + "b")
