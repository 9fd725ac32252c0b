"""A bar chart, as SVG by hand."""

from collections.abc import Mapping
from xml.sax.saxutils import escape

LEFT, RIGHT, TOP, LINE, BAR = 240, 70, 40, 26, 18
WIDTH = 760


def bars(title: str, values: Mapping[str, float]) -> str:
    """Return a chart with a bar for each value, and a line at 1."""
    height = TOP + LINE * len(values) + 12
    scale = (WIDTH - LEFT - RIGHT) / max(values.values())
    one = LEFT + scale
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        'font-family="sans-serif" font-size="13" role="img">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
        f'<text x="12" y="24" font-weight="bold">{escape(title)}</text>',
    ]
    for number, (name, value) in enumerate(values.items()):
        y = TOP + LINE * number
        lines += [
            f'<text x="{LEFT - 8}" y="{y + 14}" text-anchor="end">{escape(name)}</text>',
            f'<rect x="{LEFT}" y="{y}" width="{value * scale:.1f}" height="{BAR}" fill="#4477aa"/>',
            f'<text x="{LEFT + value * scale + 6:.1f}" y="{y + 14}">{value:.2f}</text>',
        ]
    lines += [
        f'<line x1="{one:.1f}" x2="{one:.1f}" y1="{TOP - 4}" y2="{height - 8}" '
        'stroke="#bb5566" stroke-dasharray="4 3"/>',
        "</svg>",
    ]
    return "\n".join(lines) + "\n"
