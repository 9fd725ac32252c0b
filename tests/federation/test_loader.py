"""Each mistake in a federation file is reported with file, line and key."""

from io import StringIO
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from openstackoid.federation import FederationError, load, loads
from openstackoid.federation.loader import parse_yaml, yaml

GOOD = """\
clouds:
  One:
    frontends:
      image: http://one:8888/image
      compute: {public: "http://one:8888/compute", admin: "http://one:8889/compute"}
    backends:
      image: http://127.0.0.1:19292
  Two:
    frontends:
      image: https://two:9292
shared:
- clouds: [One, Two]
  services: [network]
"""

URL = "must be a URL like http://192.0.2.1:8774/compute"
NO_HTTP = "is neither http nor https; write a URL like http://192.0.2.1:8774/compute"
HTTP = (
    "would be reached by http, and whoever is on the way could read and use the tokens; "
    "write https, or, if you accept that, clouds.Two.insecure: true (or import it with --insecure)"
)
KEYS = (
    "Two has no keys, so anybody could say that he is its gateway; write clouds.Two.keys (its "
    "operator makes them: openstackoid federation keys) or peer, or, if you accept that, "
    "clouds.Two.insecure: true"
)
FRONTEND = ("image: http://one:8888/image", "4: clouds.One.frontends.image")
BACKEND = ("image: http://127.0.0.1:19292", "7: clouds.One.backends.image")

