"""A chart of ratios, as SVG by hand.

The axis is logarithmic: twice as much and half as much are equally far from 1, and beside a row of
30 there is room to tell 0.9 from 1.2. A bar's length would mean nothing there: dots mark values.
"""

import math
from collections.abc import Iterable, Mapping
from itertools import groupby
from xml.sax.saxutils import escape

LEFT, RIGHT, TOP, BOTTOM, LINE = 365, 64, 42, 30, 24
WIDTH = 880
STEPS = (1, 2, 5)


def ratios(title: str, values: Mapping[str, float]) -> str:
    """Return a chart with a dot for each value, and a line from 1 to it.

    Rows of one kind, whose names are the same up to a colon, stand on one band.
    """
    marks = ticks(values.values())
    first, last = math.log(marks[0]), math.log(marks[-1])
    bottom = TOP + LINE * len(values)

    def x(value: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (math.log(value) - first) / (last - first)

    described = "; ".join(f"{name} {value:.2f}" for name, value in values.items())
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {bottom + BOTTOM}" '
        'font-family="sans-serif" font-size="13" role="img" aria-labelledby="title desc">',
        f'<title id="title">{escape(title)}</title>',
        f'<desc id="desc">On a logarithmic axis: {escape(described)}.</desc>',
        f'<rect width="{WIDTH}" height="{bottom + BOTTOM}" fill="white"/>',
        f'<text x="12" y="24" font-size="15" font-weight="bold">{escape(title)}</text>',
        *_bands(list(values)),
    ]
    for mark in marks:
        stroke = 'stroke="#555"' if mark == 1 else 'stroke="#d0d0d0"'
        lines += [
            f'<line x1="{x(mark):.1f}" x2="{x(mark):.1f}" y1="{TOP}" y2="{bottom}" {stroke}/>',
            f'<text x="{x(mark):.1f}" y="{bottom + 18}" text-anchor="middle">{mark:g}</text>',
        ]
    for number, (name, value) in enumerate(values.items()):
        y = TOP + LINE * number + LINE / 2
        lines += [
            f'<text x="{LEFT - 14}" y="{y + 4.5}" text-anchor="end">{escape(name)}</text>',
            f'<line x1="{x(1):.1f}" x2="{x(value):.1f}" y1="{y}" y2="{y}" '
            'stroke="#4477aa" stroke-width="3"/>',
            f'<circle cx="{x(value):.1f}" cy="{y}" r="5.5" fill="#4477aa"/>',
            f'<text x="{max(x(value), x(1)) + 11:.1f}" y="{y + 4.5}">{value:.2f}</text>',
        ]
    return "\n".join([*lines, "</svg>"]) + "\n"


def ticks(values: Iterable[float]) -> list[float]:
    """Return round numbers from below the least value to above the greatest, and 1 among them."""
    known = [1.0, *values]
    least, most = min(known), max(known)
    decades = range(math.floor(math.log10(least)) - 1, math.ceil(math.log10(most)) + 1)
    marks = [step * 10.0**decade for decade in decades for step in STEPS]
    below = max(mark for mark in marks if mark < least)
    above = min(mark for mark in marks if mark > most)
    return [mark for mark in marks if below <= mark <= above]


def _bands(names: list[str]) -> list[str]:
    """Return a grey band behind every second kind of rows."""
    lines, y = [], TOP
    for number, (_, rows) in enumerate(groupby(names, lambda name: name.partition(":")[0])):
        height = LINE * len(list(rows))
        if number % 2 == 0:
            lines.append(f'<rect y="{y}" width="{WIDTH}" height="{height}" fill="#f4f4f4"/>')
        y += height
    return lines
