"""Text to scope: every form, and every fault with its place."""

import json

import pytest

from openstackoid.scope import (
    MAX_BYTES,
    All,
    Any,
    CloudRef,
    Scope,
    ScopeError,
    ScopeTooLongError,
    parse,
    parse_mapping,
)
from openstackoid.scope.expression_reader import MAX_DEPTH, MAX_PARTS

A, B, C = CloudRef("A"), CloudRef("B"), CloudRef("C")
CLOUDS = {"CloudOne", "CloudTwo", "Berlin", "Denver"}


@pytest.mark.parametrize(
    "text",
    [
        '{"compute": "A", "image": "B|C"}',
        '{"image":"B|C","compute":"A"}',
        ' \t\r\n{ "compute" :\n"A" ,"image": "B | C" }\n',
        '{"comp\\u0075te": "\\u0041", "image": "B\\u007cC"}',
        "{nova: A, glance: B|C}",
        '{nova: "A", "glance": B | C}',
        "{compute:A,image:B|C}",
        "compute=A,image=B|C",
        " compute = A , image = B | C ",
        'compute="A",image=(B|C)',
        "NOVA=A,Glance=((B)|(C))",
    ],
)
def test_all_forms_of_one_scope_are_one_scope(text: str) -> None:
    """JSON, JSON without quotes and a=b mean the same, and have one canonical form."""
    scope = parse(text)
    assert scope == Scope((("compute", A), ("image", Any((B, C)))))
    assert scope.canonical == '{"compute":"A","image":"B|C"}'


@pytest.mark.parametrize(
    ("text", "expression", "canonical"),
    [
        ("A", A, "A"),
        ("((A))", A, "A"),
        ("A&B", All((A, B)), "A&B"),
        ("A|B&C", Any((A, All((B, C)))), "A|B&C"),
        ("A&B|C", Any((All((A, B)), C)), "A&B|C"),
        ("A|(B&C)", Any((A, All((B, C)))), "A|B&C"),
        ("(A|B)&C", All((Any((A, B)), C)), "(A|B)&C"),
        ("A&(B|C)", All((A, Any((B, C)))), "A&(B|C)"),
        ("A&(B&C)", All((A, B, C)), "A&B&C"),
        ("(A|B)|C", Any((A, B, C)), "A|B|C"),
        ("A|A&B", Any((A, All((A, B)))), "A|A&B"),
        ("B|A", Any((B, A)), "B|A"),
        ("a.b-c_1", CloudRef("a.b-c_1"), "a.b-c_1"),
        ("7", CloudRef("7"), "7"),
        ("A + B", All((A, B)), "A&B"),
        ("A+B+C", All((A, B, C)), "A&B&C"),
        ("A|B+C", Any((A, All((B, C)))), "A|B&C"),
        ("A and B", All((A, B)), "A&B"),
        ("A or B", Any((A, B)), "A|B"),
        ("A  or\tB and C", Any((A, All((B, C)))), "A|B&C"),
        ("(A or B) and C", All((Any((A, B)), C)), "(A|B)&C"),
        ("A and ( B or C )", All((A, Any((B, C)))), "A&(B|C)"),
        ("A and B & C", All((A, B, C)), "A&B&C"),
        # names that look like a word, or have one in them
        ("and", CloudRef("and"), "and"),
        ("or and and", All((CloudRef("or"), CloudRef("and"))), "or&and"),
        ("or or and", Any((CloudRef("or"), CloudRef("and"))), "or|and"),
        ("and+or", All((CloudRef("and"), CloudRef("or"))), "and&or"),
        ("Oran and A.or", All((CloudRef("Oran"), CloudRef("A.or"))), "Oran&A.or"),
        ("A & AND", All((A, CloudRef("AND"))), "A&AND"),
    ],
)
def test_and_binds_tighter_than_or_and_parentheses_are_minimal(
    text: str, expression: object, canonical: str
) -> None:
    """The operators nest as the reference says; the order written is kept, for `|` tries in it."""
    assert parse(f"image={text}").get("image") == expression
    quoted = json.dumps({"image": text})
    assert parse(quoted).canonical == f'{{"image":"{canonical}"}}'