# fmt: off
FAULTS = [  # what of GOOD is replaced, by what, and the report without the file's name
    # no YAML
    ("clouds:", "clouds: [", "3: expected ',' or ']', but got ':'"),
    ("clouds:", "\tclouds:", "1: found character '\\t' that cannot start any token"),
    ("  Two:", " Two:", "8: expected <block end>, but found '<block mapping start>'"),
    ("shared:", "---\nshared:", "11: but found another document"),
    ("- clouds: [One, Two]", "- clouds: *all", "12: found undefined alias 'all'"),
    ("shared:", "bad: 2024-99-99\nshared:", "1: month must be in 1..12"),
    ("shared:", "\0", "1: unacceptable character #x0000: special characters are not allowed"),
    # keys
    ("  Two:", "  One:", '8: the key "One" is here twice; keep one of them'),
    ("compute: {", "image: {", '5: the key "image" is here twice; keep one of them'),
    ("compute: {", "glance: {",
     '5: clouds.One.frontends.glance: "image" and "glance" are the same service, image; '
     'keep one of them'),
    ("shared:", "trust: {}\nshared:", "11: trust: unknown key; known are clouds, shared"),
    ("    backends:", "    backend:",
     '6: clouds.One.backend: unknown key; did you mean "backends"?'),
    ("  services:", "  service:",
     "12: shared.0.services: this key is missing\n"
     '13: shared.0.service: unknown key; did you mean "services"?'),
    ("    frontends:\n      image: https://two:9292", "    region: R",
     "8: clouds.Two.frontends: this key is missing"),
    ("clouds:\n", "cloud:\n",
     '1: cloud: unknown key; did you mean "clouds"?\n1: clouds: this key is missing'),
    ("    backends:", "    own: {acount: a}\n    backends:",
     '6: clouds.One.own.acount: unknown key; did you mean "account"?'),
    ("    backends:", "    keys: {sing: a}\n    backends:",
     "6: clouds.One.keys.seal: this key is missing\n"
     "6: clouds.One.keys.sign: this key is missing\n"
     '6: clouds.One.keys.sing: unknown key; did you mean "sign"?'),
    ("    backends:", "    trust: {Two: {projects: same-id, role: a}}\n    backends:",
     '6: clouds.One.trust.Two.role: unknown key; did you mean "roles"?\n'
     "6: clouds.One.trust.Two.roles: this key is missing"),
    ("  One:", "  own: {backend: {}, frontends: {image: 'http://own/'}}\n  One:",
     '2: clouds.own.backend: unknown key; did you mean "backends"?'),
    # types
    ("  Two:\n    frontends:\n      image: https://two:9292", "  Two: https://two:9292",
     "8: clouds.Two: must be a mapping"),
    ("https://two:9292", "[https://two:9292]", "10: clouds.Two.frontends.image: must be a mapping"),
    ("https://two:9292", "9292", "10: clouds.Two.frontends.image: must be a mapping"),
    ("  Two:\n", "  2:\n", "8: clouds.2: must be text; put it in quotes"),
    ("  Two:\n", "  1e3:\n", "8: clouds.1e3: must be text; put it in quotes"),
    ("  Two:\n", "  0x1F :\n", "8: clouds.0x1F: must be text; put it in quotes"),
    ("  Two:\n", "  1_000:\n", "8: clouds.1_000: must be text; put it in quotes"),
    ("  Two:\n", "  true:\n", "8: clouds.true: must be text; put it in quotes"),
    ("  Two:\n", "  ~:\n", "8: clouds.~: must be text; put it in quotes"),
    ("  Two:\n", "  2024-01-01:\n", "8: clouds.2024-01-01: must be text; put it in quotes"),
    ("  Two:\n", "  [a]:\n", "8: clouds.[a]: must be text; put it in quotes"),
    ("  Two:\n    frontends:", "  1.50:\n    region: 7\n    frontends:",
     "8: clouds.1.50: must be text; put it in quotes\n"
     "9: clouds.1.50.region: must be text; put it in quotes"),
    ("  Two:\n    frontends:\n      image:", "  Two:\n    frontends:\n      1e3:",
     "10: clouds.Two.frontends.1e3: must be text; put it in quotes"),
    ("shared:", "1e3: 5\nshared:", "11: 1e3: unknown key"),
    ("  Two:\n", "  Cloud Two:\n",
     '8: clouds.Cloud Two: "Cloud Two" is no valid name '
     "(names match ^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$)"),
    ("      image: https://two:9292", "      my image: https://two:9292",
     '10: clouds.Two.frontends.my image: "my image" is no valid name '
     "(names match ^[a-z][a-z0-9-]{0,63}$)"),
    ("[One, Two]", "One", "12: shared.0.clouds: must be a list"),
    ("[One, Two]", "[One, 2]", "12: shared.0.clouds.1: must be text; put it in quotes"),
    ("[One, Two]", "[One, One]", "12: shared.0.clouds: too few; at least 2 must be here"),
    ("[network]", "[]", "13: shared.0.services: too few; at least 1 must be here"),
    ("- clouds: [One, Two]\n  services: [network]", "  {}", "11: shared: must be a list"),
    ("    backends:", "    bind: here\n    backends:",
     "6: clouds.One.bind: must be an IP address"),
    ("    backends:", "    bind: 5\n    backends:",
     "6: clouds.One.bind: must be an IP address in quotes"),
    ("    backends:", "    own: {proxies: 10.0.0.1}\n    backends:",
     "6: clouds.One.own.proxies: must be a list"),
    ("    backends:", "    own: {proxies: [10.0.0.1, 7]}\n    backends:",
     "6: clouds.One.own.proxies.1: must be an IP address or a network, in quotes"),
    ("    backends:", "    own: {proxies: [proxy.example]}\n    backends:",
     '6: clouds.One.own.proxies.0: "proxy.example" must be an IP address, '
     "or a network like 10.0.0.0/24"),
    ("    backends:", '    own:\n      proxies: ["fe80::1%eth0"]\n    backends:',
     '7: clouds.One.own.proxies.0: "fe80::1%eth0" must be an IP address, '
     "or a network like 10.0.0.0/24"),
    ("    backends:", "    own:\n      proxies: [10.0.0.1/24]\n    backends:",
     '7: clouds.One.own.proxies.0: "10.0.0.1/24" is an address within 10.0.0.0/24; '
     "write the one or the other"),
    ("    backends:", '    own:\n      proxies: ["::/0"]\n    backends:',
     '7: clouds.One.own.proxies.0: "::/0" is every address; name those that are meant'),
    ("    backends:", '    own:\n      proxies: ["::ffff:10.0.0.1"]\n    backends:',
     '7: clouds.One.own.proxies.0: "::ffff:10.0.0.1" is a way to write 10.0.0.1; write that'),
    ("    backends:", "    connect: two\n    backends:",
     "6: clouds.One.connect: must be an IP address"),
    ("    backends:", '    region: ""\n    backends:',
     "6: clouds.One.region: String should have at least 1 character"),
    # addresses
    (FRONTEND[0], "image: one:8888/image",
     f'{FRONTEND[1]}: "one:8888/image" {URL} ("" is no host)'),
    (FRONTEND[0], "image: ftp://one/image", f'{FRONTEND[1]}: "ftp://one/image" {NO_HTTP}'),
    (FRONTEND[0], "image: http:///image", f'{FRONTEND[1]}: "http:///image" {URL} ("" is no host)'),
    (FRONTEND[0], 'image: http://o"ne', f'{FRONTEND[1]}: "http://o"ne" {URL} ("o"ne" is no host)'),
    (FRONTEND[0], "image: http://one:http",
     f'{FRONTEND[1]}: "http://one:http" {URL} '
     "(Port could not be cast to integer value as 'http')"),
    (FRONTEND[0], "image: http://one:65536",
     f'{FRONTEND[1]}: "http://one:65536" {URL} (Port out of range 0-65535)'),
    (FRONTEND[0], "image: http://one:0", f'{FRONTEND[1]}: "http://one:0" {URL}'),
    (FRONTEND[0], "image: http://[::1", f'{FRONTEND[1]}: "http://[::1" {URL} (Invalid IPv6 URL)'),
    (FRONTEND[0], "image: http://[fe80::1%25eth0]/",
     f'{FRONTEND[1]}: "http://[fe80::1%25eth0]/" {URL} ("fe80::1%25eth0" is no host)'),
    (FRONTEND[0], r'image: "http://one\e2J/image"',
     f'{FRONTEND[1]}: "http://one?2J/image" {URL} ("one?2j" is no host)'),
    (FRONTEND[0], r'image: "http://o\tne/image"', f'{FRONTEND[1]}: "http://o ne/image" {URL}'),
    (FRONTEND[0], "image: http://me:secret@one/image",
     f"{FRONTEND[1]}: a URL must not hold a user or a password"),
    (FRONTEND[0], "image: me:secret@one",
     f"{FRONTEND[1]}: a URL must not hold a user or a password"),
    (FRONTEND[0], f"image: http://{'o' * 64}/image",
     f'{FRONTEND[1]}: "http://{"o" * 64}/image" {URL} ("{"o" * 64}" is no host)'),
    (FRONTEND[0], f"image: http://{'o.' * 127}o/image",
     f'{FRONTEND[1]}: "http://{"o." * 127}o/image" {URL} ("{"o." * 127}o" is no host)'),
    (FRONTEND[0], "image: http://one..two/image",
     f'{FRONTEND[1]}: "http://one..two/image" {URL} ("one..two" is no host)'),
    (FRONTEND[0], r'image: "http://\ud800/image"',
     f'{FRONTEND[1]}: "http://?/image" {URL} ("?" is no host)'),
    (FRONTEND[0], r'image: "http://one/\ud800"', f'{FRONTEND[1]}: "http://one/?" {URL}'),
    ("    backends:", '    own: {ca: "a\\0b"}\n    backends:',
     "6: clouds.One.own.ca: must be printable: no control character, line end or invisible one"),
    (FRONTEND[0], "image: http://one/image?a=b",
     f'{FRONTEND[1]}: "http://one/image?a=b" must end with its path; '
     'remove "?" or "#" and the rest'),
    (FRONTEND[0], "image: http://one/image/v2/",
     f'{FRONTEND[1]}: "http://one/image/v2/" has an API version; write the address without it, '
     "http://one/image"),
    (FRONTEND[0], "image: http://one:8776/v3.1/$(project_id)s",
     f'{FRONTEND[1]}: "http://one:8776/v3.1/$(project_id)s" has an API version; '
     "write the address without it, http://one:8776"),
    (FRONTEND[0], "image: http://one/%69mage",
     f'{FRONTEND[1]}: "http://one/%69mage" must have a plain path: letters, digits and "._~-"'),
    (FRONTEND[0], "image: http://one/a/../image",
     f'{FRONTEND[1]}: "http://one/a/../image" must have a plain path: letters, digits and "._~-"'),
    (FRONTEND[0], "image: http://one//image",
     f'{FRONTEND[1]}: "http://one//image" must have a plain path: letters, digits and "._~-"'),
    (FRONTEND[0], "image: {public: 5}", f'{FRONTEND[1]}.public: "5" {URL} ("" is no host)'),
    (BACKEND[0], "image: {public: ftp://x}", f'{BACKEND[1]}.public: "ftp://x" {NO_HTTP}'),
    (FRONTEND[0], "image: {internal: http://one}",
     f"{FRONTEND[1]}: the public interface is missing; other clouds come in by it"),
    (BACKEND[0], "image: {internal: http://x}",
     f"{BACKEND[1]}: the public interface is missing; other clouds come in by it"),
    ("admin:", "adminURL:",
     "5: clouds.One.frontends.compute.adminURL: must be one of 'public', 'internal' or 'admin'"),
    # what does not fit together
    (BACKEND[0], "neutron: http://127.0.0.1:19696",
     "7: clouds.One.backends.neutron: frontends has no network, so nobody could reach it; "
     "add it there, too"),
    (BACKEND[0], "image: http://one:8888/image",
     f"{BACKEND[1]}: http://one:8888/image is where the gateway itself listens; "
     "let the service listen elsewhere"),
    (BACKEND[0], "image: {public: http://x, admin: http://one:8889}",
     f"{BACKEND[1]}.admin: http://one:8889 is where the gateway itself listens; "
     "let the service listen elsewhere"),
    (BACKEND[0], 'image: http://127.0.0.1:8888\n    bind: "127.0.0.1"',
     f"{BACKEND[1]}: http://127.0.0.1:8888 is where the gateway itself listens; "
     "let the service listen elsewhere"),
    ("https://two:9292", "http://one:8888/image/",
     f"9: clouds.Two.frontends: image {HTTP}\n"
     "10: clouds.Two.frontends.image: http://one:8888/image is the address of One's image already"),
    ('"http://one:8888/compute"', '"http://ONE:8888/image"',
     "5: clouds.One.frontends.compute.public: http://one:8888/image is the address of One's image "
     "already"),
    ("https://two:9292", '{public: "https://two", internal: "http://one:8889/compute"}',
     "10: clouds.Two.frontends.image.internal: http://one:8889/compute is the address of One's "
     "compute already"),
    # what is insecure
    ("https://two:9292", "http://two:9292", f"9: clouds.Two.frontends: image {HTTP}"),
    ("image: https://two:9292", "{image: 'http://two', dns: 'https://two:1', identity: 'http://t'}",
     f"9: clouds.Two.frontends: image, identity {HTTP}"),
    ("    backends:", "    trust: {Two: {projects: same-id, roles: {a: a}}}\n    backends:",
     f"6: clouds.One.trust.Two: {KEYS}"),
    ("[One, Two]", "[One, Tow]",
     '12: shared.0.clouds: there is no cloud "Tow" here; did you mean "Two"?'),
]
# fmt: on


