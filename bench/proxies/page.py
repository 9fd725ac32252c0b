"""The page of the documentation that the tables are written to, and its picture."""

from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
BEGIN, END = "<!-- scripts/bench proxies --write: begin -->\n", "<!-- end -->"

CHART = "performance.svg"


def write(measured: str, chart: str, title: str, docs: Path = DOCS) -> None:
    """Replace what is between the marks on the page, and the picture there."""
    page = docs / "performance.md"
    before, _, rest = page.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise ValueError(f"{page} lacks the marks {BEGIN.strip()} and {END}")
    picture = f"![{title}]({CHART})"
    page.write_text(f"{before}{BEGIN}{measured}\n\n{picture}\n{END}{after}")
    (docs / CHART).write_text(chart)
