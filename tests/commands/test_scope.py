"""`openstackoid scope`."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from openstackoid.commands.main import main

FEDERATION = """
clouds:
  CloudOne: {frontends: {image: "http://one/image", ledger: "http://one/ledger"}}
"""


@pytest.fixture
def federation(tmp_path: Path) -> str:
    """Return a file with one cloud, and a service of its own."""
    file = tmp_path / "federation.yaml"
    file.write_text(FEDERATION)
    return str(file)


def test_show_prints_the_canonical_form_and_nothing_else() -> None:
    """For scripts: one line on stdout, exit code 0."""
    result = CliRunner().invoke(main, ["scope", "show", "{nova: Berlin, glance: Denver|Paris}"])
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == '{"compute":"Berlin","image":"Denver|Paris"}\n'


@pytest.mark.parametrize(
    "text", ["image=A and B", "image=A+B", "{glance: A & B}", '{"image": "A and (B)"}']
)
def test_show_writes_operators_in_one_way(text: str) -> None:
    """However they are written."""
    result = CliRunner().invoke(main, ["scope", "show", text])
    assert (result.exit_code, result.stdout) == (0, '{"image":"A&B"}\n')


def test_show_says_what_to_write_instead_of_quotes_that_are_left() -> None:
    """Below the fault."""
    result = CliRunner().invoke(main, ["scope", "show", """'{"image": "CloudTwo"}'"""])
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.endswith("quotes around it; write it without any: image=CloudTwo\n")


def test_show_points_at_the_fault() -> None:
    """Exit code 2, the carets on stderr, nothing on stdout."""
    result = CliRunner().invoke(main, ["scope", "show", "imge=Berlin"])
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.endswith(
        'Error: unknown service "imge"; did you mean "image"?\n  imge=Berlin\n  ^^^^\n'
    )


def test_show_knows_the_clouds_and_services_of_a_federation(federation: str) -> None:
    """With the file, names are checked; without, any cloud goes."""
    known = CliRunner().invoke(
        main, ["scope", "show", "ledger=CloudOne", "--federation", federation]
    )
    assert (known.exit_code, known.stdout) == (0, '{"ledger":"CloudOne"}\n')
    unknown = CliRunner().invoke(main, ["scope", "show", "image=Clod", "--federation", federation])
    assert unknown.exit_code == 2
    assert 'unknown cloud "Clod"' in unknown.stderr


def test_show_says_why_a_federation_file_cannot_be_used(tmp_path: Path) -> None:
    """Exit code 1: the command was right, the file is not."""
    file = str(tmp_path / "none.yaml")
    result = CliRunner().invoke(main, ["scope", "show", "image=A", "--federation", file])
    assert result.exit_code == 1
    assert f"{file}: can't be read: No such file" in result.stderr
