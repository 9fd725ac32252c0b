"""The lines for curl that the guides give can be typed into an interactive bash."""

import re
import subprocess
from pathlib import Path

import pytest

from openstackoid.scope import WalletEntry, parse, split, unpack

GUIDES = Path(__file__).parents[2] / "docs/how-to"
LINES = {
    f"{guide.name}:{line.partition('!')[2][:40]}": line
    for guide in (GUIDES / "client.md", GUIDES / "accounts.md")
    for line in re.findall(
        r"^    (curl .*!SCOPE!.*\n(?: {8}.*\n)*)", guide.read_text(), re.MULTILINE
    )
}


def typed(line: str) -> list[str]:
    """Return the arguments that curl would get of a line in a bash with history."""
    lines = "TOKEN=gAAAA1 DENVER=gAAAA2\ncurl() { printf '%s\\n' \"$@\"; }\n" + line
    bash = ["bash", "--norc", "--noprofile", "-i"]
    env = {"PATH": "/usr/bin:/bin", "HISTFILE": "/dev/null", "PS1": ""}
    done = subprocess.run(bash, input=lines, env=env, capture_output=True, text=True, check=False)
    return done.stdout.splitlines()


@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
def test_a_token_with_a_scope_reaches_curl(line: str) -> None:
    """As it is to be sent: token, scope and wallet."""
    option, header, url = typed(line)
    assert (option, url) == ("-H", "https://berlin.example.org/image/v2/images")
    token, suffix = split(header.removeprefix("X-Auth-Token: "))
    assert token == "gAAAA1"
    assert suffix is not None
    scope, wallet = unpack(suffix, ["Denver"])
    assert parse(scope).get("image")
    if wallet is not None:
        assert wallet.accounts == (("*", WalletEntry("gAAAA1")), ("Denver", WalletEntry("gAAAA2")))


def test_both_guides_have_one() -> None:
    """Without a wallet and with one."""
    assert [name.partition(":")[0] for name in LINES] == ["client.md", "accounts.md"]


def test_in_double_quotes_the_line_never_gets_to_curl() -> None:
    """Bash looks for it in its history."""
    assert (
        typed('curl -H "X-Auth-Token: $TOKEN!SCOPE!{\\"image\\":\\"CloudTwo\\"}" http://x\n') == []
    )