@pytest.mark.parametrize(("old", "new", "report"), FAULTS)
def test_a_mistake_is_reported_at_its_place(old: str, new: str, report: str) -> None:
    """The whole report: file, line, key and what to do, without a password."""
    assert old in GOOD
    with pytest.raises(FederationError) as caught:
        loads(GOOD.replace(old, new), "f.yaml")
    assert str(caught.value) == "\n".join(f"f.yaml:{line}" for line in report.split("\n"))


def test_the_file_without_a_mistake_is_good() -> None:
    """So that each of the reports above is due to its own mistake."""
    assert loads(GOOD).names == {"One", "Two"}


def test_other_clouds_are_those_besides_the_gateway_s_own() -> None:
    """The one that is said; else those with backends, and without any no gateway uses the file."""
    plain = GOOD.replace("https://two", "http://two")
    for text, here in [
        (plain, None),
        (plain, "One"),
        (GOOD, "Two"),  # One has http
        (plain.replace("shared:", "    backends: {image: 'http://127.0.0.1:1'}\nshared:"), "One"),
    ]:
        with pytest.raises(FederationError, match=r"would be reached by http, .*insecure: true"):
            loads(text, here=here)
    loads(plain.replace("    backends:\n      image: http://127.0.0.1:19292\n", ""))
    loads(plain.replace("shared:", "    insecure: true\nshared:"), here="One")
    internal = '{public: "https://two", internal: "http://10.0.0.1"}'
    loads(GOOD.replace("https://two:9292", internal), here="One")


