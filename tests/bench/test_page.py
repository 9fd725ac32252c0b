"""What is written to the documentation."""

from pathlib import Path

import pytest

from bench import page

TEXT = """before
<!-- scripts/bench proxies --write: begin -->
old
<!-- end -->
between
<!-- scripts/bench reload --write: begin -->
old
<!-- end -->
after
"""


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    (tmp_path / page.PAGE).write_text(TEXT)
    return tmp_path


def test_only_what_is_between_the_marks_of_a_command_is_replaced(docs: Path) -> None:
    page.write("reload", "new", docs)
    before, _, after = TEXT.rpartition("old")
    assert (docs / page.PAGE).read_text() == f"{before}new{after}"


def test_writing_twice_is_writing_once(docs: Path) -> None:
    page.write("proxies", "first\n\ntable", docs)
    once = (docs / page.PAGE).read_text()
    page.write("proxies", "first\n\ntable", docs)
    assert (docs / page.PAGE).read_text() == once


@pytest.mark.parametrize("lost", ["<!-- scripts/bench reload --write: begin -->\n", "<!-- end -->"])
def test_a_page_without_the_marks_is_left_as_it_is(docs: Path, lost: str) -> None:
    text = TEXT.replace(lost, "")
    (docs / page.PAGE).write_text(text)
    with pytest.raises(ValueError, match="lacks the marks"):
        page.write("reload", "new", docs)
    assert (docs / page.PAGE).read_text() == text


def test_the_picture_is_a_file_beside_the_page(docs: Path) -> None:
    assert page.picture("a title", "<svg/>", docs) == f"![a title]({page.CHART})"
    assert (docs / page.CHART).read_text() == "<svg/>"


@pytest.mark.parametrize("command", ["proxies", "proof", "connections", "reload"])
def test_the_page_has_the_marks_of_every_command(command: str, tmp_path: Path) -> None:
    (tmp_path / page.PAGE).write_text((page.DOCS / page.PAGE).read_text())
    page.write(command, "new", tmp_path)