@pytest.mark.parametrize(
    ("name", "official"),
    [
        ("nova", "compute"),
        ("glance", "image"),
        ("cinder", "block-storage"),
        ("volumev3", "block-storage"),
        ("block_storage", "block-storage"),
        ("neutron", "network"),
        ("keystone", "identity"),
        ("swift", "object-store"),
        ("heat", "orchestration"),
        ("ironic", "baremetal"),
        ("Compute", "compute"),
        ("*", "*"),
    ],
)
def test_names_of_a_service_are_folded_to_its_official_type(name: str, official: str) -> None:
    """Aliases and projects' names are those of the service-types authority."""
    assert parse(f"{name}=A").canonical == f'{{"{official}":"A"}}'
    assert parse(f'{{"{name}": "A"}}') == parse(f"{{{name}: A}}") == parse(f"{official}=A")


def test_services_of_the_federation_need_not_be_official() -> None:
    """A service that the authority does not know is taken if the caller does."""
    assert parse("ledger=A", services={"ledger"}).canonical == '{"ledger":"A"}'
    with pytest.raises(ScopeError, match="unknown service"):
        parse("ledger=A")


def test_braces_with_nothing_between_are_a_scope_that_is_false() -> None:
    """`{}` names no service; it is a scope, unlike an empty text."""
    assert not parse("{}")
    assert parse("{ }").canonical == "{}"


