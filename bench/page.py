"""The page of the documentation that measurements are written to, and its picture."""

from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"
PAGE, CHART = "performance.md", "performance.svg"
END = "<!-- end -->"


def write(command: str, measured: str, docs: Path = DOCS) -> None:
    """Replace what is between the marks of a command on the page.

    Raises ValueError if they are not there.
    """
    page = docs / PAGE
    begin = f"<!-- scripts/bench {command} --write: begin -->\n"
    before, _, rest = page.read_text().partition(begin)
    _, end, after = rest.partition(END)
    if not end:
        raise ValueError(f"{page} lacks the marks {begin.strip()} and {END}")
    page.write_text(f"{before}{begin}{measured}\n{END}{after}")


def picture(title: str, chart: str, docs: Path = DOCS) -> str:
    """Write the picture; return what shows it on the page."""
    (docs / CHART).write_text(chart)
    return f"![{title}]({CHART})"
