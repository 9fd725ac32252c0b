"""`scripts/fuzz`."""

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec

import click
from fuzz.targets import TARGETS

GRACE = 60
"""Seconds besides its own that a search has to begin and to end."""

_NOISE = re.compile(r"0x|Base64|INFO|WARNING|MS:|stat::|artifact_prefix=\S+ ")
_INPUTS = re.compile(r"stat::number_of_executed_units: *(\d+)")


@click.command(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=f"""\b
Targets: {" ".join(sorted(TARGETS))}
Examples:
  scripts/fuzz
  scripts/fuzz --seconds 600 requests responses
""",
)
@click.option("--seconds", default=30, show_default=True, help="For each target.")
@click.argument("targets", nargs=-1, type=click.Choice(sorted(TARGETS)), metavar="[TARGET]…")
def main(targets: tuple[str, ...], seconds: int) -> None:
    """Search for inputs that break what must hold of every input.

    Makes inputs of what clients and other clouds may send, and goes on with those that reach new
    lines of our code (atheris): heads and bodies of HTTP, which h11 has to read as we do; ids,
    links, lists, errors and catalogs of another cloud; redirections; scopes, wallets, proofs,
    sealed tokens, questions whether assertions stand, and answers to them. Without a TARGET all of
    them, as many at once as there are cores.

    It begins with the inputs in tests/fuzz/corpus/TARGET, and keeps those it finds in
    build/fuzz/TARGET. It fails at the first input that breaks a property. Copy that one to the
    corpus, under a name that says what is in it, and mend the code: scripts/test tries the corpus,
    with or without atheris.
    """
    if find_spec("atheris") is None:
        click.echo("nothing searched: atheris has no wheel for this machine and Python", err=True)
        return
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        passed = list(pool.map(lambda name: _search(name, seconds), targets or sorted(TARGETS)))
    sys.exit(not all(passed))


def _search(name: str, seconds: int) -> bool:
    """Search one target in a process of its own; return whether every input has passed."""
    command = [sys.executable, "-m", "fuzz.search", name, str(seconds)]
    try:
        result = subprocess.run(
            command, capture_output=True, timeout=seconds + GRACE, check=False, text=True
        )
        said, passed = result.stderr, result.returncode == 0
    except subprocess.TimeoutExpired:
        said, passed = f"it did not end {GRACE} s after its time", False
    if passed:
        inputs = _INPUTS.search(said)
        click.echo(f"{name}: {inputs[1] if inputs else 'no'} inputs")
    else:
        lines = [line for line in said.splitlines() if line and not _NOISE.match(line)]
        click.echo("\n".join([f"{name}: FAILED", *lines]), err=True)
    return passed


if __name__ == "__main__":
    main(prog_name="scripts/fuzz")