# fmt: off
FAULTS = [  # a text, the carets below it, the reason
    ("{compute: null}",
     "          ^^^^", "null is no text in JSON; put the cloud's name in quotes"),
    ('{"image": true}',
     "          ^^^^", "true is no text in JSON; put the cloud's name in quotes"),
    ('{"image": 7}',
     "          ^", "7 is no text in JSON; put the cloud's name in quotes"),
    ("{image: 1e3 }",
     "        ^^^", "1e3 is no text in JSON; put the cloud's name in quotes"),
    ("{image: -1.5E+3}",
     "        ^^^^^^^", "-1.5E+3 is no text in JSON; put the cloud's name in quotes"),
    ("CloudOne",
     "        ^", 'expected "=" and a cloud here, but the text ends'),
    ("[]",
     "^", "expected a service like \"image\" here, but found '['"),
    ('{"image": "CloudOne"',
     '                    ^', 'expected "," or "}" here, but the text ends'),
    ('{"image": "CloudOne"}}',
     '                     ^', "expected the end here, but found '}'"),
    ('{"image": "CloudOne",}',
     '                     ^', "expected a service like \"image\" here, but found '}'"),
    ('{"image" "CloudOne"}',
     '         ^', "expected \":\" and a cloud here, but found '\"'"),
    ('{"image": ["CloudOne"]}',
     '          ^', "expected a cloud like \"CloudTwo\" here, but found '['"),
    ('{"image": ""}',
     '           ^', 'expected a cloud like "CloudTwo" here, but the expression ends'),
    ('{image: CloudOne',
     '                ^', 'expected "," or "}" here, but the text ends'),
    ('{"image": "CloudOne}',
     '          ^', "not JSON: Unterminated string"),
    (r'{"im\qage": "CloudOne"}',
      '    ^', r"not JSON: Invalid \escape"),
    ('{"im\nge": "CloudOne"}',
     '    ^', "not JSON: Invalid control character"),
    ("compute=CloudOne image=CloudTwo",
     "                      ^", "expected \",\" or the end here, but found '='"),
    ("compute=",
     "        ^", 'expected a cloud like "CloudTwo" here, but the text ends'),
    ("compute=CloudOne,",
     "                 ^", 'expected a service like "image" here, but the text ends'),
    ("compute:CloudOne",
     "       ^", "expected \"=\" and a cloud here, but found ':'"),
    ("{'image': 'CloudOne'}",
     " ^", "expected a service like \"image\" here, but found \"'\""),
    ("{imge: CloudOne}",
     " ^^^^", 'unknown service "imge"; did you mean "image"?'),
    ('{"Novva" : CloudOne}',
     '  ^^^^^', 'unknown service "Novva"; did you mean "nova"?'),
    (r'{"\u001b[2J": CloudOne}',
      '  ^^^^^^^^^', 'unknown service "?[2J"'),
    (r'{"\ud800": CloudOne}',
      '  ^^^^^^', 'unknown service "?"'),
    ("image=Clodtwo",
     "      ^^^^^^^", 'unknown cloud "Clodtwo"; did you mean "CloudTwo"?'),
    ("image=Denver|berlin",
     "             ^^^^^^", 'unknown cloud "berlin"; did you mean "Berlin"?'),
    ('{"image": "Denver | X & Berlin"}',
     '                    ^',
     'unknown cloud "X"; known are Berlin, CloudOne, CloudTwo, Denver'),
    (r'{"image": "\u0058"}',
      '           ^^^^^^', 'unknown cloud "X"; known are Berlin, CloudOne, CloudTwo, Denver'),
    ("image=Denver|",
     "             ^", 'expected a cloud like "CloudTwo" here, but the expression ends'),
    ("image=Denver||Berlin",
     "             ^", "expected a cloud like \"CloudTwo\" here, but found '|'"),
    ('{"image": "Denver Berlin"}',
     '                  ^', "expected \"&\", \"|\" or the end here, but found 'B'"),
    ('{"image": "Denver!"}',
     '                 ^', "expected \"&\", \"|\" or the end here, but found '!'"),
    (r'{"image": "Denver\u0007"}',
      '           ^^^^^^^^^^^^', r"""expected "&", "|" or the end here, but found '\x07'"""),
    ("image=Denver andBerlin",
     "             ^", "expected \"&\", \"|\" or the end here, but found 'a'"),
    ("image=Denver and",
     "                ^", 'expected a cloud like "CloudTwo" here, but the expression ends'),
    ("image=Denver + ",
     "              ^", 'expected a cloud like "CloudTwo" here, but the expression ends'),
    ("image=+Denver",
     "      ^", "expected a cloud like \"CloudTwo\" here, but found '+'"),
    ("image=Denver++Berlin",
     "             ^", "expected a cloud like \"CloudTwo\" here, but found '+'"),
    ("image=Denver AND Berlin",
     "             ^^^", 'write "and" and "or" in small letters, with a blank on either side'),
    ("image=(Denver Or Berlin)",
     "              ^^", 'write "and" and "or" in small letters, with a blank on either side'),
    ("image=Denver and(Berlin)",
     "             ^^^", 'write "and" and "or" in small letters, with a blank on either side'),
    ("image=(Denver)or Berlin",
     "              ^^", 'write "and" and "or" in small letters, with a blank on either side'),
    ("image=Denver and Berlin and Denver",
     "                            ^^^^^^", '"Denver" is given twice; keep one of them'),
    ("image=Denver+(Berlin or Denver)",
     "             ^^^^^^^^^^^^^^^^^^", 'Denver is on both sides of "&"; name it on one'),
    ("image=Denver and berlin",
     "                 ^^^^^^", 'unknown cloud "berlin"; did you mean "Berlin"?'),
    ("image=(Denver|Berlin",
     "                    ^", 'expected ")" here, but the expression ends'),
    ("image=Denver)",
     "            ^", "expected \"&\", \"|\" or the end here, but found ')'"),
    ("image=()",
     "       ^", "expected a cloud like \"CloudTwo\" here, but found ')'"),
    ("image=-Denver",
     "      ^", "expected a cloud like \"CloudTwo\" here, but found '-'"),
    ("image=Denver|Berlin|Denver",
     "                    ^^^^^^", '"Denver" is given twice; keep one of them'),
    ("image=Denver|( Denver|Berlin ) ",
     "             ^^^^^^^^^^^^^^^^^", '"Denver" is given twice; keep one of them'),
    ("image=(Denver|Berlin) & (Denver|Berlin)",
     "                        ^^^^^^^^^^^^^^^",
     '"Denver|Berlin" is given twice; keep one of them'),
    ("image=Denver&(Berlin|Denver)",
     "             ^^^^^^^^^^^^^^^", 'Denver is on both sides of "&"; name it on one'),
    ("image=Denver|Berlin|Denver&(CloudTwo|Denver)",
     "                           ^^^^^^^^^^^^^^^^^",
     'Denver is on both sides of "&"; name it on one'),
    ('{"image": "Denver", "image": "Denver"}',
     '                     ^^^^^', '"image" is given twice; keep one of them'),
    ("{nova: Denver, compute: Berlin}",
     "               ^^^^^^^",
     '"nova" and "compute" are the same service, compute; keep one of them'),
    ("cinder=Denver,volumev3=Denver",
     "              ^^^^^^^^",
     '"cinder" and "volumev3" are the same service, block-storage; keep one of them'),
    ("*=Denver,*=Berlin",
     "         ^", '"*" is given twice; keep one of them'),
    ("image=Den\0ver",
     "         ^", r"'\x00' is a control character; names here are ASCII"),
    ("image=\x7fDenver",
     "      ^", r"'\x7f' is a control character; names here are ASCII"),
    ("image=Zürich",
     "       ^", "'ü' is not ASCII; names here are ASCII"),
    ("image=\ud800",
     "      ^", r"'\ud800' is not ASCII; names here are ASCII"),
]
# fmt: on


