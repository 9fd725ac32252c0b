"""Prints tables."""

from typing import TypeAlias

import click

Row: TypeAlias = tuple[str, ...]


def print_table(rows: list[Row]) -> None:
    """Print a table with its heading in the first row; no cell is cut to the terminal's width."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(cells).rstrip())