def test_whose_tokens_are_accepted_has_to_prove_itself() -> None:
    """By keys or a certificate; a cloud without a gateway sends nothing that it could prove."""
    trusting = "    trust: {Two: {projects: same-id, roles: {a: a}}}\n    backends:"
    text = GOOD.replace("    backends:", trusting)
    with pytest.raises(FederationError, match="Two has no keys, so anybody could say"):
        loads(text, here="One")
    for entry in (
        f"keys: {{sign: {'x' * 42}A, seal: {'y' * 42}A}}",
        "peer: two.example",
        "insecure: true",
        "gateway: false",
    ):
        loads(text.replace("shared:", f"    {entry}\nshared:"), here="One")


def test_no_two_clouds_have_one_key() -> None:
    """The one could sign in the name of the other."""
    keys = f"    keys: {{sign: {'x' * 42}A, seal: {'y' * 42}A}}\n"
    text = GOOD.replace("    backends:", f"{keys}    backends:").replace(
        "shared:", f"{keys}shared:"
    )
    with pytest.raises(FederationError, match=r"clouds.Two.keys: x+A is a key of One, who could"):
        loads(text)


@pytest.mark.parametrize("two", ["sign", "assertion"])
def test_no_cloud_has_the_key_for_assertions_of_another(two: str) -> None:
    """The one could say who the users of the other are; whatever it calls the key."""
    rest = f"seal: {'y' * 42}A"
    one = f"    keys: {{sign: {'w' * 42}A, {rest}, assertion: {'x' * 42}A}}\n"
    keys = {"sign": f"{'v' * 42}A", two: f"{'x' * 42}A"}
    other = ", ".join(f"{name}: {key}" for name, key in keys.items())
    text = GOOD.replace("    backends:", f"{one}    backends:").replace(
        "shared:", f"    keys: {{{rest}, {other}}}\nshared:"
    )
    with pytest.raises(FederationError, match=r"clouds.Two.keys: x+A is a key of One, who could"):
        loads(text)


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "- clouds\n", "clouds\n", "null\n"])
def test_what_is_no_mapping_is_told_what_to_be(text: str) -> None:
    """Also an empty file."""
    with pytest.raises(FederationError) as caught:
        loads(text, "f.yaml")
    assert str(caught.value) == 'f.yaml:1: must be a mapping with the key "clouds"'