@pytest.mark.parametrize(("text", "carets", "reason"), FAULTS)
def test_a_fault_is_shown_with_carets_exactly_below_it(text: str, carets: str, reason: str) -> None:
    """The message is the reason, the text, and carets below the part that is wrong."""
    with pytest.raises(ScopeError) as caught:
        parse(text, clouds=CLOUDS)
    said, shown, below, *_ = str(caught.value).split("\n")
    assert said == reason
    assert shown == "  " + "".join(
        c if c.isprintable() else shown[i + 2] for i, c in enumerate(text)
    )
    assert below == f"  {carets}"
    assert str(caught.value).replace("\n", "").isprintable()


@pytest.mark.parametrize("text", ["", " ", "\n\t"])
def test_an_empty_text_is_no_scope(text: str) -> None:
    """Nothing is not taken for "everything at home"; the message shows what to write."""
    with pytest.raises(ScopeError) as caught:
        parse(text)
    assert str(caught.value) == 'the scope is empty; write one like {"image": "CloudTwo"}'


def test_the_carets_stay_below_the_fault_in_a_long_text() -> None:
    """Only the surroundings of the fault are shown; the carets move along."""
    with pytest.raises(ScopeError) as caught:
        parse("image=" + "|".join(f"cloud-{n}" for n in range(50)) + "|?|" + "x" * 99)
    _, shown, below = str(caught.value).split("\n")
    assert len(shown) == 2 + 72
    assert shown[below.index("^")] == "?"
    assert below.count("^") == 1


def test_parentheses_nest_to_a_limit() -> None:
    """At the limit they are read; one more is refused at its place, not by Python's stack."""
    assert parse("image=" + "(" * MAX_DEPTH + "A" + ")" * MAX_DEPTH) == parse("image=A")
    deeper = "image=" + "(" * (MAX_DEPTH + 1) + "A" + ")" * (MAX_DEPTH + 1)
    with pytest.raises(ScopeError, match=f"^more than {MAX_DEPTH} parentheses") as caught:
        parse(deeper)
    assert (caught.value.start, caught.value.end) == (6 + MAX_DEPTH, 7 + MAX_DEPTH)


