"""Links between the pages of the documentation, and from the code to them."""

from pathlib import Path

import pytest
from docs.pages import anchors, cases, faults, links, mentions

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ("src", "tests", "bench", "release", "scripts", "contrib", ".github")
KINDS = {"", ".md", ".py", ".service", ".yaml", ".yml"}


def pages() -> list[Path]:
    """Return every page of the project."""
    return sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob(".github/**/*.md")])


def has_test(name: str, function: str) -> bool:
    """Tell whether there is a file in tests/, with a function of this name if it has one."""
    file = ROOT / "tests" / name
    return file.is_file() and (not function or f"def {function}(" in file.read_text())


def test_every_link_of_every_page_leads_to_a_file_and_a_heading() -> None:
    """A page that is moved, or a heading that is renamed, takes its links along."""
    found = [f for p in pages() for f in faults(ROOT, p, links(p.read_text()), p.parent)]
    assert found == []


def test_every_page_that_the_code_names_is_there() -> None:
    """`docs/PAGE.md#HEADING` in a module, a test, a script or a template can be looked up."""
    files = [f for d in SOURCES for f in (ROOT / d).rglob("*") if f.suffix in KINDS]
    files = [f for f in files if f.is_file() and f != Path(__file__) and "corpus" not in f.parts]
    found = [f for p in files for f in faults(ROOT, p, mentions(p.read_text()), ROOT)]
    assert found == []


def test_every_test_that_the_threat_model_names_is_there() -> None:
    """Each claim is still tested by the test that the page says."""
    _, _, claims = (ROOT / "docs/security.md").read_text().partition("## Claims and their tests")
    named = list(cases(claims))
    assert named
    assert [f"{name}::{function}" for name, function in named if not has_test(name, function)] == []


def test_every_page_of_the_documentation_can_be_reached() -> None:
    """Whoever begins at the README finds every page by following links."""
    reached, left = set(), [ROOT / "README.md"]
    while left:
        page = left.pop()
        if page not in reached:
            reached.add(page)
            linked = [
                page.parent / d.partition("#")[0] for d in links(page.read_text()) if d[:1] != "#"
            ]
            left += [p.resolve() for p in linked if p.suffix == ".md" and p.is_file()]
    assert [str(p) for p in sorted((ROOT / "docs").rglob("*.md")) if p not in reached] == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[a](b.md#c)", ["b.md#c"]),
        ("![a](b.svg)", ["b.svg"]),
        ("[a]\n\n[a]: b.md", ["b.md"]),
        ("| a |\n|---|\n| [`x\\|y`](b.md) |", ["b.md"]),
        ("`[a](b.md)`", []),
        ("```\n[a](b.md)\n```", []),
        ("    [a](b.md)", []),
        ("[a](https://example.org/b.md) <https://example.org> [c](mailto:d@example.org)", []),
        ("[a](b%20c.md)", ["b c.md"]),
    ],
)
def test_links_are_those_that_a_reader_sees(text: str, expected: list[str]) -> None:
    """What stands in code is no link; an address elsewhere is not looked at."""
    assert list(links(text)) == expected


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [
        ("How a scope travels", "how-a-scope-travels"),
        ("`A | B`: the first that succeeds", "a--b-the-first-that-succeeds"),
        ("An *issuer's* token (JWE)", "an-issuers-token-jwe"),
        ("OpenStackoïd", "openstackoïd"),
        ("[A link](x.md), and oid_scope", "a-link-and-oid_scope"),
    ],
)
def test_a_heading_has_the_anchor_that_github_gives_it(heading: str, anchor: str) -> None:
    """Lower case, without punctuation, with hyphens for spaces."""
    assert anchors(f"## {heading}\n") == {anchor}


def test_tests_are_named_by_file_and_function() -> None:
    """An ellipsis stands for the file before; a file alone, and code that is no test, too."""
    text = "`a/test_b.py::test_c`, `…::test_d`; `x.yaml`, `a/test_e.py`; `own.keys`, `GET`"
    assert list(cases(text)) == [
        ("a/test_b.py", "test_c"),
        ("a/test_b.py", "test_d"),
        ("x.yaml", ""),
        ("a/test_e.py", ""),
    ]


def test_a_heading_that_comes_again_is_numbered() -> None:
    """So two headings of one name can both be linked to."""
    assert anchors("# A\n\n## B\n\n# A\n") == {"a", "b", "a-1"}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[a](none.md)", "page.md: none.md: no such file"),
        ("[a](page.md#none)", "page.md: page.md#none: no such heading"),
        ("[a](#none)", "page.md: #none: no such heading"),
        ("[a](code.py#L1)", "page.md: code.py#L1: no such heading"),
        ("[a](../beside.md)", "page.md: ../beside.md: no such file"),
    ],
)
def test_a_link_that_leads_nowhere_is_named(tmp_path: Path, text: str, fault: str) -> None:
    """A missing file, a missing heading, and a file that is not the project's."""
    root = tmp_path / "root"
    root.mkdir()
    page = root / "page.md"
    page.write_text(f"# There\n\n[it](#there) {text}\n")
    (root / "code.py").touch()
    (tmp_path / "beside.md").touch()
    assert list(faults(root, page, links(page.read_text()), root)) == [fault]