@pytest.mark.parametrize(
    ("text", "report"),
    [
        ("clouds:\n", "f.yaml:1: clouds: must be a mapping"),
        ("clouds: []\n", "f.yaml:1: clouds: must be a mapping"),
        ("clouds: {}\n", "f.yaml:1: clouds: too few; at least 1 must be here"),
        (
            "clouds: {A: {frontends: {}}}",
            "f.yaml:1: clouds.A.frontends: too few; at least 1 must be here",
        ),
        ("clouds: " + "[" * 500, "f.yaml:1: maximum recursion depth exceeded"),
    ],
)
def test_an_empty_federation_is_none(text: str, report: str) -> None:
    """A cloud without services, and a federation without clouds, are mistakes."""
    with pytest.raises(FederationError) as caught:
        loads(text, "f.yaml")
    assert str(caught.value).startswith(report)


def test_all_mistakes_are_reported_at_once() -> None:
    """In the order of the lines, so that one look at the file mends them."""
    bad = GOOD.replace("http://one:8888/image", "one").replace("https://two:9292", "two")
    with pytest.raises(FederationError) as caught:
        loads(bad, "f.yaml")
    assert [(f.line, f.key) for f in caught.value.faults] == [
        (4, "clouds.One.frontends.image"),
        (10, "clouds.Two.frontends.image"),
    ]