@pytest.mark.parametrize(
    "expression",
    [
        "|".join(f"(C{n})" for n in range(MAX_PARTS // 2)),
        " and ".join(f"C{n}" for n in range(MAX_PARTS // 2)),
    ],
)
def test_a_scope_has_a_limit_of_clouds_and_parentheses(expression: str) -> None:
    """What has a few more is refused before it is read; equal expressions are read once."""
    known = [f"C{n}" for n in range(MAX_PARTS // 2)]
    for text in (f"image={expression}", f"dns={expression},image={expression},compute=C0"):
        parse(text, clouds=known)
    reason = f"^the scope has more than {MAX_PARTS} clouds, words and parentheses"
    for more in (
        f"image={expression}|X|Y",
        f"image={expression},compute=X|Y",
        "image=" + "(" * 4000,
    ):
        with pytest.raises(ScopeError, match=reason):
            parse(more, clouds=known)


@pytest.mark.parametrize("operator", ["|", "&"])
def test_a_large_federation_is_named_whole(operator: str) -> None:
    """One of hundreds of clouds, each once, by who knows it and by who does not."""
    known = [f"C{n}" for n in range(800)]
    text = f"image={operator.join(known)}"
    completed = parse(text, clouds=known).completed("C0")
    assert parse(completed.canonical) == completed


def test_more_than_twice_a_federation_is_refused() -> None:
    """In different expressions: each of them is read."""
    known = [f"C{n}" for n in range(200)]
    services = ("image", "dns", "network")
    text = ",".join(f"{one}={'|'.join(known[n:])}" for n, one in enumerate(services))
    with pytest.raises(ScopeError, match="more than 400 clouds"):
        parse(text, clouds=known)


def test_a_scope_fits_in_a_header() -> None:
    """4096 bytes are taken, more are an error of its own kind."""
    frame = len('{"image":""}')
    longest = "A" * (MAX_BYTES - frame)
    assert len(parse(f"image={longest}").canonical) == MAX_BYTES
    assert parse(parse(f"image={longest}").canonical) == parse(f"image={longest}")
    for text in ("image=A" + " " * MAX_BYTES, "x" * (MAX_BYTES + 1), "é" * (MAX_BYTES + 1)):
        with pytest.raises(ScopeTooLongError, match=f"at most {MAX_BYTES} fit"):
            parse(text)


def test_a_scope_whose_canonical_form_would_not_fit_is_refused() -> None:
    """A short spelling does not get a scope through that no gateway could send on."""
    text = "image=" + "A" * (MAX_BYTES - len('{"image":""}') + 1)
    assert len(text) < MAX_BYTES
    with pytest.raises(ScopeTooLongError, match="canonical form is 4097 bytes"):
        parse(text)


@pytest.mark.parametrize(
    ("mapping", "reason"),
    [
        ({"compute": None}, '"compute" must be text that names clouds, not None'),
        ({"compute": 5}, '"compute" must be text that names clouds, not 5'),
        ({"compute": {"image": "A"}}, '"compute" must be text'),
        ({"compute": ["A"]}, '"compute" must be text'),
        ({"nova": "A", "compute": "A"}, "are the same service"),
        ({1: "A"}, "1 must be text that names a service"),
        ({"compute": "A|"}, "expected a cloud"),
        ({(1, 2): "A"}, "(1, 2) must be text"),
        ({None: "A"}, "None must be text"),
    ],
)
def test_a_mapping_that_is_no_scope_is_refused(mapping: dict[str, object], reason: str) -> None:
    """What YAML makes of a scope is checked like a text, and nothing but ScopeError is raised."""
    with pytest.raises(ScopeError) as caught:
        parse_mapping(mapping)
    assert reason in str(caught.value)


def test_a_mapping_is_a_scope() -> None:
    """As in clouds.yaml, where a scope needs no quotes."""
    mapping = {"nova": "A", "image": "B | C"}
    assert parse_mapping(mapping) == parse("compute=A,image=B|C")
