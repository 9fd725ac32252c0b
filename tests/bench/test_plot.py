"""The chart."""

import math
from xml.etree import ElementTree

import pytest

from bench.proxies.plot import ratios, ticks

SVG = "{http://www.w3.org/2000/svg}"
VALUES = {"HAProxy": 1.0, "nginx": 0.9, "gateway: same cloud": 4.5, "gateway: other <cloud>": 36.0}


def drawn() -> ElementTree.Element:
    return ElementTree.fromstring(ratios("CPU & more", VALUES))


def test_equal_ratios_are_equally_far_apart() -> None:
    x = [float(dot.attrib["cx"]) for dot in drawn().iter(f"{SVG}circle")]
    per_factor = (x[2] - x[0]) / math.log(4.5)
    assert x[3] - x[0] == pytest.approx(per_factor * math.log(36), abs=0.2)
    assert x[1] - x[0] == pytest.approx(per_factor * math.log(0.9), abs=0.2)


def test_every_row_is_named_and_has_its_figure() -> None:
    texts = [text.text for text in drawn().iter(f"{SVG}text")]
    for name, value in VALUES.items():
        assert texts[texts.index(name) + 1] == f"{value:.2f}"


def test_who_cannot_see_it_is_told_title_and_figures() -> None:
    root = drawn()
    named = {child.attrib["id"]: child.text or "" for child in root if "id" in child.attrib}
    assert root.attrib["aria-labelledby"].split() == list(named)
    assert named["title"] == "CPU & more"
    assert all(f"{name} {value:.2f}" in named["desc"] for name, value in VALUES.items())


def test_all_that_is_drawn_lies_within_the_picture() -> None:
    root = drawn()
    *_, width, height = map(float, root.attrib["viewBox"].split())
    for line in root.iter(f"{SVG}line"):
        assert 0 <= float(line.attrib["x1"]) <= width
        assert 0 <= float(line.attrib["x2"]) <= width
        assert 0 <= float(line.attrib["y2"]) <= height


@pytest.mark.parametrize(
    ("values", "marks"),
    [
        ([1.0], [0.5, 1, 2]),
        ([0.9, 36], [0.5, 1, 2, 5, 10, 20, 50]),
        ([3, 50], [0.5, 1, 2, 5, 10, 20, 50, 100]),
        ([0.04], [0.02, 0.05, 0.1, 0.2, 0.5, 1, 2]),
    ],
)
def test_the_axis_has_round_marks_around_all_values_and_1(
    values: list[float], marks: list[float]
) -> None:
    assert ticks(values) == pytest.approx(marks)
