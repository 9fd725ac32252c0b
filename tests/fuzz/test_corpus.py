"""The fuzzer's corpus: one input of each kind, and each that once broke what must hold."""

from pathlib import Path

import pytest
from fuzz.pieces import split
from fuzz.targets import CORPUS, TARGETS, WORDS

INPUTS = sorted(file.relative_to(CORPUS) for file in CORPUS.glob("*/*"))


@pytest.mark.parametrize("file", INPUTS, ids=str)
def test_what_must_hold_does(file: Path) -> None:
    """Of every input of the corpus, as of those that scripts/fuzz makes."""
    TARGETS[file.parts[0]]((CORPUS / file).read_bytes())


def test_each_target_has_inputs_to_begin_with() -> None:
    """And each folder, and each file of words, is a target's."""
    assert {file.parts[0] for file in INPUTS} == set(TARGETS)
    assert {file.stem for file in WORDS.iterdir()} <= set(TARGETS)


def test_pieces_are_all_of_an_input() -> None:
    """Cut as its first two bytes say."""
    assert split(b"  abc") == (b"abc", [b"abc"])
    assert split(b"!#abcdef") == (b"abcdef", [b"a", b"bcd", b"e", b"f"])
    assert split(b"") == split(b"!") == (b"", [])