def test_a_copied_cloud_is_reported_service_by_service() -> None:
    """Faults between clouds are as complete and as exact as those within one."""
    one = "identity: http://one/identity, image: http://one/image"
    with pytest.raises(FederationError) as caught:
        loads(f"clouds:\n  One: {{frontends: {{{one}}}}}\n  Two: {{frontends: {{{one}}}}}\n")
    assert [f.key for f in caught.value.faults] == [
        "clouds.Two.frontends.identity",
        "clouds.Two.frontends.image",
    ]


def test_a_mistake_in_a_part_that_is_merged_in_has_a_place() -> None:
    """YAML's `<<` copies keys that have no line of their own."""
    text = "clouds:\n  One: &one\n    frontends: {image: 'http://a'}\n    foo: 1\n"
    text += "  Two:\n    <<: *one\n    frontends: {image: 'http://b'}\n"
    with pytest.raises(FederationError) as caught:
        loads(text)
    assert [(f.line, f.key) for f in caught.value.faults] == [
        (4, "clouds.One.foo"),
        (6, "clouds.Two.foo"),
    ]
    with pytest.raises(FederationError, match=r"clouds\.Two\.frontends\.image"):
        loads("clouds:\n  One: &one\n    frontends: {image: 'http://a'}\n  Two:\n    <<: *one\n")


def test_a_file_that_cannot_be_read_is_reported(tmp_path: Path) -> None:
    """Absent, a folder, not UTF-8."""
    latin = tmp_path / "latin.yaml"
    latin.write_bytes("clouds: Zürich".encode("latin-1"))
    for path, reason in [
        (tmp_path / "none.yaml", "No such file or directory"),
        (tmp_path, "Is a directory"),
        (latin, "it is not UTF-8"),
    ]:
        with pytest.raises(FederationError) as caught:
            load(path)
        assert str(caught.value) == f"{path}: can't be read: {reason}"


def test_a_text_has_a_name_in_messages() -> None:
    """Also where it comes from no file."""
    with pytest.raises(FederationError, match=r"^<text>:1: must be a mapping"):
        loads("")


def test_relative_paths_are_taken_from_where_the_file_is(tmp_path: Path) -> None:
    """Not from where the command is run."""
    file = tmp_path / "federation.yaml"
    file.write_text(GOOD.replace("    backends:", "    own: {account: a.yaml}\n    backends:"))
    assert load(file).clouds["One"].own.account == tmp_path / "a.yaml"


def test_a_key_that_is_here_twice_is_said_without_its_values() -> None:
    """They may be what nobody is to see."""
    with pytest.raises(FederationError) as caught:
        parse_yaml("clouds: {}\naccount: secret1\naccount: secret2\n", "f.yaml")
    assert str(caught.value) == 'f.yaml:3: the key "account" is here twice; keep one of them'


def test_what_is_written_back_keeps_comments_quotes_and_long_lines() -> None:
    """A file that a command changes stays its author's."""
    text = f"# ours\nclouds:  # all\n  \"One\": 'x'\n  Two: {'word ' * 40}end\n"
    written = StringIO()
    yaml().dump(parse_yaml(text, "f.yaml"), written)
    assert written.getvalue() == text


@given(st.text() | st.lists(st.sampled_from(GOOD.splitlines(keepends=True))).map("".join))
@example("&a [*a]")
@example("clouds: &a {x: *a}")
@example("clouds: !!python/object:os.system x")
@example("? [a, b]\n: c")
@example("clouds: {A: {frontends: {image: {<<: 5}}}}")
def test_any_text_is_a_federation_or_has_faults(text: str) -> None:
    """Nothing but FederationError is raised, each fault with a line that the text has."""
    try:
        loads(text, "f.yaml")
    except FederationError as error:
        assert error.faults  # noqa: PT017
        for fault in error.faults:
            assert 1 <= fault.line <= max(1, text.count("\n") + 1)
